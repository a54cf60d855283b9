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
    """Runs a batch in one transaction, each function behind a savepoint.

    SQLite has one writer at a time, and syncing a transaction to the disk takes longer than a
    booking: a batch syncs once. The functions run in the event loop, where they take microseconds
    and wait for nothing; a thread of its own waits for the lock and the disk.
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
        """Run a batch; a function that fails undoes all of it, and alone gets its error.

        Returns the entries that have to begin again.
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
    """The transaction of a session, for compiled statements only."""

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
        """What a function returns, or its refusal, which undoes its own writes only."""
        self.rows(_SAVEPOINT)
        try:
            result = work(self)
        except DomainError as refusal:
            self.rows(_UNDO)
            return refusal
        self.rows(_KEEP)
        return result
