"""Token buckets in memory."""

from dataclasses import dataclass
from datetime import timedelta

import pytest

from app.core import rates
from app.core.rates import Rate, Turn

FREE = Turn(timedelta(0), 0)


@dataclass
class Clock:
    seconds: float = 1000

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def rate(clock: Clock) -> Rate:
    return Rate(3, timedelta(seconds=30), clock)


def test_turns_come_back_one_by_one(rate: Rate, clock: Clock) -> None:
    assert [rate.take("john") for _ in range(5)] == [
        *[FREE] * 3,
        Turn(timedelta(seconds=10), 1),
        Turn(timedelta(seconds=10), 2),
    ]
    clock.seconds += 4
    assert rate.take("john") == Turn(timedelta(seconds=6), 3)
    clock.seconds += 6
    assert [rate.take("john") for _ in range(2)] == [
        Turn(timedelta(0), 3),
        Turn(timedelta(seconds=10), 1),
    ]


def test_no_more_turns_come_back_than_there_were(rate: Rate, clock: Clock) -> None:
    rate.take("john")
    clock.seconds += 1_000_000
    assert [rate.take("john").wait for _ in range(4)] == [
        *[timedelta(0)] * 3,
        timedelta(seconds=10),
    ]


def test_each_key_has_turns_of_its_own(rate: Rate) -> None:
    for _ in range(4):
        rate.take("john")
    assert rate.take("jane") == FREE


def test_memory_is_bounded(rate: Rate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates, "MOST_KEYS", 100)
    for number in range(1000):
        rate.take(number)
    assert len(rate._buckets) == 100
