"""A warning some minutes before a session ends by itself, with one button to stay logged in.

It is drawn by a fragment of its own. A timer in the browser runs it when there is something new to
say, which counts as no use of the session; while there is nothing to say, it costs nothing.
"""

from datetime import timedelta
from math import ceil
from typing import Final, Literal

import streamlit as st

from ui.api.errors import ApiFailure
from ui.formatting import text as fmt
from ui.login import session
from ui.login.session import Ending
from ui.widgets import clock

A_MINUTE: Final = timedelta(minutes=1)
# The API may have noted a use of the session that was this much later than the last one we know.
LAG: Final = timedelta(seconds=session.ACTIVITY_SECONDS)
_FAILURE: Final = "clinic.stay_failure"

_SCRIPT: Final = """
export default function ({ data, setTriggerValue }) {
  const timers = (window.clinicIdleTimers ??= {});
  const timer = (timers[data.place] ??= {});
  if (timer.drawn !== data.drawn) {  // the same data comes again when the page is only redrawn
    timer.drawn = data.drawn;
    timer.due = Date.now() + data.seconds * 1000;
  }
  clearInterval(timer.interval);
  // A single timeout would stand still while a laptop sleeps.
  timer.interval = setInterval(() => {
    if (Date.now() < timer.due) return;
    clearInterval(timer.interval);
    setTriggerValue("due", data.drawn);
  }, 1000);
  return () => clearInterval(timer.interval);
}
"""

_timer = st.components.v2.component("clinic.idle_timer", js=_SCRIPT)


@st.fragment
def mount(place: Literal["page", "dialog"]) -> None:
    """Warn the person of this tab when it is time, and draw the login when it is too late."""
    ending, now = session.ending(), clock.now()
    if ending is None:
        st.rerun()
    if now >= ending.at + LAG:
        session.end()
        st.rerun()
    if now < ending.warn_at:
        wait = ending.warn_at - now
    else:
        left = ending.at - now
        _draw(place, ending, left)
        wait = (left % A_MINUTE or A_MINUTE) if left > timedelta(0) else left + LAG
    _timer(
        key=f"idle_timer_{place}",
        data={
            "place": place,
            "drawn": now.isoformat(),
            "seconds": max(1, ceil(wait.total_seconds())),
        },
        height="content",
        on_due_change=lambda: None,
    )


def _draw(place: str, ending: Ending, left: timedelta) -> None:
    when = f"in {fmt.minutes(ceil(left / A_MINUTE))}" if left > timedelta(0) else "in a moment"
    with st.container(key=f"idle_warning_{place}", horizontal_alignment="center"):
        if not ending.by_idling:
            st.warning(
                f"You will be logged out {when}, because you logged in a long time ago. "
                "You can then log in again and go on where you were.",
                icon=":material/timer:",
            )
            return
        st.warning(
            f"You will be logged out {when}, because this page has not been used for a while.",
            icon=":material/timer:",
        )
        if sentence := st.session_state.pop(_FAILURE, None):
            st.error(sentence)
        st.button("Stay logged in", key=f"stay_{place}", type="primary", width=320, on_click=_stay)


def _stay() -> None:
    try:
        session.stay()
    except ApiFailure as failure:
        if not session.is_over():  # else the login page says so
            # A toast would replace the page's styles: Streamlit stores both in one container.
            st.session_state[_FAILURE] = failure.sentence
