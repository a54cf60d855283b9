"""The algebra of half-open intervals."""

import pytest

from app.domain.time.intervals import Interval, covers, edges, merged


@pytest.mark.parametrize(
    ("intervals", "expected"),
    [
        ([], []),
        ([Interval(5, 9)], [Interval(5, 9)]),
        ([Interval(20, 30), Interval(0, 10)], [Interval(0, 10), Interval(20, 30)]),
        ([Interval(0, 10), Interval(10, 20)], [Interval(0, 20)]),
        ([Interval(0, 10), Interval(11, 20)], [Interval(0, 10), Interval(11, 20)]),
        ([Interval(0, 100), Interval(10, 20), Interval(30, 120)], [Interval(0, 120)]),
        ([Interval(0, 10), Interval(0, 10)], [Interval(0, 10)]),
        ([Interval(-30, -10), Interval(-10, 5)], [Interval(-30, 5)]),
        ([Interval(5, 5)], []),
        ([Interval(0, 4), Interval(5, 5), Interval(6, 8)], [Interval(0, 4), Interval(6, 8)]),
    ],
    ids=[
        "nothing",
        "one",
        "unsorted",
        "touching ones are joined",
        "a minute between keeps them apart",
        "a long one swallows a short one",
        "equal ones",
        "before 1970",
        "an empty one holds no time",
        "an empty one joins nothing",
    ],
)
def test_merged(intervals: list[Interval], expected: list[Interval]) -> None:
    assert merged(intervals) == expected


def test_merged_takes_any_iterable_and_answers_with_intervals() -> None:
    result = merged(iter([Interval(0, 10)]))
    assert [(interval.start, interval.end) for interval in result] == [(0, 10)]


@pytest.mark.parametrize(
    ("intervals", "expected"),
    [
        ([], ((), ())),
        ([Interval(40, 50), Interval(0, 10), Interval(5, 30)], ((0, 5, 40), (10, 30, 50))),
        ([Interval(40, 40), Interval(0, 10), Interval(9, 5)], ((0,), (10,))),
    ],
)
def test_edges_are_ordered_by_start_and_leave_out_what_is_empty(
    intervals: list[Interval], expected: tuple[tuple[int, ...], tuple[int, ...]]
) -> None:
    assert edges(intervals) == expected


@pytest.mark.parametrize(
    ("interval", "expected"),
    [
        (Interval(10, 20), True),
        (Interval(12, 13), True),
        (Interval(9, 20), False),
        (Interval(10, 21), False),
        (Interval(15, 35), False),
        (Interval(20, 30), False),
        (Interval(30, 40), True),
        (Interval(0, 5), False),
        (Interval(50, 60), False),
    ],
)
def test_covers(interval: Interval, *, expected: bool) -> None:
    assert covers([Interval(10, 20), Interval(30, 40)], interval) is expected


def test_nothing_covers_nothing() -> None:
    assert covers([], Interval(0, 1)) is False
