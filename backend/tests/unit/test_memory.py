"""What a process remembers stays within bounds, whatever it is asked."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from math import inf
from multiprocessing import get_context
from typing import Any
from unittest.mock import patch
from zoneinfo import ZoneInfo

import psutil  # type: ignore[import-untyped]
import pytest
from fastapi import Request

from app.api.fast import free_slots
from app.api.fast.free_slots import ENTRY_OVERHEAD_BYTES, MEMORY_BYTES, FreeSlots
from app.domain.booking_limits import BookingLimits
from app.domain.errors import ServerBusy
from app.domain.scheduling.availability import Slot
from app.domain.time.wall_clock import utc_midnight
from app.http.idempotency import MOST_IN_FLIGHT, KeysInFlight
from app.services.slot_search import SlotSearchResult

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
QUESTIONS = 200_000
BEFORE = 20_000  # that many questions fill the cache
MAY_GROW = MEMORY_BYTES // 2
LONGEST = "\N{STETHOSCOPE}" * 500


class Reader:
    """Answers questions without a database."""

    is_immediate = True

    async def read_async(self, question: Any) -> Any:
        return question(None)


def offer_of(_: object, *, doctor_id: int, first_day: date, **__: object) -> SlotSearchResult:
    """Every second doctor there could be has a slot on every day."""
    slots = [] if doctor_id % 2 else [Slot(utc_midnight(first_day) + 9 * 60, 30)]
    end = utc_midnight(first_day) + 1440
    return SlotSearchResult(slots, ZoneInfo("UTC"), revision=2**52 + doctor_id, ends=end, until=inf)


@pytest.fixture
def asked() -> Iterator[FreeSlots]:
    with patch.object(free_slots, "search_slots", offer_of):
        yield slots_of_a_clinic()


def slots_of_a_clinic() -> FreeSlots:
    limits = BookingLimits(horizon_days=365, open_visits=10)
    reader: Any = Reader()
    return FreeSlots(reader=reader, limits=limits, clock=lambda: NOW)


def questions(number: int) -> Iterator[dict[str, Any]]:
    """Distinct ones: about so many doctors, on days that are over, to come and in many years."""
    days = [*range(-60, 400), *range(400, 60_000, 700)]
    for doctor_id in range(1, number + 1):
        day = NOW.date() + timedelta(days=days[doctor_id % len(days)])
        yield {
            "type": "http",
            "method": "GET",
            "path": f"/api/v1/schedules/doctor/{doctor_id}/available-slots",
            "query_string": f"start_date={day}&end_date={day}".encode(),
            "headers": [],
        }


def growth(number: int, *, overhead: int) -> int:
    """The bytes that a process takes more after `number` questions than after the first ones.

    It is a new process: an old one has memory of its own to give away.
    """
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(growth_here, number, overhead).result()


def growth_here(number: int, overhead: int) -> int:
    asked, coming = slots_of_a_clinic(), questions(number)

    async def query(some: int) -> int:
        for question in islice(coming, some):
            await asked(Request(question))
        return int(psutil.Process().memory_info().rss)

    async def ask_all() -> int:
        before = await query(BEFORE)
        return await query(number - BEFORE) - before

    with (
        patch.object(free_slots, "search_slots", offer_of),
        patch.object(free_slots, "ENTRY_OVERHEAD_BYTES", overhead),
    ):
        return asyncio.run(ask_all())


def test_distinct_questions_take_no_more_memory_however_many_there_are():
    assert growth(QUESTIONS, overhead=ENTRY_OVERHEAD_BYTES) < MAY_GROW


def test_entries_weighed_by_their_body_would_fill_the_memory():
    """The control: the test above sees it when an entry weighs what its body does."""
    assert growth(QUESTIONS // 5, overhead=0) > MAY_GROW


def test_what_has_no_slots_is_not_remembered(asked: FreeSlots):
    asyncio.run(ask_about(asked, doctor_id=1))
    assert len(asked._memory) == 0
    asyncio.run(ask_about(asked, doctor_id=2))
    assert len(asked._memory) == 1


async def ask_about(asked: FreeSlots, doctor_id: int) -> None:
    """Ask for the free slots of a coming day."""
    (question,) = islice(questions(doctor_id), doctor_id - 1, None)
    question["query_string"] = b"start_date=2026-11-30&end_date=2026-11-30"
    await asked(Request(question))


def test_a_process_works_on_so_many_keys_at_once():
    keys = KeysInFlight()
    with ExitStack() as held:
        for number in range(MOST_IN_FLIGHT):
            held.enter_context(keys.claimed(1, str(number)))
        with pytest.raises(ServerBusy), keys.claimed(1, "one more"):
            pass
    with keys.claimed(1, "one more"):
        pass
