"""What comes while a group is handled is the next group, and waits for it so long and no longer."""

import asyncio

import pytest
from sqlalchemy.exc import OperationalError

from app.core import groups
from app.core.groups import LARGEST_GROUP, Entry, Groups


class Slow:
    """Echoes wishes, each group as soon as it may go on."""

    def __init__(self) -> None:
        self.handled: list[list[int]] = []
        self.has_begun, self.may_go_on = asyncio.Event(), asyncio.Event()

    async def handle(self, group: list[Entry[int]]) -> None:
        self.handled.append([entry.wish for entry in group])
        self.has_begun.set()
        await asyncio.wait_for(self.may_go_on.wait(), 60)
        for entry in group:
            if entry.wish < 0:
                raise ZeroDivisionError
            entry.settle(entry.wish)


async def begun(slow: Slow, line: Groups[int]) -> asyncio.Task[int]:
    """Somebody whose group is being handled."""
    first = asyncio.create_task(line.outcome_of(0))
    await asyncio.wait_for(slow.has_begun.wait(), 60)
    return first


async def turns_of_the_loop(number: int) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


def test_who_comes_meanwhile_goes_together():
    async def come() -> tuple[list[int], list[list[int]]]:
        slow = Slow()
        line = Groups(slow.handle)
        first = await begun(slow, line)
        others = [asyncio.create_task(line.outcome_of(n)) for n in range(1, LARGEST_GROUP + 3)]
        await asyncio.sleep(0)
        slow.may_go_on.set()
        return await asyncio.gather(first, *others), slow.handled

    outcomes, handled = asyncio.run(come())
    assert outcomes == list(range(LARGEST_GROUP + 3))
    assert [len(group) for group in handled] == [1, LARGEST_GROUP, 2]


@pytest.mark.parametrize(("lingers", "sizes"), [(False, [1, 4]), (True, [5])])
def test_one_that_lingers_lets_those_join_who_are_on_their_way(lingers: bool, sizes: list[int]):
    async def come_after(turns: int, line: Groups[int]) -> int:
        await turns_of_the_loop(turns)
        return await line.outcome_of(turns)

    async def come() -> list[list[int]]:
        slow = Slow()
        line = Groups(slow.handle, lingers=lingers)
        people = [asyncio.create_task(come_after(turns, line)) for turns in range(5)]
        await turns_of_the_loop(10)
        slow.may_go_on.set()
        await asyncio.gather(*people)
        return slow.handled

    assert [len(group) for group in asyncio.run(come())] == sizes


def test_what_breaks_a_group_is_told_to_those_who_were_not_answered():
    async def come() -> list[object]:
        slow = Slow()
        slow.may_go_on.set()
        line = Groups(slow.handle)
        wishes = (line.outcome_of(n) for n in (1, -1, 2))
        return [*await asyncio.gather(*wishes, return_exceptions=True), await line.outcome_of(3)]

    answered, broken, not_reached, next_group = asyncio.run(come())
    assert (answered, next_group) == (1, 3)
    assert [type(broken), type(not_reached)] == [ZeroDivisionError, ZeroDivisionError]


def test_whoever_waits_too_long_gives_up_and_is_not_handled(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(groups, "PATIENCE_SECONDS", 0.01)

    async def come() -> tuple[int, list[list[int]]]:
        slow = Slow()
        line = Groups(slow.handle)
        first = await begun(slow, line)
        with pytest.raises(OperationalError):
            await line.outcome_of(1)
        slow.may_go_on.set()
        return await first, slow.handled

    assert asyncio.run(come()) == (0, [[0]])


def test_what_is_settled_apart_keeps_no_group_waiting():
    async def come() -> list[int]:
        may_end = asyncio.Event()

        async def late(wish: int) -> int:
            await asyncio.wait_for(may_end.wait(), 60)
            return wish

        async def handle(group: list[Entry[int]]) -> None:
            for entry in group:
                if entry.wish == 0:
                    line.settle_apart(entry, late(entry.wish))
                else:
                    entry.settle(entry.wish)

        line = Groups(handle)
        waiting = asyncio.create_task(line.outcome_of(0))
        answered = await line.outcome_of(1)
        may_end.set()
        return [answered, await waiting]

    assert asyncio.run(come()) == [1, 0]
