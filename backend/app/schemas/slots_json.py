"""Free slots as JSON, written from texts that are remembered: what `SlotAnswer` would write."""

from collections.abc import Iterable
from datetime import date, tzinfo
from functools import lru_cache

from app.domain.scheduling.availability import Slot
from app.domain.time.wall_clock import MINUTES_PER_DAY, steady_offset, utc_midnight, wall_clock_at

_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()


def slots_as_json(slots: Iterable[Slot], zone: tzinfo) -> bytes:
    """A list of slots with date and time on the wall clock of `zone` and instants in UTC."""
    written = []
    utc_day, offset = None, None
    for start, duration in slots:
        if start // MINUTES_PER_DAY != utc_day:
            utc_day = start // MINUTES_PER_DAY
            offset = steady_offset(utc_day, zone)
        local = _local_minute(start, zone) if offset is None else start + offset
        written.append(_slot(start, duration, local))
    return f"[{','.join(written)}]".encode()


@lru_cache(maxsize=16_384)
def _slot(start: int, duration: int, local: int) -> str:
    """A slot that starts at an instant, and at a minute since 1970 of the wall clock."""
    day, minute = divmod(local, MINUTES_PER_DAY)
    return (
        f'{{"date":"{_date(day)}","time":"{_time(minute)}"'
        f',"starts_at":"{_instant(start)}","ends_at":"{_instant(start + duration)}"'
        f',"duration":{duration}}}'
    )


def _local_minute(minute: int, zone: tzinfo) -> int:
    day, minute_of_day = wall_clock_at(minute, zone)
    return utc_midnight(day) + minute_of_day


@lru_cache(maxsize=4096)
def _date(days: int) -> str:
    return date.fromordinal(days + _EPOCH_ORDINAL).isoformat()


@lru_cache(maxsize=MINUTES_PER_DAY)
def _time(minute_of_day: int) -> str:
    return f"{minute_of_day // 60:02}:{minute_of_day % 60:02}"


@lru_cache(maxsize=16_384)
def _instant(minute: int) -> str:
    return f"{_date(minute // MINUTES_PER_DAY)}T{_time(minute % MINUTES_PER_DAY)}:00Z"
