"""The reader of SQLite: queries on connections that are kept for it."""

import sqlite3
from collections.abc import Callable
from typing import Any, TypeVar, cast

from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from typing_extensions import override

from app.db.database import Database
from app.db.reader import Reader, read_in_transaction
from app.db.statements import Row, RunQuery, Statement

Result = TypeVar("Result")


class ReadFailed(Exception):  # noqa: N818 - named for what happened, like the domain's errors
    """The database did not answer a query."""


class SqliteReader(Reader):
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

    @override
    def read(self, query: Callable[[RunQuery], Result]) -> Result:
        try:
            return query(self.rows)
        except ReadFailed:
            return read_in_transaction(self._database, query)

    @override
    async def read_async(self, query: Callable[[RunQuery], Result]) -> Result:
        try:
            return query(self.rows)
        except ReadFailed:
            return await run_in_threadpool(self.read, query)

    @override
    async def close(self) -> None:
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
