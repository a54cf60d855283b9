"""What many want at the same time, done together."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy.exc import OperationalError

from app.db.timeouts import LOCK_TIMEOUT_SECONDS

LARGEST_BATCH = 64

Request = TypeVar("Request")
Key = TypeVar("Key")
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True, eq=False)
class Entry(Generic[Request]):
    """What somebody wants, what will come of it, and until when a group must have begun."""

    request: Request
    outcome: asyncio.Future[Any]
    deadline: float

    def resolve(self, outcome: object) -> None:
        """Tell what came of it: an exception is raised where it was wanted.

        Nobody is told who has gone away, or has been told before.
        """
        if self.outcome.done():
            return
        if isinstance(outcome, Exception):
            self.outcome.set_exception(outcome)
        else:
            self.outcome.set_result(outcome)


class Batcher(Generic[Request]):
    """Handles requests in batches: those that arrive while one is handled form the next one.

    `handle` settles the entries of a group; what it raises is told to all that it has not settled.
    One that `lingers` begins a group only when a turn of the event loop has brought nobody else:
    for where nothing can be done for others while a group is handled.
    """

    def __init__(
        self, handle: Callable[[list[Entry[Request]]], Awaitable[None]], *, lingers: bool = False
    ) -> None:
        self._handle = handle
        self._lingers = lingers
        self._is_idle = True
        self._waiting: deque[Entry[Request]] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._watch: asyncio.TimerHandle | None = None

    async def submit(self, request: Request) -> Any:  # noqa: ANN401 - the owner knows what it is
        """What comes of a request, which is handled even when nobody waits for it any more.

        Raises what `handle` settles it with, and OperationalError when its group does not begin
        within LOCK_TIMEOUT_SECONDS.
        """
        loop = asyncio.get_running_loop()
        entry = Entry(request, loop.create_future(), loop.time() + LOCK_TIMEOUT_SECONDS)
        self._waiting.append(entry)
        if self._is_idle:
            self._is_idle = False
            self._begin(self._handle_groups())
        if self._watch is None:
            self._watch = loop.call_at(entry.deadline, self._give_up)
        return await entry.outcome

    def resolve_later(self, entry: Entry[Request], outcome: Coroutine[Any, Any, object]) -> None:
        """Settle an entry with what is still to come; the next group does not wait for it."""
        self._begin(_resolve(entry, outcome))

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Run a task that somebody holds on to."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _handle_groups(self) -> None:
        while self._waiting:
            if self._lingers:
                await self._linger()
            size = min(len(self._waiting), LARGEST_BATCH)
            batch = [self._waiting.popleft() for _ in range(size)]
            try:
                await self._handle(batch)
            except Exception as error:  # noqa: BLE001 - it is raised where it was wanted
                for entry in batch:
                    entry.resolve(error)
        self._is_idle = True

    async def _linger(self) -> None:
        before = 0
        while before < len(self._waiting) < LARGEST_BATCH:
            before = len(self._waiting)
            await asyncio.sleep(0)

    def _give_up(self) -> None:
        """Tell those whose time is over, and come again when that of the next one is."""
        loop = asyncio.get_running_loop()
        while self._waiting and self._waiting[0].deadline <= loop.time():
            error = OperationalError(None, None, TimeoutError(), hide_parameters=True)
            self._waiting.popleft().resolve(error)
        oldest = self._waiting[0].deadline if self._waiting else None
        self._watch = None if oldest is None else loop.call_at(oldest, self._give_up)


async def _resolve(entry: Entry[Any], outcome: Coroutine[Any, Any, object]) -> None:
    try:
        entry.resolve(await outcome)
    except Exception as error:  # noqa: BLE001 - it is raised where it was wanted
        entry.resolve(error)


class DataLoader(Generic[Key, Value]):
    """Finds in one go what many ask for at the same time.

    It is looked for after they asked, so that nobody is told what was before.
    """

    def __init__(self, find: Callable[[Sequence[Key]], Awaitable[Mapping[Key, Value]]]) -> None:
        self._find = find
        self._batcher = Batcher(self._find_all)

    async def value_of(self, key: Key) -> Value | None:
        """What `find` finds under this key; raises what it raises."""
        value: Value | None = await self._batcher.submit(key)
        return value

    async def _find_all(self, entries: list[Entry[Key]]) -> None:
        values = await self._find(list(dict.fromkeys(entry.request for entry in entries)))
        for entry in entries:
            entry.resolve(values.get(entry.request))
