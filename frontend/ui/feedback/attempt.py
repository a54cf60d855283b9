"""Changes on a click: carried out once however often the button is clicked, then reported.

A double click reaches the script twice. The second run must not repeat the change, and must not
replace the message of success by a refusal.
"""

from collections.abc import Callable

import streamlit as st

from ui.api.errors import ApiFailure
from ui.feedback.failures import explanation
from ui.login import session
from ui.widgets import flash

_KEY = "clinic.last_done"


def attempt(token: str, change: Callable[[], str]) -> None:
    """Carry out `change`, which returns the message of success as Markdown; for `on_click`.

    `token` identifies this change of this thing.
    """
    if done(token):
        return
    try:
        message = change()
    except ApiFailure as failure:
        if not session.is_over():  # else the login page says so
            flash.failed(explanation(failure))
    else:
        st.session_state[_KEY] = token
        flash.succeeded(message)


def finished(token: str) -> bool:
    """Whether a dialog can close: its change was made, or the session is over."""
    return done(token) or session.is_over()


def done(token: str) -> bool:
    """Whether the change `token` was the last one that succeeded."""
    return bool(st.session_state.get(_KEY) == token)
