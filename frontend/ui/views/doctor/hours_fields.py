"""Fields for working hours, shared by the form for new ones and the dialog for existing ones."""

from dataclasses import dataclass
from datetime import time, timedelta
from typing import Final

import streamlit as st

from ui import format as fmt

MIN_SLOT: Final = 5
MAX_SLOT: Final = 240
DAYS: Final = tuple(range(7))


@dataclass(frozen=True)
class Hours:
    """From `start` to `end` (`HH:MM`, the end also `24:00`) in slots of so many minutes."""

    start: str = "09:00"
    end: str = "17:00"
    slot_duration: int = 30

    def __str__(self) -> str:
        return f"{fmt.hours(self.start, self.end)} in slots of {fmt.minutes(self.slot_duration)}"


def prefill(key: str, hours: Hours) -> None:
    """Set what the fields below `key` show when they are drawn first."""
    st.session_state.setdefault(f"{key}.start", time.fromisoformat(hours.start))
    st.session_state.setdefault(f"{key}.end", _end_field(hours.end))
    st.session_state.setdefault(f"{key}.slot", hours.slot_duration)


def draw(key: str) -> None:
    left, middle, right = st.columns(3)
    step = timedelta(minutes=15)
    left.time_input("Start time", key=f"{key}.start", step=step, required=True)
    middle.time_input(
        "End time", key=f"{key}.end", step=step, required=True, help="Choose 00:00 for midnight."
    )
    right.number_input("Slot duration (minutes)", MIN_SLOT, MAX_SLOT, step=5, key=f"{key}.slot")


def entered(key: str) -> Hours:
    """For callbacks: what the fields below `key` hold."""
    state = st.session_state
    start, end = state[f"{key}.start"], state[f"{key}.end"]
    return Hours(f"{start:%H:%M}", _end_text(end), int(state[f"{key}.slot"]))


def _end_field(end: str) -> time:
    return time() if end == fmt.MIDNIGHT_AT_END else time.fromisoformat(end)


def _end_text(end: time) -> str:
    return fmt.MIDNIGHT_AT_END if end == time() else f"{end:%H:%M}"
