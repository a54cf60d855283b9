"""Fields for working hours, shared by the form for new ones and the dialog for existing ones."""

from dataclasses import dataclass
from datetime import time, timedelta
from typing import Final

import streamlit as st

from ui.config import settings
from ui.formatting import text as fmt

MIN_SLOT: Final = 5
MAX_SLOT: Final = 240
STEP: Final = timedelta(minutes=15)


@dataclass(frozen=True)
class Hours:
    """From `start` to `end` (`HH:MM`, the end also `24:00`) in slots of so many minutes."""

    start: str
    end: str
    slot_duration: int

    def __str__(self) -> str:
        return f"{fmt.hours(self.start, self.end)} in slots of {fmt.minutes(self.slot_duration)}"


USUAL_HOURS: Final = Hours("09:00", "17:00", 30)


def days() -> tuple[int, ...]:
    """The days of the week in the order of the clinic's country; Monday is 0."""
    return settings().conventions.weekdays


def draw(key: str, hours: Hours) -> None:
    """Draw fields below `key` with the initial values `hours`."""
    left, middle, right = st.columns(3)
    start, end = time.fromisoformat(hours.start), _end_field(hours.end)
    clock = settings().conventions.time_field
    for column, label, name, value in (
        (left, "Start time", "start", start),
        (middle, "End time", "end", end),
    ):
        column.time_input(
            label,
            value,
            key=f"{key}.{name}",
            step=STEP,
            required=True,
            format=clock,
            persist_state="session",
        )
    right.number_input(
        "Slot duration (minutes)",
        MIN_SLOT,
        MAX_SLOT,
        hours.slot_duration,
        5,
        key=f"{key}.slot",
        persist_state="session",
    )
    st.caption(f"Choose {fmt.clock('00:00')} as the end for midnight.")


def entered(key: str) -> Hours:
    """The values of the fields below `key`, for callbacks."""
    state = st.session_state
    start, end = state[f"{key}.start"], state[f"{key}.end"]
    return Hours(f"{start:%H:%M}", _end_text(end), int(state[f"{key}.slot"]))


def _end_field(end: str) -> time:
    return time() if end == fmt.MIDNIGHT_AT_END else time.fromisoformat(end)


def _end_text(end: time) -> str:
    return fmt.MIDNIGHT_AT_END if end == time() else f"{end:%H:%M}"
