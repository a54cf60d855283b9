"""Short transactions that many people want at the same time, such as bookings."""

import asyncio
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.core.database import Database
from app.db.batching import Batcher, Entry
from app.db.postgres.lockstep import run_in_lockstep
from app.db.postgres.pool import EventLoopPool, is_contention, is_unreachable
from app.db.statements import (
    BeforeCommit,
    DirectTransaction,
    Row,
    SharedTransaction,
    Statement,
    rows_from,
)
from app.domain.errors import DomainError, OutcomeUnknown

POOL_SIZE = 3
SHORT_LOCK_TIMEOUT = "250ms"  # a quarter of what PostgreSQL waits before it looks for a deadlock

_SAVEPOINT, _UNDO, _KEEP = (
    Statement(text(f"{command} work")) for command in ("SAVEPOINT", "ROLLBACK TO", "RELEASE")
)

Result = TypeVar("Result")
WriteFn = Callable[[DirectTransaction], Result]


class _QueuedWrite(NamedTuple):
    work: WriteFn[Any]
    lock_key: int


Batch = list[Entry[_QueuedWrite]]


class WriteQueue(ABC):
    """Carries out short works of prepared statements, each as if in a transaction of its own.

    Those that came while others were written are written together. A work that must not be undone
    by a refusal does not belong here.
    """

    def __init__(self, *, lingers: bool = False) -> None:
        self._batcher = Batcher(self._write, lingers=lingers)

    async def submit(self, work: WriteFn[Result], *, lock_key: int = 0) -> Result:
        """What the work returns, once it is durable. Raises what it raises, which undoes it.

        PostgreSQL takes works that go together by their `order`: those that may wait for each
        other's rows touch them in the same order in every batch. A work is carried out even when
        nobody waits for it any more.

        Raises:
            OutcomeUnknown: nobody can tell whether the work was, or stays, kept.
            OperationalError: the database cannot be had, or it was not begun for ten seconds.
        """
        result: Result = await self._batcher.submit(_QueuedWrite(work, lock_key))
        return result

    @abstractmethod
    async def close(self) -> None:
        """Let go of the writer's thread, or connections."""

    @abstractmethod
    async def _write(self, batch: Batch) -> None:
        """Carry out a group and resolve it; raises what kept all of it from being kept."""


def open_write_queue(database: Database) -> WriteQueue:
    """The writer that suits the engine."""
    is_sqlite = database.engine.dialect.name == "sqlite"
    return SqliteWriteQueue(database) if is_sqlite else PostgresWriteQueue(database)


class PostgresWriteQueue(WriteQueue):
    """Carries out a group in step, in one transaction: round trips and the commit serve them all.

    What cannot go together, because a work breaks or waits for somebody's lock, goes alone.
    """

    def __init__(self, database: Database) -> None:
        super().__init__()
        connect = partial(EventLoopPool, database.engine.url, info=database.info)
        self._together = connect(size=1, lock_timeout=SHORT_LOCK_TIMEOUT)
        self._alone = connect(size=POOL_SIZE, lock_timeout=SHORT_LOCK_TIMEOUT)
        self._patient = connect(size=POOL_SIZE)

    async def close(self) -> None:
        """As WriteQueue says."""
        for pool in (self._together, self._alone, self._patient):
            await pool.close()

    async def _write(self, batch: Batch) -> None:
        """As WriteQueue says."""
        batch = sorted(batch, key=lambda entry: entry.request.lock_key)
        works = [entry.request.work for entry in batch]
        try:
            outcomes = await self._together.in_transaction(partial(run_in_lockstep, works=works))
        except OutcomeUnknown:
            raise
        except Exception as error:
            if isinstance(error, OperationalError) and is_unreachable(error):
                raise
            for entry in batch:
                self._batcher.resolve_later(entry, self._go_alone(entry.request.work))
        else:
            for entry, outcome in zip(batch, outcomes, strict=True):
                entry.resolve(outcome)

    async def _go_alone(self, work: WriteFn[Any]) -> object:
        """Carry out a work by itself. Who waits for a lock keeps nobody from a connection."""
        try:
            return await self._alone.run(work)
        except OperationalError as error:
            if not is_contention(error):
                raise
        return await self._patient.run(work)


class SqliteWriteQueue(WriteQueue):
    """Carries out a group in one transaction, each work behind a savepoint.

    SQLite writes for one at a time, and to make a transaction durable takes it longer than a
    booking: a group waits for the disk once. The works run in the event loop, where they take
    microseconds and wait for nothing; what waits, for the lock and for the disk, does so in a
    thread of its own.
    """

    def __init__(self, database: Database) -> None:
        super().__init__(lingers=True)
        self._database = database
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="writer")

    async def close(self) -> None:
        """As WriteQueue says."""
        self._thread.shutdown()

    async def _write(self, batch: Batch) -> None:
        """As WriteQueue says."""
        while batch:
            batch = await self._write_without_the_broken(batch)

    async def _write_without_the_broken(self, batch: Batch) -> Batch:
        """Carry out a group; a work that breaks undoes all of it, and alone is settled then.

        Returns those that have to begin again.
        """
        outcomes: list[tuple[Entry[_QueuedWrite], object]] = []
        again: Batch = []
        with self._database.session() as session:
            await self._in_thread(session.connection)
            transaction = SqliteTransaction(session)
            for entry in batch:
                try:
                    outcomes.append((entry, transaction.attempt(entry.request.work)))
                except OperationalError:
                    raise
                except Exception as error:  # noqa: BLE001 - it is raised where the work was given
                    outcomes = [(entry, error)]
                    again = [other for other in batch if other is not entry]
                    break
                await asyncio.sleep(0)  # others are answered in between
            else:
                transaction.run_hooks()
                await self._in_thread(session.commit)
        for entry, outcome in outcomes:
            entry.resolve(outcome)
        return again

    async def _in_thread(self, function: Callable[[], object]) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, function)


class SqliteTransaction(SharedTransaction):
    """The transaction of a session, for prepared statements alone."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.info = session.info
        connection = session.connection()
        self.dialect = connection.dialect
        self._driver_connection = connection.connection.driver_connection

    def rows(self, statement: Statement, /, **values: Any) -> list[Row]:
        """As DirectTransaction says."""
        return rows_from(self._driver_connection, self.dialect, statement, values)

    def attempt(self, work: WriteFn[Any]) -> object:
        """What a work returns, or the refusal that it ended with, which undoes it alone."""
        before = len(self._hooks)
        self.rows(_SAVEPOINT)
        try:
            result = work(self)
        except DomainError as refusal:
            self.rows(_UNDO)
            del self._hooks[before:]
            return refusal
        self.rows(_KEEP)
        return result

    def run_hooks(self) -> None:
        """Do what was to be done at the end. Raises DBAPIError."""
        items_of: defaultdict[BeforeCommit, list[Any]] = defaultdict(list)
        for hook, items in self._hooks:
            items_of[hook] += items
        for hook, all_items in items_of.items():
            hook(self, all_items)
