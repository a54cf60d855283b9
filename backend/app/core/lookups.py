"""Lookups: the questions that are asked all the time, outside of any transaction."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from functools import partial
from typing import Any, Generic, Protocol, TypeVar, cast

from sqlalchemy.exc import OperationalError, SQLAlchemyError
from starlette.concurrency import run_in_threadpool

from app.core.database import Database
from app.core.postgres import EventLoopPool
from app.core.prepared import Ask, Prepared, Row, rows_in

POOL_SIZE = 4

Result = TypeVar("Result")
Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Lookups(Protocol):
    """Answers questions that are made of prepared queries.

    Each query sees what was committed before it began.
    """

    answers_at_once: bool
    """Whether an answer takes microseconds, so that nothing is gained by asking for several."""

    def answer(self, question: Callable[[Ask], Result]) -> Result:
        """The answer to a question, for who runs in a thread."""

    async def answer_soon(self, question: Callable[[Ask], Result]) -> Result:
        """The answer to a question, for who runs in the event loop."""

    async def close(self) -> None:
        """Close the connections."""


def open_lookups(database: Database) -> Lookups:
    """The lookups that suit the engine."""
    is_sqlite = database.engine.dialect.name == "sqlite"
    return SqliteLookups(database) if is_sqlite else PostgresLookups(database)


class PostgresLookups:
    """Asks in the event loop; what fails there is asked again in a transaction."""

    answers_at_once = False

    def __init__(self, database: Database) -> None:
        self._database = database
        self._pool = EventLoopPool(database.engine.url, size=POOL_SIZE, info=database.info)

    def answer(self, question: Callable[[Ask], Result]) -> Result:
        """As Lookups says."""
        return _in_transaction(self._database, question)

    async def answer_soon(self, question: Callable[[Ask], Result]) -> Result:
        """As Lookups says."""
        try:
            return await self._pool.ask(question)
        except OperationalError:
            return await run_in_threadpool(self.answer, question)

    async def close(self) -> None:
        """As Lookups says."""
        await self._pool.close()


class LookupFailed(Exception):  # noqa: N818 - named for what happened, like the domain's errors
    """The database did not answer a lookup."""


class SqliteLookups:
    """Asks on connections that are kept for it.

    It asks in the event loop too: SQLite reads what is in memory, or fails at once. Then the
    question is asked again in a transaction, which can wait.
    """

    answers_at_once = True

    def __init__(self, database: Database) -> None:
        self._database = database
        self._idle: list[sqlite3.Connection] = []

    def rows(self, prepared: Prepared, /, **values: Any) -> list[Row]:
        """The rows of a prepared query. Raises LookupFailed."""
        form = prepared.form_for(self._database.engine.dialect)
        try:
            connection = self._idle.pop() if self._idle else self._connect()
        except (sqlite3.Error, SQLAlchemyError) as error:
            raise LookupFailed from error
        try:
            found = form.run(connection, values)
        except sqlite3.Error as error:
            connection.close()
            self._close_idle()
            raise LookupFailed from error
        self._idle.append(connection)
        return found

    def answer(self, question: Callable[[Ask], Result]) -> Result:
        """As Lookups says."""
        try:
            return question(self.rows)
        except LookupFailed:
            return _in_transaction(self._database, question)

    async def answer_soon(self, question: Callable[[Ask], Result]) -> Result:
        """As Lookups says."""
        try:
            return question(self.rows)
        except LookupFailed:
            return await run_in_threadpool(self.answer, question)

    async def close(self) -> None:
        """As Lookups says."""
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


def _in_transaction(database: Database, question: Callable[[Ask], Result]) -> Result:
    with database.reading() as session:
        return question(partial(rows_in, session))


class Gatherer(Generic[Key, Value]):
    """Finds in one go what many ask for at the same time.

    Who comes while something is being found is answered by the next time, together with the
    others. That begins after they came, so that nobody is told what was before they asked.
    """

    def __init__(self, find: Callable[[Sequence[Key]], Awaitable[Mapping[Key, Value]]]) -> None:
        self._find = find
        self._waiting: dict[Key, asyncio.Future[Value | None]] = {}
        self._finding: asyncio.Task[None] | None = None

    async def value_of(self, key: Key) -> Value | None:
        """What `find` finds under this key; raises what it raises."""
        found = self._waiting.get(key)
        if found is None:
            found = self._waiting[key] = asyncio.get_running_loop().create_future()
        if self._finding is None:
            self._finding = asyncio.create_task(self._find_all())
        return await asyncio.shield(found)

    async def _find_all(self) -> None:
        while self._waiting:
            asked, self._waiting = self._waiting, {}
            try:
                values = await self._find(list(asked))
            except Exception as error:  # noqa: BLE001 - it is raised where it was asked for
                for found in asked.values():
                    found.set_exception(error)
            else:
                for key, found in asked.items():
                    found.set_result(values.get(key))
        self._finding = None
