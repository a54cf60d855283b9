"""Messages about what has just happened, on the page that is drawn next.

A message outlives the reruns that follow at once (a double click, an automatic refresh) and is
removed by the next thing the person does. Texts are Markdown: escape names with `text.plain`.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import streamlit as st

LINGER_SECONDS = 3.0
_KEY = "clinic.notice"


@dataclass
class Notice:
    successes: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()
    first_shown: float | None = field(default=None, init=False)


def succeeded(text: str) -> None:
    add(Notice(successes=(text,)))


def failed(text: str) -> None:
    add(Notice(failures=(text,)))


def add(notice: Notice) -> None:
    """Show this notice in place of the one before."""
    st.session_state[_KEY] = notice


def clear() -> None:
    st.session_state.pop(_KEY, None)


def dismissal() -> Callable[[], None]:
    """A callback for `on_change` that removes the present notice, but none that is added later.

    The browser sends the values of all widgets with each event. An event that was sent while a
    new page was on its way has the old page's values, which Streamlit takes for changes.
    """
    return partial(_clear_if_still, st.session_state.get(_KEY))


def show(*, lasting: bool = False) -> bool:
    """Draw the notice, if any, in a container that is always there, so that nothing below moves.

    Returns whether there is one. `lasting` is for pages that refresh themselves: the notice stays
    until `clear` is called.
    """
    notice = _current(lasting=lasting)
    with st.container():
        for text in notice.successes if notice else ():
            st.success(text)
        for text in notice.failures if notice else ():
            st.error(text)
    return notice is not None


def _current(*, lasting: bool) -> Notice | None:
    """The notice, unless it has been shown for longer than `LINGER_SECONDS`."""
    notice: Notice | None = st.session_state.get(_KEY)
    if notice is None:
        return None
    now = time.monotonic()
    if notice.first_shown is None:
        notice.first_shown = now
    if lasting or now - notice.first_shown <= LINGER_SECONDS:
        return notice
    clear()
    return None


def _clear_if_still(seen: Notice | None) -> None:
    if st.session_state.get(_KEY) is seen:
        clear()
