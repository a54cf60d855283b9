"""Which dialog is open: callbacks request it, the page opens it when it is drawn next."""

from dataclasses import dataclass

import streamlit as st

from ui.widgets import flash

_REQUESTED = "clinic.requested_dialog"
_OPEN = "clinic.open_dialog"
_COUNT = "clinic.dialogs_requested"


@dataclass(frozen=True)
class DialogRequest:
    """The dialog `kind` about the thing `id`; each `number` has fields of its own."""

    kind: str
    id: int
    number: int


def request(kind: str, thing_id: int) -> None:
    flash.clear()
    number = st.session_state.get(_COUNT, 0) + 1
    st.session_state[_COUNT] = number
    st.session_state[_REQUESTED] = DialogRequest(kind, thing_id, number)


def reopen() -> None:
    """Request the dialog that is open, if any, again: its fields keep their values."""
    st.session_state.setdefault(_REQUESTED, st.session_state.pop(_OPEN, None))


def take_request() -> DialogRequest | None:
    """The dialog that was requested since the page was drawn last."""
    requested: DialogRequest | None = st.session_state.pop(_REQUESTED, None)
    st.session_state[_OPEN] = requested
    return requested


def note_closed() -> None:
    """Forget the open dialog, for `on_dismiss`."""
    st.session_state.pop(_OPEN, None)


def close() -> None:
    """Redraw the page without the dialog."""
    note_closed()
    st.rerun()
