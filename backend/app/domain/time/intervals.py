"""Half-open intervals of whole minutes, and the little algebra that appointments need."""

from bisect import bisect_right
from collections.abc import Collection, Sequence
from operator import ge, itemgetter
from typing import NamedTuple


class Interval(NamedTuple):
    """The minutes from `start` up to, but not including, `end`, counted since 1970-01-01T00:00Z.

    Half-open, so that two visits that touch do not overlap, and one that ends where it starts
    holds no time at all.
    """

    start: int
    end: int

    def until(self, end: int) -> "Interval":
        """The part of it before an instant; empty when there is none."""
        return Interval(self.start, max(self.start, min(self.end, end)))


def edges(intervals: Collection[Interval]) -> tuple[Sequence[int], Sequence[int]]:
    """The starts and the ends of the intervals, ordered by start; empty ones vanish."""
    starts, ends = zip(*sorted(intervals), strict=True) if intervals else ((), ())
    if any(map(ge, starts, ends)):
        return edges([interval for interval in intervals if interval.start < interval.end])
    return starts, ends


def merged(intervals: Collection[Interval]) -> list[Interval]:
    """The same minutes in ascending intervals that neither overlap nor touch; empty ones vanish."""
    apart: list[Interval] = []
    for start, end in zip(*edges(intervals), strict=True):
        if not apart or start > apart[-1].end:
            apart.append(Interval(start, end))
        elif end > apart[-1].end:
            apart[-1] = Interval(apart[-1].start, end)
    return apart


def covers(merged_intervals: Sequence[Interval], interval: Interval) -> bool:
    """Whether one of `merged_intervals` (as `merged` returns them) holds all of `interval`."""
    following = bisect_right(merged_intervals, interval.start, key=itemgetter(0))
    return following > 0 and interval.end <= merged_intervals[following - 1].end
