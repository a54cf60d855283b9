"""Half-open intervals of whole minutes, and the little algebra that appointments need."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import NamedTuple


class Interval(NamedTuple):
    """The minutes from `start` up to, but not including, `end`, counted since 1970-01-01T00:00Z.

    Half-open, so that two visits that touch do not overlap, and one that ends where it starts
    holds no time at all.
    """

    start: int
    end: int


def merged(intervals: Iterable[Interval]) -> list[Interval]:
    """The same minutes in ascending intervals that neither overlap nor touch; empty ones vanish."""
    return list(map(Interval._make, zip(*merged_edges(intervals), strict=True)))


def merged_edges(intervals: Iterable[Interval]) -> tuple[list[int], list[int]]:
    """The starts and the ends of the merged intervals, each ascending, ready for bisection."""
    starts: list[int] = []
    ends: list[int] = []
    for start, end in sorted(intervals):
        if start >= end:
            continue
        if not ends or start > ends[-1]:
            starts.append(start)
            ends.append(end)
        elif end > ends[-1]:
            ends[-1] = end
    return starts, ends


def covers(merged_intervals: Sequence[Interval], interval: Interval) -> bool:
    """Whether one of `merged_intervals` (as `merged` returns them) holds all of `interval`."""
    following = bisect_right(merged_intervals, interval.start, key=itemgetter(0))
    return following > 0 and interval.end <= merged_intervals[following - 1].end
