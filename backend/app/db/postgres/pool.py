"""PostgreSQL from the event loop: for what is asked and written all the time.

A thread for each question, all of them taking turns at the interpreter, costs more than what they
ask for. asyncpg waits in the event loop instead, and takes half the time that psycopg does. The
questions and works stay plain functions: where they wait for an answer, greenlets let others go on.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from functools import lru_cache
from typing import Any, TypeVar, cast
from urllib.parse import urlencode

import asyncpg
from sqlalchemy import URL
from sqlalchemy.dialects.postgresql import asyncpg as dialects
from sqlalchemy.dialects.postgresql import psycopg as dialects_of_libpq
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError, ProgrammingError
from sqlalchemy.util import await_only, greenlet_spawn

from app.db.postgres.engine import STANDBY_WAIT
from app.db.postgres.operations import POSTGRES_OPERATIONS
from app.db.statements import DirectTransaction, Row, Statement
from app.db.timeouts import LOCK_TIMEOUT_SECONDS
from app.domain.errors import OutcomeUnknown

DIALECT = dialects.dialect()  # type: ignore[no-untyped-call]
GOODBYE_SECONDS = 1.0
PLANNING = """
SET plan_cache_mode = force_generic_plan;
SET enable_seqscan = off;
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SET jit = off;
"""  # once, because that takes longer than an answer, and by keys, even while a table is empty
FAILURES = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,  # and with it TimeoutError
)
UNREACHABLE = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
)
CONTENTION = (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError)
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

    A transaction waits for no row longer than `lock_timeout` (as PostgreSQL reads it).

    Nobody asks whether one that was idle still lives: the loop is told when its server goes.
    (asyncpg's own pool gives a connection back in a task of its own, which takes as long as a
    round trip.)
    """

    def __init__(
        self, url: URL, *, size: int, info: dict[Any, Any], lock_timeout: str | None = None
    ) -> None:
        self._options = connection_options(url)
        self._begin = "BEGIN"
        if lock_timeout is not None:
            self._begin += f"; SET LOCAL lock_timeout = '{lock_timeout}'"
        self._info = info
        self._turns = asyncio.Semaphore(size)
        self._idle: list[asyncpg.Connection] = []

    async def lend(self, use: Callable[["LoopTransaction"], Awaitable[Result]]) -> Result:
        """Do something outside of any transaction: each query sees what was committed before.

        Raises DBAPIError, as SQLAlchemy does.
        """
        async with self._connection() as connection:
            return await use(LoopTransaction(connection, self._info))

    async def run(self, work: Callable[[DirectTransaction], Result]) -> Result:
        """Carry out a work in a transaction, which is undone by what it raises.

        Raises OutcomeUnknown, DBAPIError, as `in_transaction`.
        """
        return await self.in_transaction(lambda transaction: greenlet_spawn(work, transaction))

    async def in_transaction(
        self, carry_out: Callable[["LoopTransaction"], Awaitable[Result]]
    ) -> Result:
        """Do something in a transaction, which is undone by what it raises.

        Raises:
            OutcomeUnknown: nobody can tell whether the commit was, or stays, done.
            DBAPIError: as SQLAlchemy does.
        """
        async with self._connection() as connection:
            await _translated(connection.execute(self._begin))
            try:
                result = await carry_out(LoopTransaction(connection, self._info))
            except BaseException as error:
                await _undo(connection)
                if isinstance(error, DBAPIError) and POSTGRES_OPERATIONS.is_failure(error.orig):
                    connection.terminate()  # it may stay as it is when the cause is over
                raise
            await _commit(connection)
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
        async with asyncio.timeout(LOCK_TIMEOUT_SECONDS):
            await self._turns.acquire()

    def _take_idle(self) -> asyncpg.Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                return connection
        return None

    async def _connect(self) -> asyncpg.Connection:
        connection = await asyncpg.connect(**self._options)
        try:
            await connection.execute(PLANNING)
        except BaseException:
            connection.terminate()
            raise
        return connection


