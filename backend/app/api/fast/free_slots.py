"""The fast path to free slots, with a memory of finished answers.

An answer is remembered for as long as the diary that it was made of stays as it is: the diary's
revision says so, in one query by key, across processes and hosts.
"""

import re
import sys
from collections.abc import Sequence
from datetime import date, datetime
from functools import partial
from math import inf
from typing import NamedTuple

from cachetools import LRUCache
from fastapi import Request
from sqlalchemy.exc import SQLAlchemyError
from starlette.types import ASGIApp

from app.api.v1.schedules import LONGEST_SEARCH, has_long_passed
from app.api.v1.slots_answer import SlotsAnswer
from app.core.clock import Clock
from app.crud import crud_diary
from app.db.batching import DataLoader
from app.db.reader import Reader
from app.db.statements import RunQuery
from app.domain.booking_limits import BookingLimits
from app.domain.errors import UnknownZone
from app.domain.time.wall_clock import ceil_minute, to_minute
from app.schemas.fields import FIRST_DATE, LARGEST_ID, LAST_DATE
from app.services.slot_search import SlotSearchResult, search_slots

MEMORY_BYTES = 16 * 1024 * 1024
ENTRY_OVERHEAD_BYTES = 2048
"""What an entry takes beside its texts: objects, headers and its place in the cache."""

Key = tuple[str, bytes]
"""A path and a query as they are sent."""

_PATH = re.compile(r"/api/v1/schedules/doctor/([1-9]\d{0,18})/available-slots", re.ASCII)
_QUERY = re.compile(rb"start_date=(\d{4}-\d\d-\d\d)&end_date=(\d{4}-\d\d-\d\d)")


class SlotQuery(NamedTuple):
    """A doctor, and two days, inclusive, between which free slots are searched."""

    doctor_id: int
    first_day: date
    last_day: date


class RememberedAnswer:
    """An answer, and the state of the diary that it was made of.

    It holds from the moment `made_at` until the first of its slots has begun, or the horizon
    moves over its days.
    """

    __slots__ = ("answer", "first_start", "made_at", "revision", "slot_query", "until")

    def __init__(self, slot_query: SlotQuery, made_at: datetime, found: SlotSearchResult) -> None:
        self.slot_query = slot_query
        self.revision = found.revision
        self.made_at = made_at
        self.first_start = found.slots[0].start if found.slots else inf
        self.until = found.until
        self.answer = SlotsAnswer(found)

    def holds(self, revision: int | None, now: datetime) -> bool:
        return (
            self.revision == revision
            and self.made_at <= now
            and ceil_minute(now) <= self.first_start
            and to_minute(now) < self.until
        )


class FreeSlots:
    """Answers searches in their usual form, and declines all others."""

    def __init__(self, *, reader: Reader, limits: BookingLimits, clock: Clock) -> None:
        self._limits = limits
        self._reader = reader
        self._clock = clock
        self._memory: LRUCache[Key, RememberedAnswer] = LRUCache(MEMORY_BYTES, getsizeof=weight_of)
        self._revisions = DataLoader(self._find_revisions)

    async def __call__(self, request: Request) -> ASGIApp | None:
        key = request.scope["path"], request.scope["query_string"]
        now = self._clock()
        known = self._memory.get(key)
        slot_query = known.slot_query if known else _slot_query(*key, now)
        if slot_query is None:
            return None
        try:
            remembered = await self._renewed(slot_query, known, now)
        except (SQLAlchemyError, UnknownZone):
            return None
        if remembered is not known:
            self._remember(key, remembered)
        return None if remembered is None else remembered.answer

    def _remember(self, key: Key, remembered: RememberedAnswer | None) -> None:
        """Keep an answer that has slots; any other is made as fast as it is looked up.

        There are millions of searches without slots: in the past, in years, on days off.
        """
        if remembered is not None and remembered.first_start != inf:
            self._memory[key] = remembered
        else:
            self._memory.pop(key, None)

    async def _renewed(
        self, slot_query: SlotQuery, known: RememberedAnswer | None, now: datetime
    ) -> RememberedAnswer | None:
        """The known answer as long as it holds, else a new one; None for no such doctor."""
        if known is not None:
            revision = await self._revision_of(slot_query.doctor_id)
            if known.holds(revision, now):
                return known
        return await self._reader.read_async(partial(_made, slot_query, self._limits, now))

    async def _revision_of(self, doctor_id: int) -> int | None:
        if self._reader.is_immediate:
            find = partial(crud_diary.find_revision, doctor_id=doctor_id)
            return await self._reader.read_async(find)
        return await self._revisions.value_of(doctor_id)

    async def _find_revisions(self, doctor_ids: Sequence[int]) -> dict[int, int]:
        find = partial(crud_diary.find_revisions, user_ids=doctor_ids)
        return await self._reader.read_async(find)


def _made(
    slot_query: SlotQuery, limits: BookingLimits, now: datetime, query: RunQuery
) -> RememberedAnswer | None:
    """A new answer; None for no such doctor."""
    found = search_slots(query, **slot_query._asdict(), limits=limits, now=now)
    return None if found is None else RememberedAnswer(slot_query, now, found)


def weight_of(remembered: RememberedAnswer) -> int:
    """The bytes of memory that an entry of the cache takes, with its key."""
    return sys.getsizeof(remembered.answer.body) + ENTRY_OVERHEAD_BYTES


def _slot_query(path: str, query: bytes, now: datetime) -> SlotQuery | None:
    """The search that a path and a query mean, in their usual form."""
    address, days = _PATH.fullmatch(path), _QUERY.fullmatch(query)
    if address is None or days is None:
        return None
    doctor_id = int(address[1])
    try:
        first, last = (date.fromisoformat(day.decode()) for day in days.groups())
    except ValueError:
        return None
    is_range = FIRST_DATE <= first <= last <= LAST_DATE and last - first < LONGEST_SEARCH
    is_usual = is_range and not has_long_passed(last, now) and doctor_id <= LARGEST_ID
    return SlotQuery(doctor_id, first, last) if is_usual else None
