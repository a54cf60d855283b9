"""Dialogs of the pages."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import streamlit as st

from ui.feedback.failures import show_api_errors
from ui.login import idle_warning
from ui.widgets.dialogs import note_closed

P = ParamSpec("P")


def dialog(
    title: str, *, on_dismiss: Callable[[], None] = note_closed
) -> Callable[[Callable[P, None]], Callable[P, None]]:
    """Make a function draw a dialog, which shows refusals of the API.

    Nothing outside of an open dialog can be clicked, so the warning of the session's end is in it.
    """

    def decorate(body: Callable[P, None]) -> Callable[P, None]:
        shown = show_api_errors(body)

        @st.dialog(title, on_dismiss=on_dismiss)
        @wraps(body)
        def draw(*args: P.args, **kwargs: P.kwargs) -> None:
            idle_warning.mount("dialog")
            shown(*args, **kwargs)

        return draw

    return decorate
