"""PostgreSQL from the event loop: for what is asked and written all the time.

A thread for each question, all of them taking turns at the interpreter, costs more than what they
ask for. asyncpg waits in the event loop instead, and takes half the time that psycopg does. The
questions and works stay plain functions: where they wait for an answer, greenlets let others go on.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar, cast
from urllib.parse import urlencode

import asyncpg
from sqlalchemy import URL
from sqlalchemy.dialects.postgresql import asyncpg as dialects
from sqlalchemy.dialects.postgresql import psycopg as dialects_of_libpq
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError, ProgrammingError
from sqlalchemy.util import await_only, greenlet_spawn

from app.core.database import BUSY_TIMEOUT_MS, STANDBY_WAIT
from app.core.prepared import Ask, DirectTransaction, Prepared, Row
from app.domain.errors import OutcomeUnknown

DIALECT = dialects.dialect()  # type: ignore[no-untyped-call]
PATIENCE_SECONDS = BUSY_TIMEOUT_MS / 1000
GOODBYE_SECONDS = 1.0
FAILURES = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,  # and with it TimeoutError
)
BUGS = (
    (asyncpg.IntegrityConstraintViolationError, IntegrityError),
    (asyncpg.SyntaxOrAccessError, ProgrammingError),
    (asyncpg.DataError, DataError),
)
ONLY_LIBPQ_KNOWS = (
    "channel_binding",
    "gssencmode",
    "keepalives",
    "keepalives_count",
    "keepalives_idle",
    "keepalives_interval",
    "load_balance_hosts",
    "tcp_user_timeout",
)

Result = TypeVar("Result")


class EventLoopPool:
    """Connections of one event loop, at most `size`, opened when they are needed.

    Nobody asks whether one that was idle still lives: the loop is told when its server goes.
    (asyncpg's own pool gives a connection back in a task of its own, which takes as long as a
    round trip.)
    """

    def __init__(self, url: URL, *, size: int, info: dict[Any, Any]) -> None:
        self._options = connection_options(url)
        self._info = info
        self._turns = asyncio.Semaphore(size)
        self._idle: list[asyncpg.Connection] = []

    async def ask(self, question: Callable[[Ask], Result]) -> Result:
        """Answer a question; each of its queries sees what was committed before it began.

        Raises DBAPIError, as SQLAlchemy does.
        """
        async with self._connection() as connection:
            transaction = LoopTransaction(connection, self._info)
            return await greenlet_spawn(question, transaction.rows)

    async def run(self, work: Callable[[DirectTransaction], Result]) -> Result:
        """Carry out a work in a transaction, which is undone by what it raises.

        Raises:
            OutcomeUnknown: nobody can tell whether the commit was, or stays, done.
            DBAPIError: as SQLAlchemy does.
        """
        async with self._connection() as connection:
            transaction = connection.transaction()
            await _translated(transaction.start())
            try:
                result = await greenlet_spawn(work, LoopTransaction(connection, self._info))
            except BaseException:
                await _undo(connection, transaction)
                raise
            await _commit(connection, transaction)
            return result

    async def close(self) -> None:
        """Close the connections that nobody uses just now, without waiting for a lost server."""
        while self._idle:
            with suppress(*FAILURES):
                await self._idle.pop().close(timeout=GOODBYE_SECONDS)

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[asyncpg.Connection]:
        await _translated(self._take_turn())
        try:
            connection = self._take_idle() or await _translated(self._connect())
            try:
                yield connection
            except asyncio.CancelledError:
                connection.terminate()  # nobody knows how far it was
                raise
            finally:
                if not connection.is_closed():
                    self._idle.append(connection)
        finally:
            self._turns.release()

    async def _take_turn(self) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await self._turns.acquire()

    def _take_idle(self) -> asyncpg.Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                return connection
        return None

    async def _connect(self) -> asyncpg.Connection:
        """Connect, and let each statement be planned once: that takes longer than an answer."""
        connection = await asyncpg.connect(**self._options)
        await connection.execute("SET plan_cache_mode = force_generic_plan")
        return connection


class LoopTransaction:
    """A transaction, or single queries, on a connection of the event loop."""

    dialect = DIALECT

    def __init__(self, connection: asyncpg.Connection, info: dict[Any, Any]) -> None:
        self.info = info
        self._connection = connection

    def rows(self, prepared: Prepared, /, **values: Any) -> list[Row]:
        """Run a prepared statement, in a greenlet. Raises DBAPIError."""
        form = prepared.form_for(DIALECT)
        try:
            records = await_only(self._connection.fetch(form.text, *form.in_order(values)))
        except FAILURES as failure:
            raise _as_sqlalchemy(failure) from failure
        return form.decoded([tuple(record) for record in records])


def connection_options(url: URL) -> dict[str, Any]:
    """What asyncpg is told to connect to the same server, or servers, as libpq is by this URL."""
    _, libpq = dialects_of_libpq.dialect().create_connect_args(url)  # type: ignore[no-untyped-call]
    timeout = libpq.pop("connect_timeout", PATIENCE_SECONDS)
    known = {name: value for name, value in libpq.items() if name not in ONLY_LIBPQ_KNOWS}
    return {"dsn": f"postgresql://?{urlencode(known)}", "timeout": float(timeout)}


async def _undo(connection: asyncpg.Connection, transaction: Any) -> None:  # noqa: ANN401
    """Roll back; a connection that cannot is given up, so that nobody gets it half-way."""
    try:
        await transaction.rollback()
    except FAILURES:
        connection.terminate()


async def _commit(connection: asyncpg.Connection, transaction: Any) -> None:  # noqa: ANN401
    """Commit, for certain: what would pass for a success or a failure may be neither.

    See `PostgresConnection`, which does the same with psycopg.
    """
    warnings: list[asyncpg.PostgresLogMessage] = []

    def note(_: object, warning: asyncpg.PostgresLogMessage) -> None:
        warnings.append(warning)

    connection.add_log_listener(note)
    try:
        await transaction.commit()
    except FAILURES as failure:
        if connection.is_closed():
            raise OutcomeUnknown from failure
        await _undo(connection, transaction)
        raise _as_sqlalchemy(failure) from failure
    finally:
        connection.remove_log_listener(note)
    if any(warning.server_source_function == STANDBY_WAIT for warning in warnings):
        raise OutcomeUnknown


async def _translated(waiting: Any) -> Any:  # noqa: ANN401
    try:
        return await waiting
    except FAILURES as failure:
        raise _as_sqlalchemy(failure) from failure


def _as_sqlalchemy(failure: BaseException) -> DBAPIError:
    kind = next((kind for cause, kind in BUGS if isinstance(failure, cause)), OperationalError)
    return cast("DBAPIError", kind(None, None, failure, hide_parameters=True))
