"""The shortcut to free slots: the question that is asked most, answered before the router.

Finished answers are remembered for as long as the diary that they were made of stays as it is,
which its revision tells, in one small lookup, across processes and hosts. What is asked in an
unusual way, or cannot be answered here, takes the plain route, `schedules.available_slots`.
"""

import re
import sys
from collections.abc import Sequence
from datetime import date, datetime
from functools import partial
from importlib.metadata import version
from math import inf
from typing import NamedTuple

from cachetools import LRUCache
from sqlalchemy.exc import SQLAlchemyError
from starlette.types import ASGIApp, Receive, Scope, Send

from app.api.v1.schedules import LONGEST_SEARCH, has_long_passed
from app.api.v1.schedules import router as schedules
from app.core.clock import Clock
from app.crud import crud_diary
from app.db.batching import DataLoader
from app.db.reader import Reader
from app.db.statements import RunQuery
from app.domain.booking_limits import BookingLimits
from app.domain.errors import UnknownZone
from app.domain.time.wall_clock import ceil_minute, to_minute
from app.schemas.fields import FIRST_DATE, LARGEST_ID, LAST_DATE
from app.schemas.slots_json import slots_as_json
from app.services.slot_search import SlotSearchResult, search_slots

MEMORY_BYTES = 16 * 1024 * 1024
ENTRY_OVERHEAD_BYTES = 2048
"""What an entry takes beside its texts: objects, headers and its place in the cache."""
VERSION = version("clinic-backend")
ROUTE = next(route for route in schedules.routes if getattr(route, "name", "") == "available_slots")

Key = tuple[str, bytes]
"""A path and a query as they are sent."""

_PATH = re.compile(r"/api/v1/schedules/doctor/([1-9]\d{0,18})/available-slots", re.ASCII)
_QUERY = re.compile(rb"start_date=(\d{4}-\d\d-\d\d)&end_date=(\d{4}-\d\d-\d\d)")


class Question(NamedTuple):
    """A doctor, and two days between which, inclusive, free slots are asked for."""

    doctor_id: int
    first_day: date
    last_day: date


class Answer:
    """An answer as it is sent, and the state of the diary that it was made of.

    It holds from the moment `made_at` until the first of its slots has begun, or the horizon
    moves over its days.
    """

    __slots__ = (
        "body",
        "etag",
        "first_start",
        "headers",
        "headers_if_known",
        "made_at",
        "question",
        "revision",
        "until",
    )

    def __init__(self, question: Question, made_at: datetime, offer: SlotSearchResult) -> None:
        self.question = question
        self.revision = offer.revision
        self.made_at = made_at
        self.first_start = offer.slots[0].start if offer.slots else inf
        self.until = offer.until
        self.body = slots_as_json(offer.slots, offer.zone)
        # The offers of one revision, to one question, differ only in where they begin and end.
        self.etag = f'"{VERSION}.{self.revision:x}.{self.first_start}.{offer.ends}"'.encode()
        self.headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(self.body)).encode()),
            (b"cache-control", b"no-cache"),
            (b"etag", self.etag),
        ]
        self.headers_if_known = self.headers[2:]

    def holds(self, revision: int | None, now: datetime) -> bool:
        return (
            self.revision == revision
            and self.made_at <= now
            and ceil_minute(now) <= self.first_start
            and to_minute(now) < self.until
        )


class FreeSlots:
    """Middleware that answers what it can, and passes on the rest."""

    def __init__(
        self, app: ASGIApp, *, reader: Reader, limits: BookingLimits, clock: Clock
    ) -> None:
        self.app = app
        self._limits = limits
        self._reader = reader
        self._clock = clock
        self._memory: LRUCache[Key, Answer] = LRUCache(MEMORY_BYTES, getsizeof=weight_of)
        self._revisions = DataLoader(self._find_revisions)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "GET":
            answer = await self._find((scope["path"], scope["query_string"]))
            if answer is not None:
                scope["route"] = ROUTE
                await _send(answer, scope, send)
                return
        await self.app(scope, receive, send)

    async def _find(self, key: Key) -> Answer | None:
        now = self._clock()
        known = self._memory.get(key)
        question = known.question if known else _question(*key, now)
        if question is None:
            return None
        try:
            answer = await self._renewed(question, known, now)
        except (SQLAlchemyError, UnknownZone):
            return None
        if answer is not known:
            self._remember(key, answer)
        return answer

    def _remember(self, key: Key, answer: Answer | None) -> None:
        """Keep an answer that has slots; any other is made as fast as it is looked up.

        There are millions of questions without slots: in the past, in years, on days off.
        """
        if answer is not None and answer.first_start != inf:
            self._memory[key] = answer
        else:
            self._memory.pop(key, None)

    async def _renewed(
        self, question: Question, known: Answer | None, now: datetime
    ) -> Answer | None:
        """The known answer as long as it holds, else a new one; None for no such doctor."""
        if known is not None:
            revision = await self._revision_of(question.doctor_id)
            if known.holds(revision, now):
                return known
        return await self._reader.read_async(partial(_made, question, self._limits, now))

    async def _revision_of(self, doctor_id: int) -> int | None:
        if self._reader.is_immediate:
            find = partial(crud_diary.find_revision, doctor_id=doctor_id)
            return await self._reader.read_async(find)
        return await self._revisions.value_of(doctor_id)

    async def _find_revisions(self, doctor_ids: Sequence[int]) -> dict[int, int]:
        find = partial(crud_diary.find_revisions, user_ids=doctor_ids)
        return await self._reader.read_async(find)


def _made(
    question: Question, limits: BookingLimits, now: datetime, query: RunQuery
) -> Answer | None:
    """A new answer; None for no such doctor."""
    offer = search_slots(query, **question._asdict(), limits=limits, now=now)
    return None if offer is None else Answer(question, now, offer)


def weight_of(answer: Answer) -> int:
    """The bytes of memory that an entry of the cache takes, with its key."""
    return sys.getsizeof(answer.body) + ENTRY_OVERHEAD_BYTES


def _question(path: str, query: bytes, now: datetime) -> Question | None:
    """What is asked, when it is this and in the usual way."""
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
    return Question(doctor_id, first, last) if is_usual else None


async def _send(answer: Answer, scope: Scope, send: Send) -> None:
    is_known = any(
        name == b"if-none-match" and (answer.etag in value or value == b"*")
        for name, value in scope["headers"]
    )
    status, headers = (304, answer.headers_if_known) if is_known else (200, answer.headers)
    await send({"type": "http.response.start", "status": status, "headers": list(headers)})
    await send({"type": "http.response.body", "body": b"" if is_known else answer.body})
