"""The write queue of SQLite: batches in one transaction, each write behind a savepoint."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from typing_extensions import override

from app.db.batching import Entry
from app.db.database import Database
from app.db.operations import operations_of
from app.db.statements import Row, Statement
from app.db.transactions import SharedTransaction, rows_from
from app.db.write_queue import Batch, QueuedWrite, WriteFn, WriteQueue
from app.domain.errors import DomainError

_SAVEPOINT, _UNDO, _KEEP = (
    Statement(text(f"{command} work")) for command in ("SAVEPOINT", "ROLLBACK TO", "RELEASE")
)


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

    @override
    async def close(self) -> None:
        self._thread.shutdown()

    @override
    async def _write(self, batch: Batch) -> None:
        while batch:
            batch = await self._write_without_the_broken(batch)

    async def _write_without_the_broken(self, batch: Batch) -> Batch:
        """Carry out a group; a work that breaks undoes all of it, and alone is settled then.

        Returns those that have to begin again.
        """
        outcomes: list[tuple[Entry[QueuedWrite], object]] = []
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
                await self._in_thread(session.commit)
        for entry, outcome in outcomes:
            entry.resolve(outcome)
        return again

    async def _in_thread(self, function: Callable[[], object]) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, function)


class SqliteTransaction(SharedTransaction):
    """The transaction of a session, for prepared statements alone."""

    def __init__(self, session: Session) -> None:
        self.info = session.info
        self._operations = operations_of(session)
        connection = session.connection()
        self.dialect = connection.dialect
        self._driver_connection = connection.connection.driver_connection

    @override
    def rows(self, statement: Statement, /, **values: Any) -> list[Row]:
        return rows_from(self._driver_connection, self.dialect, statement, values, self._operations)

    def attempt(self, work: WriteFn[Any]) -> object:
        """What a work returns, or the refusal that it ended with, which undoes it alone."""
        self.rows(_SAVEPOINT)
        try:
            result = work(self)
        except DomainError as refusal:
            self.rows(_UNDO)
            return refusal
        self.rows(_KEEP)
        return result
