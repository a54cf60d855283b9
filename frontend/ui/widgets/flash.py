"""What has just happened, told on the page that shows next.

A notice outlives the reruns that follow at once (a double click, a refresh that runs by itself)
and goes with the next thing the person does. Texts are Markdown: people's words go through
`format.plain`.
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
    """Show this instead of what was told before."""
    st.session_state[_KEY] = notice


def clear() -> None:
    st.session_state.pop(_KEY, None)


def dismissal() -> Callable[[], None]:
    """For `on_change`: takes away what the page tells now, and nothing that is told later.

    The browser sends the values of all widgets with whatever it reports. A report that crossed
    with a new page brings those of the old one, which Streamlit then takes for changes.
    """
    return partial(_clear_if_still, st.session_state.get(_KEY))


def show(*, lasting: bool = False) -> bool:
    """Draw the notice, if any, in a place that is always there, so that what stands below stays.

    Returns whether there is one. A page that also runs by itself asks for a `lasting` one, and
    calls `clear` when the person does something.
    """
    notice = _current(lasting=lasting)
    with st.container():
        for text in notice.successes if notice else ():
            st.success(text)
        for text in notice.failures if notice else ():
            st.error(text)
    return notice is not None


def _current(*, lasting: bool) -> Notice | None:
    """What was told, unless it has been there for longer than it lingers."""
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
