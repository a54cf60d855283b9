"""Reader: the questions that are asked all the time, outside of any transaction."""

import sqlite3
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol, TypeVar, cast

from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool

from app.core.database import Database
from app.db.batching import Batcher, Entry
from app.db.postgres.lockstep import run_in_lockstep
from app.db.postgres.pool import EventLoopPool
from app.db.statements import DirectTransaction, Row, RunQuery, Statement, execute

Result = TypeVar("Result")


class Reader(Protocol):
    """Answers questions that are made of prepared queries.

    Each query sees what was committed before it began.
    """

    is_immediate: bool
    """Whether an answer takes microseconds, so that nothing is gained by asking for several."""

    def read(self, query: Callable[[RunQuery], Result]) -> Result:
        """The answer to a query, for who runs in a thread."""

    async def read_async(self, query: Callable[[RunQuery], Result]) -> Result:
        """The answer to a query, for who runs in the event loop."""

    async def close(self) -> None:
        """Close the connections."""


def open_reader(database: Database) -> Reader:
    """The reader that suit the engine."""
    is_sqlite = database.engine.dialect.name == "sqlite"
    return SqliteReader(database) if is_sqlite else PostgresReader(database)


class PostgresReader:
    """Asks in the event loop, in step; what fails there is asked again in transactions."""

    is_immediate = False

    def __init__(self, database: Database) -> None:
        self._database = database
        self._pool = EventLoopPool(database.engine.url, size=1, info=database.info)
        self._batcher = Batcher(self._answer_batch)

    def read(self, query: Callable[[RunQuery], Result]) -> Result:
        """As Reader says."""
        return _in_transaction(self._database, query)

    async def read_async(self, query: Callable[[RunQuery], Result]) -> Result:
        """As Reader says."""
        answer: Result = await self._batcher.submit(query)
        return answer

    async def close(self) -> None:
        """As Reader says."""
        await self._pool.close()

    async def _answer_batch(self, batch: list[Entry[Callable[[RunQuery], Any]]]) -> None:
        works = [partial(_ask_as_member, entry.request) for entry in batch]
        try:
            answers = await self._pool.lend(partial(run_in_lockstep, works=works))
        except Exception:  # noqa: BLE001 - it is raised where the answers come from now
            for entry in batch:
                self._batcher.resolve_later(entry, run_in_threadpool(self.read, entry.request))
        else:
            for entry, answer in zip(batch, answers, strict=True):
                entry.resolve(answer)


def _ask_as_member(query: Callable[[RunQuery], Result], transaction: DirectTransaction) -> Result:
    return query(transaction.rows)


class ReadFailed(Exception):  # noqa: N818 - named for what happened, like the domain's errors
    """The database did not answer a lookup."""


class SqliteReader:
    """Asks on connections that are kept for it.

    It asks in the event loop too: SQLite reads what is in memory, or fails at once. Then the
    question is asked again in a transaction, which can wait.
    """

    is_immediate = True

    def __init__(self, database: Database) -> None:
        self._database = database
        self._idle: list[sqlite3.Connection] = []

    def rows(self, statement: Statement, /, **values: Any) -> list[Row]:
        """The rows of a prepared query. Raises ReadFailed."""
        compiled = statement.compiled_for(self._database.engine.dialect)
        try:
            connection = self._idle.pop() if self._idle else self._connect()
        except (sqlite3.Error, SQLAlchemyError) as error:
            raise ReadFailed from error
        try:
            found = compiled.run(connection, values)
        except sqlite3.Error as error:
            connection.close()
            self._close_idle()
            raise ReadFailed from error
        self._idle.append(connection)
        return found

    def read(self, query: Callable[[RunQuery], Result]) -> Result:
        """As Reader says."""
        try:
            return query(self.rows)
        except ReadFailed:
            return _in_transaction(self._database, query)

    async def read_async(self, query: Callable[[RunQuery], Result]) -> Result:
        """As Reader says."""
        try:
            return query(self.rows)
        except ReadFailed:
            return await run_in_threadpool(self.read, query)

    async def close(self) -> None:
        """As Reader says."""
        self._close_idle()

    def _close_idle(self) -> None:
        while self._idle:
            self._idle.pop().close()

    def _connect(self) -> sqlite3.Connection:
        pooled = self._database.engine.raw_connection()
        connection = cast("sqlite3.Connection", pooled.driver_connection)
        pooled.detach()
        connection.execute("PRAGMA busy_timeout = 0")
        return connection


def _in_transaction(database: Database, query: Callable[[RunQuery], Result]) -> Result:
    with database.reading() as session:
        return query(partial(execute, session))
