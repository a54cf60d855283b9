"""Known people and strangers wait in queues of their own, and are served in turn."""

import asyncio
from threading import Event

import pytest

from app.core.security import HashingLane
from app.domain.errors import ServerBusy

WAIT_SECONDS = 30


async def order_of(lane: HashingLane, wanted: list[tuple[str, bool]]) -> list[str]:
    """In which order works are done that all wait while the thread is busy."""
    may_go_on, is_busy, done = Event(), Event(), list[str]()

    def hold() -> None:
        is_busy.set()
        may_go_on.wait(WAIT_SECONDS)

    async with asyncio.TaskGroup() as group:
        group.create_task(lane.run(hold))
        await asyncio.to_thread(is_busy.wait, WAIT_SECONDS)
        for name, is_known in wanted:
            group.create_task(lane.run(lambda name=name: done.append(name), is_known=is_known))
        await asyncio.sleep(0)  # until all of them wait
        may_go_on.set()
    lane.close()
    return done


def test_a_known_person_waits_for_one_stranger_at_the_most() -> None:
    strangers = [(f"stranger {number}", False) for number in range(4)]
    known = [("known 1", True), ("known 2", True)]
    assert asyncio.run(order_of(HashingLane(4), strangers + known)) == [
        "known 1",
        "stranger 0",
        "known 2",
        "stranger 1",
        "stranger 2",
        "stranger 3",
    ]


def test_strangers_are_not_kept_out_by_known_people() -> None:
    known = [(f"known {number}", True) for number in range(3)]
    assert asyncio.run(order_of(HashingLane(3), [*known, ("stranger", False)])) == [
        "known 0",
        "stranger",
        "known 1",
        "known 2",
    ]


@pytest.mark.parametrize("is_known", [True, False])
def test_a_full_queue_leaves_the_other_one_open(is_known: bool) -> None:
    async def fill() -> list[str]:
        refused = []
        lane = HashingLane(2)
        try:
            await order_of(lane, [(f"{number}", is_known) for number in range(3)])
        except* ServerBusy as group:
            refused = [str(error) for error in group.exceptions]
        return refused

    assert asyncio.run(fill()) == ["The server is busy. Try again in a few seconds."]
    other = [("other", not is_known)]
    full = [("1", is_known), ("2", is_known)]
    assert sorted(asyncio.run(order_of(HashingLane(2), full + other))) == ["1", "2", "other"]


def test_what_a_work_raises_reaches_those_who_wait() -> None:
    def fail() -> None:
        raise LookupError("no such thing")

    async def run() -> None:
        lane = HashingLane(1)
        try:
            await lane.run(fail, is_known=True)
        finally:
            lane.close()

    with pytest.raises(LookupError, match="no such thing"):
        asyncio.run(run())
