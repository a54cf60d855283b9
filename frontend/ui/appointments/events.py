"""The events of the calendars, made from the API's answers, in the local time of one zone each."""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta

from ui.api.models import Appointment, Schedule, Slot
from ui.config import settings
from ui.formatting import text as fmt
from ui.widgets.calendar import Event

REFERENCE_MONDAY = date(2024, 1, 1)
"""Begins the week that represents all weeks; no clock changes in it."""


def slot_id(slot: Slot) -> str:
    """The slot's start as UTC text, which differs for the two readings of a repeated hour."""
    return slot.starts_at.isoformat()


def slot_label(slot: Slot, zone: str) -> str:
    """`9:00`, or `1:30 (second)`."""
    return fmt.clock(slot.time, second=fmt.is_second_reading(slot.starts_at, zone))


def slot_moment(slot: Slot, zone: str) -> str:
    """`Monday 30 November 2026, 9:00`."""
    second = fmt.is_second_reading(slot.starts_at, zone)
    return fmt.moment(slot.date, slot.time, second=second)


def free_times(
    slots: Iterable[Slot], zone: str, chosen_day: date, chosen: Slot | None
) -> list[Event]:
    """A chip for each day, shown in months, and an event for each slot, shown in weeks and days."""
    slots = list(slots)
    counts = Counter(slot.date for slot in slots)
    chips = [_chip(day, count, chosen=day == chosen_day) for day, count in sorted(counts.items())]
    return chips + [_free(slot, zone, chosen=slot == chosen) for slot in slots]


def appointments(
    booked: Iterable[Appointment], title: Callable[[Appointment], str], zone: str
) -> list[Event]:
    """Appointments with their `title` and status, at their local times in `zone`."""
    return [_appointment(one, title(one), zone) for one in booked]


def day_of_reference_week(day_of_week: int) -> date:
    """The day that represents a day of the week (Monday is 0), in a week of the locale."""
    first = settings().conventions.first_weekday
    return REFERENCE_MONDAY + timedelta(days=(day_of_week - first) % 7 - (-first) % 7)


def working_hours(schedules: Iterable[Schedule]) -> list[Event]:
    """Weekly working hours, in the week of `REFERENCE_MONDAY`."""
    return [
        Event(
            id=str(row.id),
            title=fmt.minutes(row.slot_duration) + ("" if row.is_active else " (inactive)"),
            start=_at(day_of_reference_week(row.day_of_week), row.start_time),
            end=_at(day_of_reference_week(row.day_of_week), row.end_time),
            grain="any",
            classNames=["clickable", "active" if row.is_active else "inactive"],
        )
        for row in schedules
    ]


def _chip(day: date, count: int, *, chosen: bool) -> Event:
    return Event(
        id=day.isoformat(),
        title=f"{count} free",
        start=day.isoformat(),
        allDay=True,
        grain="day",
        classNames=["clickable", "chip", *(["chosen"] if chosen else [])],
    )


def _free(slot: Slot, zone: str, *, chosen: bool) -> Event:
    second = " (second)" if fmt.is_second_reading(slot.starts_at, zone) else ""
    return Event(
        id=slot_id(slot),
        title=f"{'chosen' if chosen else 'free'}{second}",
        start=_at(slot.date, slot.time),
        end=_after(slot.date, slot.time, slot.duration),
        grain="slot",
        classNames=["clickable", "free", *(["chosen"] if chosen else [])],
    )


def _appointment(one: Appointment, title: str, zone: str) -> Event:
    local = fmt.now_in(zone, one.starts_at)
    second = " (second)" if fmt.is_second_reading(one.starts_at, zone) else ""
    differs = fmt.zone_suffix(one.timezone, zone, one.starts_at)
    elsewhere = f", {fmt.clock(one.appointment_time)} {one.timezone} time" if differs else ""
    status = "" if one.status == "scheduled" else f" ({one.status})"
    return Event(
        id=str(one.id),
        title=f"{title}{second}{elsewhere}{status}",
        start=_at(local.date(), f"{local:%H:%M}"),
        end=_after(local.date(), f"{local:%H:%M}", one.duration),
        grain="any",
        classNames=["clickable", one.status],
    )


def _at(day: date, reading: str) -> str:
    if reading == fmt.MIDNIGHT_AT_END:
        return f"{day + timedelta(days=1)}T00:00:00"
    return f"{day}T{reading[:5]}:00"


def _after(day: date, reading: str, minutes: int) -> str:
    """The local time `minutes` later, ignoring changes of the clock: for drawing only."""
    return (datetime.fromisoformat(_at(day, reading)) + timedelta(minutes=minutes)).isoformat()
