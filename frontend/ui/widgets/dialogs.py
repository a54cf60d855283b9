"""Which dialog to open: callbacks ask for it, the page opens it when it is drawn next."""

from dataclasses import dataclass

import streamlit as st

from ui.widgets import flash

_ASKED = "clinic.asked_dialog"
_OPEN = "clinic.open_dialog"
_COUNT = "clinic.dialogs_asked"


@dataclass(frozen=True)
class Asked:
    """The dialog `kind` about the thing `id`; a new `number` each time starts afresh."""

    kind: str
    id: int
    number: int


def ask(kind: str, thing_id: int) -> None:
    flash.clear()
    number = st.session_state.get(_COUNT, 0) + 1
    st.session_state[_COUNT] = number
    st.session_state[_ASKED] = Asked(kind, thing_id, number)


def ask_again() -> None:
    """Have the dialog that is open, if any, open again with what was entered in it."""
    st.session_state.setdefault(_ASKED, st.session_state.pop(_OPEN, None))


def take_asked() -> Asked | None:
    """The dialog that was asked for since the page was drawn last."""
    asked: Asked | None = st.session_state.pop(_ASKED, None)
    st.session_state[_OPEN] = asked
    return asked


def note_closed() -> None:
    """For `on_dismiss`: the person has put the dialog away."""
    st.session_state.pop(_OPEN, None)


def close() -> None:
    """Draw the page anew without the dialog."""
    note_closed()
    st.rerun()
