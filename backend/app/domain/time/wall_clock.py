"""Between instants and what a clock on the wall shows in a time zone.

An instant is a whole number of minutes since 1970-01-01T00:00Z; a wall-clock time is a date and
the minutes after its midnight. Only instants may be compared or subtracted: the wall clock skips
minutes when clocks go forward (a gap) and shows minutes twice when they go back. docs/time.md
has the rules. Every zone has kept whole-minute offsets since 1972; before that, seconds are cut.
"""

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache

MINUTES_PER_DAY = 24 * 60

_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTE = timedelta(minutes=1)


def to_minute(moment: datetime) -> int:
    """The minute that `moment` lies in. Raises TypeError when it has no time zone."""
    return (moment - _EPOCH) // _MINUTE


def ceil_minute(moment: datetime) -> int:
    """The first minute that begins at or after `moment`. Raises TypeError without a time zone."""
    return -((_EPOCH - moment) // _MINUTE)


def from_minute(minute: int) -> datetime:
    """The UTC time at which `minute` begins."""
    return _EPOCH + minute * _MINUTE


def instant_of(day: date, minute_of_day: int, zone: tzinfo) -> int:
    """The instant meant by a wall-clock time in working hours; 1440 is the next midnight.

    A time inside a gap moves forward by the gap; of a repeated time the first occurrence is meant.
    """
    return _instant(day, minute_of_day, zone, 0)


@lru_cache(maxsize=16_384)
def steady_midnight(day: date, zone: tzinfo) -> int | None:
    """The instant at which a date begins whose clock runs evenly, as it does on most days.

    Any wall-clock minute of that date is so many minutes later. None when clocks change on it.
    No zone has changed them twice, there and back, within one date.
    """
    midnight = instant_of(day, 0, zone)
    is_steady = instant_of(day, MINUTES_PER_DAY, zone) - midnight == MINUTES_PER_DAY
    return midnight if is_steady else None


@lru_cache(maxsize=16_384)
def steady_offset(utc_day: int, zone: tzinfo) -> int | None:
    """How many minutes the wall clock is ahead of UTC throughout a day of UTC.

    The day is counted from 1970-01-01. None when clocks change on it.
    """
    first, following = (_offset_at(day * MINUTES_PER_DAY, zone) for day in (utc_day, utc_day + 1))
    return first if first == following else None


def readings_of(day: date, minute_of_day: int, zone: tzinfo) -> tuple[int, ...]:
    """The instants, ascending, at which a clock on the wall shows this date and time.

    None inside a gap, two in a repeated hour, otherwise one. `minute_of_day` is below 1440.
    """
    candidates = {_instant(day, minute_of_day, zone, fold) for fold in (0, 1)}
    shown = (day, minute_of_day)
    return tuple(sorted(minute for minute in candidates if wall_clock_at(minute, zone) == shown))


def wall_clock_at(minute: int, zone: tzinfo) -> tuple[date, int]:
    """The date, and the minutes after its midnight, that a clock on the wall shows."""
    local = from_minute(minute).astimezone(zone)
    return local.date(), local.hour * 60 + local.minute


def utc_midnight(day: date) -> int:
    """The instant at which a date begins in UTC."""
    return (day.toordinal() - _EPOCH_ORDINAL) * MINUTES_PER_DAY


def date_exists(day: date, zone: tzinfo) -> bool:
    """Whether the zone has this date: one skipped at the date line ends at the instant it begins.

    Samoa moved across the line by going from 2011-12-29 straight to 2011-12-31.
    """
    return instant_of(day, 0, zone) < instant_of(day, MINUTES_PER_DAY, zone)


def _offset_at(minute: int, zone: tzinfo) -> int:
    day, minute_of_day = wall_clock_at(minute, zone)
    return utc_midnight(day) + minute_of_day - minute


@lru_cache(maxsize=16_384)
def _instant(day: date, minute_of_day: int, zone: tzinfo, fold: int) -> int:
    # With fold=0 Python reads a wall-clock time with the offset from before the transition: the
    # first of two readings, and in a gap the instant that lies as far behind the transition as
    # the reading lies behind the gap's beginning. That is the rule of working hours.
    local = datetime.combine(day, time()) + minute_of_day * _MINUTE
    return to_minute(local.replace(tzinfo=zone, fold=fold))
