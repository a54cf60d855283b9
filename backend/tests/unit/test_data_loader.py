"""Who asks together is answered together, and nobody from before they asked."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from app.db.batching import DataLoader


class Shelf:
    """Finds squares; the first time it waits until it is let go."""

    def __init__(self) -> None:
        self.asked: list[list[int]] = []
        self.is_asked, self.may_go_on = asyncio.Event(), asyncio.Event()

    async def find(self, keys: Sequence[int]) -> Mapping[int, int]:
        self.asked.append(sorted(keys))
        self.is_asked.set()
        await asyncio.wait_for(self.may_go_on.wait(), 10)
        return {key: key * key for key in keys if key >= 0}


async def started(
    shelf: Shelf, gatherer: DataLoader[int, int], key: int
) -> asyncio.Task[int | None]:
    """Somebody for whom the shelf is being searched."""
    first = asyncio.create_task(gatherer.value_of(key))
    await asyncio.wait_for(shelf.is_asked.wait(), 10)
    return first


def test_those_who_come_while_one_is_served_are_served_together_afterwards():
    async def query() -> tuple[list[int | None], list[list[int]]]:
        shelf = Shelf()
        gatherer = DataLoader(shelf.find)
        first = await started(shelf, gatherer, 1)
        others = [asyncio.create_task(gatherer.value_of(key)) for key in (1, 2, 3, 3, -4)]
        await asyncio.sleep(0)
        shelf.may_go_on.set()
        return await asyncio.gather(first, *others), shelf.asked

    values, asked = asyncio.run(query())
    assert values == [1, 1, 4, 9, 9, None]
    assert asked == [[1], [-4, 1, 2, 3]]


def test_a_failure_is_raised_for_everybody_who_asked_and_for_nobody_later():
    failures = [OSError("gone"), None]

    async def find(keys: Sequence[int]) -> Mapping[int, int]:
        failure = failures.pop(0)
        if failure is not None:
            raise failure
        return dict.fromkeys(keys, 7)

    async def query() -> tuple[list[object], int | None]:
        gatherer = DataLoader(find)
        both = (gatherer.value_of(key) for key in (1, 2))
        return await asyncio.gather(*both, return_exceptions=True), await gatherer.value_of(1)

    (one, two), later = asyncio.run(query())
    assert (type(one), one is two, later) == (OSError, True, 7)


def test_whoever_goes_away_takes_nobody_along():
    async def query() -> int | None:
        shelf = Shelf()
        gatherer = DataLoader(shelf.find)
        leaving = await started(shelf, gatherer, 3)
        staying = asyncio.create_task(gatherer.value_of(3))
        leaving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leaving
        shelf.may_go_on.set()
        return await staying

    assert asyncio.run(query()) == 9
