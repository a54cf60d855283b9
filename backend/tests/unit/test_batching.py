"""What comes while a batch is handled is the next batch, and waits for it so long and no longer."""

import asyncio

import pytest
from sqlalchemy.exc import OperationalError

from app.db import batching
from app.db.batching import LARGEST_BATCH, Batcher, Entry


class Slow:
    """Echoes wishes, each batch as soon as it may go on."""

    def __init__(self) -> None:
        self.handled: list[list[int]] = []
        self.has_begun, self.may_go_on = asyncio.Event(), asyncio.Event()

    async def handle(self, batch: list[Entry[int]]) -> None:
        self.handled.append([entry.request for entry in batch])
        self.has_begun.set()
        await asyncio.wait_for(self.may_go_on.wait(), 60)
        for entry in batch:
            if entry.request < 0:
                raise ZeroDivisionError
            entry.resolve(entry.request)


async def begun(slow: Slow, line: Batcher[int]) -> asyncio.Task[int]:
    """Somebody whose batch is being handled."""
    first = asyncio.create_task(line.submit(0))
    await asyncio.wait_for(slow.has_begun.wait(), 60)
    return first


async def turns_of_the_loop(number: int) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


def test_who_comes_meanwhile_goes_together():
    async def come() -> tuple[list[int], list[list[int]]]:
        slow = Slow()
        line = Batcher(slow.handle)
        first = await begun(slow, line)
        others = [asyncio.create_task(line.submit(n)) for n in range(1, LARGEST_BATCH + 3)]
        await asyncio.sleep(0)
        slow.may_go_on.set()
        return await asyncio.gather(first, *others), slow.handled

    outcomes, handled = asyncio.run(come())
    assert outcomes == list(range(LARGEST_BATCH + 3))
    assert [len(batch) for batch in handled] == [1, LARGEST_BATCH, 2]


@pytest.mark.parametrize(("lingers", "sizes"), [(False, [1, 4]), (True, [5])])
def test_one_that_lingers_lets_those_join_who_are_on_their_way(lingers: bool, sizes: list[int]):
    async def come_after(turns: int, line: Batcher[int]) -> int:
        await turns_of_the_loop(turns)
        return await line.submit(turns)

    async def come() -> list[list[int]]:
        slow = Slow()
        line = Batcher(slow.handle, lingers=lingers)
        people = [asyncio.create_task(come_after(turns, line)) for turns in range(5)]
        await turns_of_the_loop(10)
        slow.may_go_on.set()
        await asyncio.gather(*people)
        return slow.handled

    assert [len(batch) for batch in asyncio.run(come())] == sizes


def test_what_breaks_a_group_is_told_to_those_who_were_not_answered():
    async def come() -> list[object]:
        slow = Slow()
        slow.may_go_on.set()
        line = Batcher(slow.handle)
        wishes = (line.submit(n) for n in (1, -1, 2))
        return [*await asyncio.gather(*wishes, return_exceptions=True), await line.submit(3)]

    answered, broken, not_reached, next_group = asyncio.run(come())
    assert (answered, next_group) == (1, 3)
    assert [type(broken), type(not_reached)] == [ZeroDivisionError, ZeroDivisionError]


def test_whoever_waits_too_long_gives_up_and_is_not_handled(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(batching, "LOCK_TIMEOUT_SECONDS", 0.01)

    async def come() -> tuple[int, list[list[int]]]:
        slow = Slow()
        line = Batcher(slow.handle)
        first = await begun(slow, line)
        with pytest.raises(OperationalError):
            await line.submit(1)
        slow.may_go_on.set()
        return await first, slow.handled

    assert asyncio.run(come()) == (0, [[0]])


def test_what_is_settled_apart_keeps_no_group_waiting():
    async def come() -> list[int]:
        may_end = asyncio.Event()

        async def late(request: int) -> int:
            await asyncio.wait_for(may_end.wait(), 60)
            return request

        async def handle(batch: list[Entry[int]]) -> None:
            for entry in batch:
                if entry.request == 0:
                    line.resolve_later(entry, late(entry.request))
                else:
                    entry.resolve(entry.request)

        line = Batcher(handle)
        waiting = asyncio.create_task(line.submit(0))
        answered = await line.submit(1)
        may_end.set()
        return [answered, await waiting]

    assert asyncio.run(come()) == [1, 0]
