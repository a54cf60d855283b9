"""Slot search: what doctors offer, each search from one statement."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from math import inf
from typing import NamedTuple
from zoneinfo import ZoneInfo

from app.crud import crud_diary
from app.crud.crud_diary import Diary
from app.db.statements import RunQuery
from app.domain.booking_limits import BookingLimits
from app.domain.errors import UnknownZone
from app.domain.scheduling.availability import Slot, free_slots
from app.domain.time.intervals import Interval
from app.domain.time.wall_clock import (
    MINUTES_PER_DAY,
    ceil_minute,
    from_minute,
    utc_midnight,
    wall_clock_at,
)
from app.services.diary import days_between, zone_named

_A_DAY_OFF = MINUTES_PER_DAY  # no zone is further than that from UTC
_BEHIND_A_WEEKEND = 4  # days


@dataclass(frozen=True, slots=True)
class FreeSlot:
    """A visit that can be booked.

    `date` and `time` (minutes after midnight) are the doctor's wall clock, the instants are in
    UTC, and the duration is in minutes.
    """

    date: date
    time: int
    starts_at: datetime
    ends_at: datetime
    duration: int


class SlotSearchResult(NamedTuple):
    """The slots that can be booked, ascending, in the doctor's zone.

    `revision` is the number of the diary's state that they follow from. They begin before the
    minute `ends`; from the minute `until` on the horizon lets more of them in.
    """

    slots: list[Slot]
    zone: ZoneInfo
    revision: int
    ends: int
    until: float


def search_slots(
    query: RunQuery,
    *,
    doctor_id: int,
    first_day: date,
    last_day: date,
    limits: BookingLimits,
    now: datetime,
) -> SlotSearchResult | None:
    """The free slots of a doctor from `first_day` to `last_day`, both inclusive.

    None of them is beyond the horizon of `limits`. None for a doctor who does not exist or is not
    active. Raises UnknownZone when the doctor's time zone does not exist any more.
    """
    around = Interval(utc_midnight(first_day) - _A_DAY_OFF, utc_midnight(last_day) + 2 * _A_DAY_OFF)
    diary = crud_diary.find_diary(query, doctor_id, around)
    if diary is None:
        return None
    zone = zone_named(diary.timezone)
    days = days_between(first_day, last_day, zone)
    horizon = limits.horizon(zone, now)
    within = days.until(horizon.ends)
    return SlotSearchResult(
        _slots_within(within, diary, not_before=ceil_minute(now)),
        zone,
        diary.revision,
        ends=within.end,
        until=inf if within == days else horizon.moves,
    )


def as_free_slot(slot: Slot, zone: ZoneInfo) -> FreeSlot:
    """A slot of the engine, as people in this zone see it."""
    return FreeSlot(
        *wall_clock_at(slot.start, zone),
        starts_at=from_minute(slot.start),
        ends_at=from_minute(slot.start + slot.duration),
        duration=slot.duration,
    )


class FirstSlot(NamedTuple):
    """The first visit that can be booked with a doctor, and the doctor's zone."""

    doctor_id: int
    slot: Slot
    zone: ZoneInfo


def first_slots(
    query: RunQuery, *, specialty: str | None, days: int, limits: BookingLimits, now: datetime
) -> list[FirstSlot]:
    """The first free slot of each listed doctor in the coming `days`, the earliest first.

    None of them is beyond the horizon of `limits`. Only those with this specialty, if one is
    given. Doctors without a free slot, or with a time zone that does not exist any more, are left
    out. One day of all diaries is looked at first,
    then more days of those who have no time then.
    """
    start = ceil_minute(now)
    day, *longer = (
        Interval(start, start + length * MINUTES_PER_DAY)
        for length in sorted({1, min(_BEHIND_A_WEEKEND, days), days})
    )
    diaries = {
        doctor_id: diary
        for doctor_id, diary in crud_diary.find_diaries(query, specialty, day).items()
        if _has_zone(diary)
    }
    find_first = partial(_first_within, limits=limits, now=now)
    found = _first_of_each(diaries, partial(find_first, day))
    for within in longer:
        has_none = [doctor for doctor in diaries if doctor not in found and diaries[doctor].hours]
        if has_none:
            more = crud_diary.find_diaries_of(query, has_none, within)
            found |= _first_of_each(more, partial(find_first, within))
    return sorted(found.values(), key=lambda first: (first.slot.start, first.doctor_id))


def _has_zone(diary: Diary) -> bool:
    try:
        zone_named(diary.timezone)
    except UnknownZone:
        return False
    return True


def _first_of_each(
    diaries: Mapping[int, Diary], find_first: Callable[[Diary], Slot | None]
) -> dict[int, FirstSlot]:
    """The first free slot of each doctor who has one."""
    found = {}
    for doctor_id, diary in diaries.items():
        slot = find_first(diary)
        if slot is not None:
            found[doctor_id] = FirstSlot(doctor_id, slot, zone_named(diary.timezone))
    return found


def _first_within(
    within: Interval, diary: Diary, *, limits: BookingLimits, now: datetime
) -> Slot | None:
    horizon = limits.horizon(zone_named(diary.timezone), now)
    slots = _slots_within(within.until(horizon.ends), diary, not_before=within.start)
    return slots[0] if slots else None


def _slots_within(within: Interval, diary: Diary, *, not_before: int) -> list[Slot]:
    return free_slots(
        hours=diary.hours,
        busy=diary.busy,
        zone=zone_named(diary.timezone),
        within=within,
        not_before=not_before,
    )
