"""Hands a case of the form that slot_cases.json is written in to the availability engine."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from app.domain.scheduling.availability import WorkingHours, free_slots
from app.domain.time.intervals import Interval
from app.domain.time.wall_clock import ceil_minute, from_minute, to_minute


def solve(case: dict[str, Any]) -> list[str]:
    """The starts that the engine offers, ascending, as `YYYY-MM-DDTHH:MMZ`."""
    range_start, range_end = map(datetime.fromisoformat, case["range_utc"])
    earliest = datetime.fromisoformat(case["now_utc"]) + timedelta(minutes=case["notice_min"])
    slots = free_slots(
        hours=[
            _row(case, row["day_of_week"], row["start"], row["end"]) for row in case["weekly_hours"]
        ],
        busy=[_busy(*instants) for instants in case["busy_utc"]],
        zone=ZoneInfo(case["timezone"]),
        within=Interval(ceil_minute(range_start), to_minute(range_end)),
        not_before=ceil_minute(earliest),
        overrides=_overrides(case),
        buffer_before=case["buffer_before_min"],
        buffer_after=case["buffer_after_min"],
    )
    return [f"{from_minute(slot.start):%Y-%m-%dT%H:%MZ}" for slot in slots]


def _row(case: dict[str, Any], day_of_week: int, start: str, end: str) -> WorkingHours:
    return WorkingHours(
        day_of_week=day_of_week,
        opens=_minute_of_day(start),
        closes=_minute_of_day(end),
        duration=case["slot_duration_min"],
        interval=case["interval_min"],
    )


def _overrides(case: dict[str, Any]) -> dict[date, list[WorkingHours]]:
    overrides: dict[date, list[WorkingHours]] = {}
    for override in case["date_overrides"]:
        day = date.fromisoformat(override["date"])
        rows = [_row(case, day.weekday(), start, end) for start, end in override["windows"]]
        overrides.setdefault(day, []).extend(rows)
    return overrides


def _busy(start: str, end: str) -> Interval:
    """A minute that is taken in part is taken."""
    return Interval(
        to_minute(datetime.fromisoformat(start)), ceil_minute(datetime.fromisoformat(end))
    )


def _minute_of_day(wall_clock: str) -> int:
    hours, minutes = wall_clock.split(":")
    return int(hours) * 60 + int(minutes)
