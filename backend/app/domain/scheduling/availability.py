"""The availability engine: which visits a doctor's working hours still have room for.

What is offered and what can be booked both come from `free_slots`. All times are instants in
minutes (see `intervals` and `wall_clock`); nothing here asks for the time or reads anything.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, tzinfo
from itertools import chain, filterfalse, groupby, pairwise, repeat
from operator import attrgetter, mod, sub
from typing import NamedTuple

from app.domain.time.intervals import Interval, edges, merged
from app.domain.time.wall_clock import MINUTES_PER_DAY, date_exists, instant_of, steady_midnight

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


_Grid = tuple[int, int, int]
"""Starts of visits: their remainder when divided by the step, their duration, their step."""


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
    return merged([Interval(window.opens, window.closes) for window in windows])


def free_slots(
    *,
    hours: Iterable[WorkingHours],
    busy: Collection[Interval],
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
    taken = _Taken(busy, buffer_before, buffer_after)

    starts: list[int] = []
    durations: list[Iterable[int]] = []
    for grid, run in groupby(windows, _grid_of):
        _, duration, _ = grid
        offered = _free_starts(list(run), grid, taken)
        offered = offered[
            bisect_left(offered, earliest) : bisect_right(offered, within.end - duration)
        ]
        starts += offered
        durations.append(repeat(duration, len(offered)))

    # What Slot._make does, at half its cost: this is the engine's hottest line.
    pairs = zip(starts, chain.from_iterable(durations), strict=True)
    slots = list(map(tuple.__new__, repeat(Slot), pairs))
    if any(one.closes > other.opens for one, other in pairwise(windows)):
        return _each_start_once(slots)
    return slots


class _Taken:
    """Busy time, widened by the buffers around it, in the order in which it starts."""

    def __init__(self, busy: Collection[Interval], buffer_before: int, buffer_after: int) -> None:
        self.starts, self.ends = edges(busy)
        if buffer_before or buffer_after:
            self.starts = [start - buffer_after for start in self.starts]
            self.ends = [end + buffer_before for end in self.ends]
        self.longest = max(map(sub, self.ends, self.starts), default=0)

    def blocked_starts(self, grid: _Grid, opens: int, closes: int) -> Container[int]:
        """The starts on `grid`, from `opens` to `closes`, at which a visit would meet busy time."""
        near = slice(
            bisect_left(self.starts, opens - self.longest), bisect_left(self.starts, closes)
        )
        starts, ends = self.starts[near], self.ends[near]
        anchor, duration, step = grid
        is_usual = self.longest <= step == duration
        if is_usual and {anchor}.issuperset(map(mod, starts, repeat(step))):
            return set(starts)  # busy time on the grid takes no start but its own
        reach = duration - 1
        return {
            blocked
            for start, end in zip(starts, ends, strict=True)
            for blocked in range(start - reach + (anchor - start + reach) % step, end, step)
        }


def _free_starts(windows: Sequence[_Window], grid: _Grid, taken: _Taken) -> list[int]:
    """The starts in windows of one grid at which a visit does not meet busy time, ascending."""
    opens = [window.opens for window in windows]
    closes = [window.closes for window in windows]
    _, duration, step = grid
    stops = [closed - duration + 1 for closed in closes]
    candidates = chain.from_iterable(map(range, opens, stops, repeat(step)))
    blocked = taken.blocked_starts(grid, opens[0], max(closes))
    return sorted(filterfalse(blocked.__contains__, candidates))


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
        if not rows:
            continue
        midnight = steady_midnight(day, zone)
        if midnight is not None:
            windows += [
                _Window(midnight + row.opens, midnight + row.closes, row.duration, row.step)
                for row in rows
                if row.opens < row.closes
            ]
        elif date_exists(day, zone):
            windows += _windows_around_a_transition(rows, day, zone)
    return sorted(windows, key=attrgetter("opens"))


def _windows_around_a_transition(
    rows: Iterable[WorkingHours], day: date, zone: tzinfo
) -> Iterator[_Window]:
    for row in rows:
        opens = instant_of(day, row.opens, zone)
        closes = instant_of(day, row.closes, zone)
        if opens < closes:
            yield _Window(opens, closes, row.duration, row.step)


def _grid_of(window: _Window) -> _Grid:
    opens, _, duration, step = window
    return opens % step, duration, step


def _each_start_once(slots: list[Slot]) -> list[Slot]:
    by_start: dict[int, Slot] = {}
    for slot in slots:
        by_start.setdefault(slot.start, slot)
    return [by_start[start] for start in sorted(by_start)]