class LoopTransaction:
    """A transaction, or single queries, on a connection of the event loop."""

    dialect = DIALECT

    def __init__(self, connection: asyncpg.Connection, info: dict[Any, Any]) -> None:
        self.info = info
        self._connection = connection

    def rows(self, statement: Statement, /, **values: Any) -> list[Row]:
        """Run a prepared statement, in a greenlet. Raises DBAPIError."""
        return await_only(self.fetch(statement, values))

    def rows_for_each(
        self, statement: Statement, many: Iterable[Mapping[str, Any]]
    ) -> list[list[Row]]:
        """Run a statement with each set of values, in a greenlet. Raises DBAPIError."""
        return await_only(self.fetch_for_each(statement, [dict(values) for values in many]))

    async def fetch(self, statement: Statement, values: dict[str, Any]) -> list[Row]:
        """The rows of a prepared statement. Raises DBAPIError."""
        compiled = statement.compiled_for(DIALECT)
        records = await _translated(
            self._connection.fetch(compiled.text, *compiled.in_order(values))
        )
        return compiled.decoded([tuple(record) for record in records])

    async def fetch_for_each(
        self, statement: Statement, many: Sequence[dict[str, Any]]
    ) -> list[list[Row]]:
        """The rows of a prepared statement for each set of values, in one round trip.

        Raises DBAPIError.
        """
        if len(many) == 1:
            return [await self.fetch(statement, many[0])]
        compiled = statement.compiled_for(DIALECT)
        every = [compiled.in_order(values) for values in many]
        answers: list[list[Row]] = [[] for _ in many]
        if compiled.returns_rows:
            numbered = [[*values, number] for number, values in enumerate(every)]
            records = await _translated(
                self._connection.fetchmany(_numbered(compiled.text, len(compiled.names)), numbered)
            )
            for number, *row in records:
                answers[number].append(tuple(row))
        else:
            await _translated(self._connection.executemany(compiled.text, every))
        return [compiled.decoded(rows) for rows in answers]


def is_unreachable(error: DBAPIError) -> bool:
    """Whether the database, or the connection to it, was lost or refused."""
    return isinstance(error.orig, UNREACHABLE)


def is_contention(error: DBAPIError) -> bool:
    """Whether a transaction waited for another's locks for too long, or for ever."""
    return isinstance(error.orig, CONTENTION)


def connection_options(url: URL) -> dict[str, Any]:
    """What asyncpg is told to connect to the same server, or servers, as libpq is by this URL."""
    _, libpq = dialects_of_libpq.dialect().create_connect_args(url)  # type: ignore[no-untyped-call]
    timeout = libpq.pop("connect_timeout", LOCK_TIMEOUT_SECONDS)
    known = {name: value for name, value in libpq.items() if name not in ONLY_LIBPQ_KNOWS}
    return {"dsn": f"postgresql://?{urlencode(known)}", "timeout": float(timeout)}


@lru_cache
def _numbered(text: str, values: int) -> str:
    """A statement with one more value, a number that comes back as the first of each row."""
    number = f"CAST(${values + 1} AS integer)"
    return f"WITH answer AS ({text}) SELECT {number}, answer.* FROM answer"  # noqa: S608 - ours


async def _undo(connection: asyncpg.Connection) -> None:
    """Roll back; a connection that cannot is given up, so that nobody gets it half-way."""
    try:
        await connection.execute("ROLLBACK")
    except FAILURES:
        connection.terminate()


async def _commit(connection: asyncpg.Connection) -> None:
    """Commit, for certain: what would pass for a success or a failure may be neither.

    See `PostgresConnection`, which does the same with psycopg.
    """
    warnings: list[asyncpg.PostgresLogMessage] = []

    def note(_: object, warning: asyncpg.PostgresLogMessage) -> None:
        warnings.append(warning)

    try:
        connection.add_log_listener(note)
        status = await connection.execute("COMMIT")
    except FAILURES as failure:
        if connection.is_closed() or not isinstance(failure, asyncpg.PostgresError):
            connection.terminate()
            raise OutcomeUnknown from failure
        await _undo(connection)
        raise _as_sqlalchemy(failure) from failure
    finally:
        if not connection.is_closed():
            connection.remove_log_listener(note)
    if status != "COMMIT":  # a statement had failed before, and PostgreSQL rolled back
        raise OperationalError(None, None, asyncpg.PostgresError(status), hide_parameters=True)
    if any(warning.server_source_function == STANDBY_WAIT for warning in warnings):
        raise OutcomeUnknown


async def _translated(waiting: Any) -> Any:  # noqa: ANN401
    try:
        return await waiting
    except FAILURES as failure:
        raise _as_sqlalchemy(failure) from failure


def _as_sqlalchemy(failure: BaseException) -> DBAPIError:
    bugs = () if POSTGRES_OPERATIONS.is_failure(failure) else BUGS
    kind = next((kind for cause, kind in bugs if isinstance(failure, cause)), OperationalError)
    return cast("DBAPIError", kind(None, None, failure, hide_parameters=True))
