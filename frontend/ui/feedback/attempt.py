"""Changes that a button asks for: done once however often it is clicked, and then told.

For `on_click`: the click may reach the script twice, and the second time must neither repeat the
change nor replace the news of its success by a refusal.
"""

from collections.abc import Callable

import streamlit as st

from ui.api.errors import ApiFailure
from ui.feedback.failures import explanation
from ui.login import session
from ui.widgets import flash

_KEY = "clinic.last_done"


def attempt(token: str, change: Callable[[], str]) -> None:
    """Carry out `change`, which returns its news as Markdown.

    `token` names this very change of this very thing.
    """
    if done(token):
        return
    try:
        news = change()
    except ApiFailure as failure:
        if not session.is_over():  # else the login says so
            flash.failed(explanation(failure))
    else:
        st.session_state[_KEY] = token
        flash.succeeded(news)


def finished(token: str) -> bool:
    """Whether a dialog has nothing more to do: its change is made, or the session is over."""
    return done(token) or session.is_over()


def done(token: str) -> bool:
    """Whether the change named `token` was the last that succeeded."""
    return bool(st.session_state.get(_KEY) == token)
