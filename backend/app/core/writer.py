"""Short transactions that many people want at the same time, such as bookings."""

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, NamedTuple, Protocol, TypeVar

from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.core.database import Database
from app.core.postgres import EventLoopPool
from app.core.prepared import Prepared, Transaction, rows_in
from app.domain.errors import DomainError

LARGEST_GROUP = 64
POOL_SIZE = 5

_SAVEPOINT, _UNDO, _KEEP = (
    Prepared(text(f"{command} work")) for command in ("SAVEPOINT", "ROLLBACK TO", "RELEASE")
)

Result = TypeVar("Result")
Work = Callable[[Transaction], Result]


class Writer(Protocol):
    """Carries out short works of prepared statements, each in a transaction or as if in one.

    A work that must not be undone by a refusal does not belong here.
    """

    async def run(self, work: Work[Result]) -> Result:
        """What the work returns, once it is durable. Raises what it raises, which undoes it."""

    async def close(self) -> None:
        """Let go of the writer's thread, or connections."""


def open_writer(database: Database) -> Writer:
    """The writer that suits the engine."""
    is_sqlite = database.engine.dialect.name == "sqlite"
    return GroupingWriter(database) if is_sqlite else ConcurrentWriter(database)


class ConcurrentWriter:
    """Gives each work a transaction of its own: PostgreSQL lets many write at once."""

    def __init__(self, database: Database) -> None:
        self._pool = EventLoopPool(database.engine.url, size=POOL_SIZE, info=database.info)

    async def run(self, work: Work[Result]) -> Result:
        """As Writer says. Raises OutcomeUnknown, DBAPIError."""
        return await self._pool.run(work)

    async def close(self) -> None:
        """As Writer says."""
        await self._pool.close()


class _Entry(NamedTuple):
    work: Work[Any]
    outcome: asyncio.Future[Any]


class GroupingWriter:
    """Carries out the works that came together in one transaction, each behind a savepoint.

    SQLite writes for one at a time, and to make a transaction durable takes it longer than a
    booking: a group waits for the disk once. The works run in the event loop, where they take
    microseconds and wait for nothing; what waits, for the lock and for the disk, does so in a
    thread of its own.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="writer")
        self._waiting: deque[_Entry] = deque()
        self._writing: asyncio.Task[None] | None = None

    async def run(self, work: Work[Result]) -> Result:
        """As Writer says. The work is carried out even when nobody waits for it any more."""
        outcome: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Entry(work, outcome))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())
        return await asyncio.shield(outcome)

    async def close(self) -> None:
        """As Writer says."""
        self._thread.shutdown()

    async def _write(self) -> None:
        while self._waiting:
            size = min(len(self._waiting), LARGEST_GROUP)
            group = [self._waiting.popleft() for _ in range(size)]
            try:
                await self._write_group(group)
            except Exception as error:  # noqa: BLE001 - it is raised where the works were given
                for entry in group:
                    entry.outcome.set_exception(error)
        self._writing = None

    async def _write_group(self, group: list[_Entry]) -> None:
        """Carry out a group, and settle the outcomes; raises what kept all of it from being kept.

        A work that breaks undoes the transaction for all. The others are begun again without it.
        """
        settle: list[Callable[[], None]] = []
        again: list[_Entry] = []
        with self._database.session() as session:
            await self._in_thread(session.connection)
            for entry in group:
                try:
                    settle.append(_attempt(session, entry))
                except OperationalError:
                    raise
                except Exception as error:  # noqa: BLE001 - it is raised where the work was given
                    settle = [partial(entry.outcome.set_exception, error)]
                    again = [other for other in group if other is not entry]
                    break
                await asyncio.sleep(0)  # others are answered in between
            else:
                await self._in_thread(session.commit)
        for each in settle:
            each()
        self._waiting.extendleft(reversed(again))

    async def _in_thread(self, function: Callable[[], object]) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, function)


def _attempt(session: Session, entry: _Entry) -> Callable[[], None]:
    """Do a work, which a refusal undoes alone; how to settle its outcome once it is durable."""
    rows_in(session, _SAVEPOINT)
    try:
        result = entry.work(session)
    except DomainError as refusal:
        rows_in(session, _UNDO)
        return partial(entry.outcome.set_exception, refusal)
    rows_in(session, _KEEP)
    return partial(entry.outcome.set_result, result)
