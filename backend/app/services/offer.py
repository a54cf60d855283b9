"""What a doctor offers, from one statement: the fast sibling of `scheduling.available_slots`."""

from datetime import date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from app.core.prepared import Ask
from app.crud import crud_diary
from app.domain.availability import Slot, free_slots
from app.domain.intervals import Interval
from app.domain.wall_clock import MINUTES_PER_DAY, ceil_minute, instant_of, utc_midnight

_A_DAY_OFF = MINUTES_PER_DAY  # no zone is further than that from UTC


class Offer(NamedTuple):
    """The slots that can be booked, ascending, and the zone of the doctor."""

    slots: list[Slot]
    zone: ZoneInfo


def find_offer(
    ask: Ask, *, doctor_id: int, first_day: date, last_day: date, now: datetime
) -> Offer | None:
    """The free slots of a doctor from `first_day` to `last_day`, both inclusive.

    None for a doctor who does not exist or is not active.
    """
    around = Interval(utc_midnight(first_day) - _A_DAY_OFF, utc_midnight(last_day) + 2 * _A_DAY_OFF)
    diary = crud_diary.find_diary(ask, doctor_id, around)
    if diary is None:
        return None
    zone = ZoneInfo(diary.timezone)
    slots = free_slots(
        hours=diary.hours,
        busy=diary.busy,
        zone=zone,
        within=Interval(
            instant_of(first_day, 0, zone), instant_of(last_day, MINUTES_PER_DAY, zone)
        ),
        not_before=ceil_minute(now),
    )
    return Offer(slots, zone)
