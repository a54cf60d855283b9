"""The availability engine: which visits a doctor's working hours still have room for.

What is offered and what can be booked both come from `free_slots`. All times are instants in
minutes (see `intervals` and `wall_clock`); nothing here asks for the time or reads anything.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, tzinfo
from itertools import chain, pairwise, repeat
from operator import attrgetter
from typing import NamedTuple

from app.domain.intervals import Interval, merged, merged_edges
from app.domain.wall_clock import MINUTES_PER_DAY, date_exists, instant_of

_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """A row of a doctor's week: open on `day_of_week` (0 = Monday) from `opens` to `closes`.

    `opens` and `closes` are wall-clock minutes after midnight, `closes` up to 1440. A visit takes
    `duration` minutes; visits start every `interval` minutes (by default every `duration`).
    Raises ValueError when either is below 1, because such a grid has no end.
    """

    day_of_week: int
    opens: int
    closes: int
    duration: int
    interval: int | None = None

    def __post_init__(self) -> None:
        if self.duration < 1 or self.step < 1:
            raise ValueError("The duration and the interval of visits must be at least one minute.")

    @property
    def step(self) -> int:
        """The minutes from one start on the grid to the next."""
        return self.duration if self.interval is None else self.interval


Overrides = Mapping[date, Collection[WorkingHours]]
"""Dates with hours of their own: the rows that replace the weekly ones; none means closed.

The date decides, not the rows' `day_of_week`.
"""


class Slot(NamedTuple):
    """A visit that can be booked: its start as an instant, and its length in minutes."""

    start: int
    duration: int


class _Window(NamedTuple):
    """A row of working hours on one date: its instants, and its grid anchored at `opens`."""

    opens: int
    closes: int
    duration: int
    step: int


def working_windows(
    hours: Iterable[WorkingHours],
    zone: tzinfo,
    first_day: date,
    last_day: date,
    overrides: Overrides | None = None,
) -> list[Interval]:
    """The working time of the dates `first_day` to `last_day` (inclusive), merged."""
    windows = _windows(hours, zone, first_day.toordinal(), last_day.toordinal(), overrides)
    return merged(Interval(window.opens, window.closes) for window in windows)


def free_slots(
    *,
    hours: Iterable[WorkingHours],
    busy: Iterable[Interval],
    zone: tzinfo,
    within: Interval,
    not_before: int,
    overrides: Overrides | None = None,
    buffer_before: int = 0,
    buffer_after: int = 0,
) -> list[Slot]:
    """The visits that can still be booked, ascending by start, each start once.

    They lie wholly inside `within` and inside their row of `hours`, start at `not_before` or
    later, and keep `buffer_before` and `buffer_after` minutes away from `busy` time. `busy` may be
    unsorted and overlapping; touching it does not block a visit. Where rows overlap (when clocks
    go forward, a row that ends in the gap runs into the next one) the row that opens first
    decides how long a visit at a shared start takes.
    """
    # An offset is less than a day, so a local date never strays further from the one in UTC.
    first = within.start // MINUTES_PER_DAY - 1 + _EPOCH_ORDINAL
    last = within.end // MINUTES_PER_DAY + 1 + _EPOCH_ORDINAL
    windows = _windows(hours, zone, first, last, overrides)
    earliest = max(within.start, not_before)

    busy_starts, busy_ends = merged_edges(busy)
    blocked_from = [start - buffer_after for start in busy_starts]
    blocked_until = [end + buffer_before for end in busy_ends]
    found: list[Iterable[tuple[int, int]]] = []
    for window in windows:
        floor = max(window.opens, earliest)
        ceiling = min(window.closes, within.end)
        near = slice(bisect_right(blocked_until, floor), bisect_left(blocked_from, ceiling))
        gaps = zip([floor, *blocked_until[near]], [*blocked_from[near], ceiling], strict=True)
        found.append(zip(_starts_in(gaps, window), repeat(window.duration)))

    # What Slot._make does, at half its cost: this is the engine's hottest line.
    slots = list(map(tuple.__new__, repeat(Slot), chain.from_iterable(found)))
    if any(one.closes > other.opens for one, other in pairwise(windows)):
        return _each_start_once(slots)
    return slots


def _windows(
    hours: Iterable[WorkingHours],
    zone: tzinfo,
    first_ordinal: int,
    last_ordinal: int,
    overrides: Overrides | None,
) -> list[_Window]:
    """The rows as they fall on the dates of this inclusive range, by the instant they open."""
    week: list[list[WorkingHours]] = [[] for _ in range(7)]
    for row in sorted(hours, key=attrgetter("opens")):
        week[row.day_of_week].append(row)

    windows: list[_Window] = []
    for day in map(date.fromordinal, range(first_ordinal, last_ordinal + 1)):
        rows = week[day.weekday()]
        if overrides and day in overrides:
            rows = sorted(overrides[day], key=attrgetter("opens"))
        if not rows or not date_exists(day, zone):
            continue
        for row in rows:
            opens = instant_of(day, row.opens, zone)
            closes = instant_of(day, row.closes, zone)
            if opens < closes:
                windows.append(_Window(opens, closes, row.duration, row.step))
    return sorted(windows, key=attrgetter("opens"))


def _starts_in(gaps: Iterable[tuple[int, int]], window: _Window) -> list[int]:
    """The starts on the window's grid at which a visit fits into one of the gaps, ascending."""
    opens, _, duration, step = window
    starts: list[int] = []
    for free_from, free_until in gaps:
        first = free_from + (opens - free_from) % step
        starts += range(first, free_until - duration + 1, step)
    return starts


def _each_start_once(slots: list[Slot]) -> list[Slot]:
    by_start: dict[int, Slot] = {}
    for slot in slots:
        by_start.setdefault(slot.start, slot)
    return [by_start[start] for start in sorted(by_start)]
