"""The same question as the engine's, answered by looking at every single minute.

It shares no code and no idea with the engine: it never asks which instant a wall-clock time
means, but reads the clock on the wall minute after minute, and it never does interval algebra,
but keeps sets of minutes. Slow, and too simple to be wrong in the same way.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cached_property, lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DAY = 1440


class Row(NamedTuple):
    """Working hours in wall-clock minutes after midnight; visits in minutes."""

    day_of_week: int
    opens: int
    closes: int
    duration: int
    interval: int


class Question(NamedTuple):
    """Everything that decides what is free; instants in minutes since 1970-01-01T00:00Z."""

    zone: str
    rows: list[Row]
    overrides: dict[date, list[Row]]
    busy: list[tuple[int, int]]
    within: tuple[int, int]
    not_before: int
    buffer_before: int
    buffer_after: int


class Wall:
    """A clock on a wall, watched minute by minute through these days of UTC since 1970."""

    def __init__(self, zone: str, first_day: int, last_day: int) -> None:
        self._start = first_day * DAY
        self._shown = [
            reading for day in range(first_day, last_day) for reading in _readings(zone, day)
        ]

    @cached_property
    def _first_seen(self) -> dict[datetime, int]:
        first: dict[datetime, int] = {}
        for minute, shown in enumerate(self._shown, self._start):
            first.setdefault(shown, minute)
        return first

    @cached_property
    def _jumps(self) -> list[tuple[datetime, datetime, int]]:
        """The first reading left out, the first shown again, and the minute of that."""
        return [
            (before + MINUTE, after, self._start + index)
            for index, (before, after) in enumerate(
                zip(self._shown, self._shown[1:], strict=False), 1
            )
            if after > before + MINUTE
        ]

    @cached_property
    def dates(self) -> set[date]:
        return {shown.date() for shown in self._shown}

    def minute_meant_by(self, reading: datetime) -> int:
        if reading in self._first_seen:
            return self._first_seen[reading]
        return next(
            minute + (reading - left_out) // MINUTE
            for left_out, after, minute in self._jumps
            if left_out <= reading < after
        )


@lru_cache(maxsize=512)
def _wall(zone: str, first_day: int, last_day: int) -> Wall:
    return Wall(zone, first_day, last_day)


@lru_cache(maxsize=512)
def _readings(zone: str, day: int) -> list[datetime]:
    tz = ZoneInfo(zone)
    return [
        (EPOCH + minute * MINUTE).astimezone(tz).replace(tzinfo=None, fold=0)
        for minute in range(day * DAY, (day + 1) * DAY)
    ]


def slots(question: Question) -> list[tuple[int, int]]:
    """The start and duration of every visit that can be booked, ascending."""
    begin, end = question.within
    taken = {minute for start, stop in question.busy for minute in range(start, stop)}
    opened = sorted(_openings(question))
    offered = []
    for start in range(max(begin, question.not_before), end):
        fitting = [
            row.duration
            for opens, _, _, closes, row in opened
            if opens <= start
            and (start - opens) % row.interval == 0
            and start + row.duration <= min(closes, end)
            and taken.isdisjoint(_minutes_needed(start, row, question))
        ]
        if fitting:
            offered.append((start, fitting[0]))
    return offered


def _minutes_needed(start: int, row: Row, question: Question) -> range:
    return range(start - question.buffer_before, start + row.duration + question.buffer_after)


def _openings(question: Question) -> Iterator[tuple[int, int, int, int, Row]]:
    """(opens, opens on the wall, position, closes, row) of each row on each date around.

    Sorted, they are in the order in which rows win a start that they share.
    """
    begin, end = question.within
    wall = _wall(question.zone, begin // DAY - 3, end // DAY + 5)
    for offset in range(begin // DAY - 2, end // DAY + 3):
        day = EPOCH.date() + timedelta(days=offset)
        weekly = [row for row in question.rows if row.day_of_week == day.weekday()]
        if day not in wall.dates:
            continue
        for position, row in enumerate(question.overrides.get(day, weekly)):
            midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001
            opens = wall.minute_meant_by(midnight + row.opens * MINUTE)
            closes = wall.minute_meant_by(midnight + row.closes * MINUTE)
            yield opens, row.opens, position, closes, row
