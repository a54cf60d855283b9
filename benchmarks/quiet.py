"""Measurements that the machine's host left alone."""

from collections.abc import Callable
from typing import TypeVar

import psutil  # type: ignore[import-untyped]

MOST_STOLEN = 0.03
SPARE = 2

Result = TypeVar("Result")


def undisturbed(measure: Callable[[], Result], times: int) -> list[Result]:
    """What a measurement gave so many times while the host took next to no processor time away.

    It is made at most SPARE times more. Where the host takes much again and again, the results are
    those from which it took least.
    """
    tries: list[tuple[float, Result]] = []
    while len(tries) < times + SPARE and len(_left_alone(tries)) < times:
        before = psutil.cpu_times()
        result = measure()
        tries.append((_stolen(before, psutil.cpu_times()), result))
    quietest = sorted(tries, key=lambda tried: tried[0])[:times]
    return [result for _, result in quietest]


def undisturbed_once(measure: Callable[[], Result]) -> Result:
    """The same for a measurement that is made once."""
    (result,) = undisturbed(measure, 1)
    return result


def _left_alone(tries: list[tuple[float, Result]]) -> list[tuple[float, Result]]:
    return [tried for tried in tries if tried[0] < MOST_STOLEN]


def _stolen(before: object, after: object) -> float:
    """The share of the processors' time that went to others between two readings."""
    taken = getattr(after, "steal", 0.0) - getattr(before, "steal", 0.0)
    passed = sum(after) - sum(before)  # type: ignore[call-overload]
    return float(taken / passed) if passed else 0.0
