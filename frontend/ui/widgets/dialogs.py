"""Which dialog to open: callbacks ask for it, the page opens it when it is drawn next."""

from dataclasses import dataclass

import streamlit as st

from ui.widgets import flash

_ASKED = "clinic.asked_dialog"
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


def take_asked() -> Asked | None:
    """The dialog that was asked for since the page was drawn last."""
    asked: Asked | None = st.session_state.pop(_ASKED, None)
    return asked
