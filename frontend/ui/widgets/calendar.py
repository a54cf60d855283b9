"""FullCalendar in a Streamlit component: events in, clicks and the visible dates out.

Each page also offers everything in ordinary widgets, for keyboards and screen readers.
"""

from calendar import monthrange
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Literal, NotRequired, TypedDict

import streamlit as st

from ui.config import settings

LIBRARY = "assets/fullcalendar-6.1.21/index.global.min.js"
MONTH, WEEK, DAY, LIST_WEEK, LIST_MONTH = (
    "dayGridMonth",
    "timeGridWeek",
    "timeGridDay",
    "listWeek",
    "listMonth",
)
MONTH_VIEWS = (MONTH, LIST_MONTH)

_HERE = Path(__file__).parent
_mount = st.components.v2.component(
    "clinic.calendar",
    html='<div class="frame" translate="no"><div class="calendar" role="region"></div></div>',
    css=(_HERE / "calendar.css").read_text("utf-8"),
    js=(_HERE / "calendar.js").read_text("utf-8"),
)


class Event(TypedDict):
    """One entry. `start` and `end` are wall-clock texts without a zone; `title` is never HTML.

    `grain` says where it is shown: one chip a `day` in months, each `slot` in finer views,
    or `any`where.
    """

    id: str
    title: str
    start: str
    end: NotRequired[str]
    allDay: NotRequired[bool]
    grain: Literal["day", "slot", "any"]
    classNames: list[str]


@dataclass(frozen=True)
class Look:
    """How a calendar looks; `zone` is None for a week without dates."""

    label: str
    view: str
    narrow_view: str
    views: tuple[str, ...]
    zone: str | None
    empty: str = "Nothing in these days."
    clickable: bool = True


@dataclass(frozen=True)
class Pick:
    """What was clicked: an event by its id, or a day as `YYYY-MM-DD`."""

    kind: Literal["event", "day"]
    id: str


@dataclass(frozen=True)
class Range:
    """Days from `first` to `last`, both included."""

    first: date
    last: date


def calendar(
    key: str,
    look: Look,
    events: Sequence[Event],
    focus: date,
    on_pick: Callable[[Pick], None] | None = None,
) -> None:
    """Draw `events` with the day `focus` in view; a click runs `on_pick` as a callback."""
    day_start, day_end, step = grid(events)
    _mount(
        key=key,
        data={
            "library": _library_url(),
            "label": look.label,
            "view": look.view,
            "narrow_view": look.narrow_view,
            "views": list(look.views),
            "zone": look.zone,
            "locale": settings().conventions.tag,
            "first_day": (settings().conventions.first_weekday + 1) % 7,
            "is_12_hour": settings().conventions.is_12_hour,
            "dateless": look.zone is None,
            "empty": look.empty,
            "loaded": _loaded(key, look.view, focus),
            "clickable": look.clickable,
            "focus": focus.isoformat(),
            "events": list(events),
            "day_start": day_start,
            "day_end": day_end,
            "step": step,
        },
        on_pick_change=lambda: _picked(key, on_pick),
        on_range_change=lambda: None,
    )


def visible_range(key: str, view: str, around: date) -> Range:
    """The days that the calendar `key` shows; at first those of `view` around a day."""
    shown = _state(key).get("range")
    if not isinstance(shown, dict):
        return month_of(around) if view in MONTH_VIEWS else week_of(around)
    return Range(
        date.fromisoformat(shown["start"]), date.fromisoformat(shown["end"]) - timedelta(days=1)
    )


def week_of(day: date) -> Range:
    """The week of `day`; CLINIC_LOCALE decides on which day it begins."""
    first = day - timedelta(days=(day.weekday() - settings().conventions.first_weekday) % 7)
    return Range(first, first + timedelta(days=6))


def month_of(day: date) -> Range:
    """The weeks with a day of the month of `day`."""
    last = monthrange(day.year, day.month)[1]
    return Range(week_of(day.replace(day=1)).first, week_of(day.replace(day=last)).last)


def grid(events: Sequence[Event]) -> tuple[str, str, str]:
    """First hour, last hour and row height (`HH:MM:SS`) that show all timed `events`.

    The day goes from 8:00 to 18:00 at least.
    """
    starts = [event["start"][11:] for event in events if not event.get("allDay")]
    spans = [(event["start"], event["end"]) for event in events if "end" in event]
    first = min([8, *(int(start[:2]) for start in starts)])
    last = max([18, *(_hour_after(start, end) for start, end in spans)])
    shortest = min([30, *(_minutes_between(start, end) for start, end in spans)])
    return f"{first:02}:00:00", f"{last:02}:00:00", f"00:{max(10, shortest):02}:00"


def _hour_after(start: str, end: str) -> int:
    if end[:10] > start[:10]:
        return 24
    return int(end[11:13]) + (end[14:16] != "00")


def _minutes_between(start: str, end: str) -> int:
    return (int(end[11:13]) - int(start[11:13])) % 24 * 60 + int(end[14:16]) - int(start[14:16])


def _picked(key: str, on_pick: Callable[[Pick], None] | None) -> None:
    value = _state(key).get("pick")
    if on_pick is not None and isinstance(value, dict):
        on_pick(Pick(kind=value["kind"], id=str(value["id"])))


def _loaded(key: str, view: str, focus: date) -> dict[str, str]:
    """The days whose events were loaded, as FullCalendar has it: the `end` is exclusive."""
    days = visible_range(key, view, around=focus)
    return {
        "start": days.first.isoformat(),
        "end": (days.last + timedelta(days=1)).isoformat(),
    }


def _state(key: str) -> dict[str, Any]:
    return st.session_state.get(key) or {}


def _library_url() -> str:
    base = str(st.get_option("server.baseUrlPath")).strip("/")
    return f"/{base}/{LIBRARY}" if base else f"/{LIBRARY}"
