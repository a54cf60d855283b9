"""What clients wait for when many come at once, over plain sockets that cost next to nothing."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from app.services.demo import PASSWORD
from benchmarks.load import LoadFailedError
from benchmarks.paths import ONE_DAY, Stage
from benchmarks.questions import Slot, booking, distinct_searches, get, post
from benchmarks.servers import Server

CLIENTS = 64
RACES = 10
SEARCHES_A_SECOND = 20
FIRST_SLOTS = 50
CREATED, OK, CONFLICT = 201, 200, 409


@dataclass(frozen=True, slots=True)
class Waits:
    """What was waited for, the number of answers, and milliseconds."""

    what: str
    engine: str
    answers: int
    p50: float
    p95: float
    p99: float


def races_for_one_slot(stage: Stage, server: Server, slots: Iterator[Slot]) -> Waits:
    """All book one slot at the same moment, round after round; one of them gets it."""
    seconds: list[float] = []
    for slot in islice(slots, RACES):
        requests = [booking(person, slot) for person in stage.newcomers[:CLIENTS]]
        answers = asyncio.run(_all_at_once(server, requests))
        statuses = sorted(answer.status for answer in answers)
        if statuses != [CREATED, *[CONFLICT] * (CLIENTS - 1)]:
            raise LoadFailedError(f"The race for a slot ended with {statuses}.")
        seconds += [answer.seconds for answer in answers]
    return as_waits(f"{CLIENTS} clients book one slot", stage.engine, seconds)


def searches_during_logins(stage: Stage, server: Server) -> Waits:
    """One-day searches for free slots, while as many people log in as the queue holds."""
    searches = distinct_searches(stage.people.weekdays, ONE_DAY)
    logins = [
        post("/api/v1/auth/login", {"username": name, "password": PASSWORD})
        for name in stage.people.usernames[:CLIENTS]
    ]
    seconds = asyncio.run(_searching_meanwhile(server, logins, searches))
    return as_waits(f"a slot search while {CLIENTS} people log in", stage.engine, seconds)


def first_slots(stage: Stage, server: Server) -> Waits:
    """The first free slot of every doctor within four weeks, one request after the other."""
    requests = [get("/api/v1/schedules/first-slots")] * FIRST_SLOTS
    seconds = ask_in_turn(server, requests)
    return as_waits(
        f"the first free slots of {len(stage.people.doctors)} doctors", stage.engine, seconds
    )


def ask_in_turn(server: Server, requests: Sequence[bytes], *, expected: int = OK) -> list[float]:
    """The seconds that each answer took, one request after the other."""

    async def ask_all() -> list[_Answer]:
        return [await _ask(server, request) for request in requests]

    answers = asyncio.run(ask_all())
    statuses = {answer.status for answer in answers}
    if statuses != {expected}:
        raise LoadFailedError(f"Expected {expected}, got {statuses}.")
    return [answer.seconds for answer in answers]


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    seconds: float


async def _searching_meanwhile(
    server: Server, logins: Sequence[bytes], searches: Sequence[bytes]
) -> list[float]:
    storm = asyncio.gather(*(_ask(server, login) for login in logins))
    seconds = []
    for search in searches:
        if storm.done():
            break
        answer = await _ask(server, search)
        seconds.append(answer.seconds)
        await asyncio.sleep(1 / SEARCHES_A_SECOND)
    statuses = {answer.status for answer in await storm}
    if statuses != {OK}:
        raise LoadFailedError(f"The logins were answered with {statuses}.")
    return seconds


async def _all_at_once(server: Server, requests: Sequence[bytes]) -> list[_Answer]:
    """Open every connection first, then send every request."""
    ready = asyncio.Barrier(len(requests))
    return await asyncio.gather(*(_ask(server, request, ready) for request in requests))


async def _ask(server: Server, request: bytes, ready: asyncio.Barrier | None = None) -> _Answer:
    reader, write_queue = await asyncio.open_connection("127.0.0.1", server.port)
    if ready is not None:
        await ready.wait()
    began = time.perf_counter()
    write_queue.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    seconds = time.perf_counter() - began
    write_queue.close()
    return _Answer(int(head.split()[1]), seconds)


def as_waits(what: str, engine: str, seconds: list[float]) -> Waits:
    ordered = sorted(seconds)

    def percentile(share: float) -> float:
        return ordered[round((len(ordered) - 1) * share)] * 1e3

    return Waits(what, engine, len(ordered), percentile(0.5), percentile(0.95), percentile(0.99))
