"""The database: engine, transactions, and how it refuses an overlap.

With `columns`, `prepared`, `reader`, `writer` and `postgres` beside it the only one, but for the
migrations, that knows which engine runs.
"""

import hashlib
import hmac
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any, cast

import psycopg
from sqlalchemy import (
    URL,
    ColumnElement,
    Connection,
    Dialect,
    Engine,
    ExceptionContext,
    Table,
    UpdateBase,
    create_engine,
    event,
    func,
    make_url,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

from app.core.config import Settings
from app.db.columns import Base
from app.db.failures import is_failure
from app.db.sqlite.opening import create_private_file, existing_file
from app.db.statements import Parameter, Statement, Transaction, dialect_of, execute, parameters_for
from app.domain.errors import DomainError, OutcomeUnknown

LOCK_TIMEOUT_SECONDS = 10.0  # for a lock, a connection, or one's turn
MIGRATION_SECONDS = 600  # for others who migrate, which takes long where there is much
CONNECTIONS_PER_THREAD = 2  # one to read on, and one to record that
SPARE_THREADS = 2  # logins are checked and committed outside of the pool of threads
CONFLICT_SQLSTATES = {"23505", "23P01"}
CONFLICT_SQLITE_ERRORS = {"SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_TRIGGER"}

DELETED_AT_ONCE = 100

BEGIN_WRITING = "BEGIN IMMEDIATE"
STANDBY_WAIT = "SyncRepWaitForLSN"  # the function of PostgreSQL that warns when it is cancelled

_TRY_LOCK = Statement(select(func.pg_try_advisory_xact_lock(Parameter("key"))))

AUDIT_KEY = "audit_key"  # in `Session.info`: what the records of the audit log are signed with


def open_database(settings: Settings) -> "Database":
    """The database of these settings; the audit log is signed with a key from SECRET_KEY."""
    secret = settings.secret_key.get_secret_value().encode()
    audit_key = hmac.new(secret, b"audit", "sha256").digest()
    return Database(
        settings.database_url,
        audit_key=audit_key,
        pool_size=CONNECTIONS_PER_THREAD * (settings.worker_threads + SPARE_THREADS),
    )


class Database:
    """One engine with two kinds of transactions: those that only read, and those that write."""

    def __init__(self, url: str, *, audit_key: bytes = b"unsigned", pool_size: int = 8) -> None:
        self.engine = make_engine(url, pool_size=pool_size)
        self.info = {AUDIT_KEY: audit_key}
        self._reader = self.engine.execution_options(sqlite_begin="BEGIN")

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A transaction that only reads. Never waits for a writer."""
        with Session(self._reader, expire_on_commit=False, info=self.info) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A transaction that writes, ended as `concluding` says."""
        with self.session() as session, concluding(session):
            yield session

    def session(self) -> Session:
        """A session whose transaction writes, for those who end it themselves."""
        return Session(self.engine, expire_on_commit=False, info=self.info)

    def close(self) -> None:
        self.engine.dispose()


@contextmanager
def concluding(*sessions: Session) -> Iterator[None]:
    """Commit what was written in the block; what it raises undoes it.

    A refusal that keeps its changes is committed too.
    """
    try:
        yield
    except BaseException as error:
        commit_on_error = isinstance(error, DomainError) and error.commit_on_error
        for session in sessions:
            (session.commit if commit_on_error else session.rollback)()
        raise
    for session in sessions:
        session.commit()


def make_engine(url: str, *, pool_size: int = 8, migrates: bool = False) -> Engine:
    """An engine for `sqlite:///file` or `postgresql://…`, with the settings each one needs.

    Only one that `migrates` makes a SQLite file, and its folder, where there is none; and it waits
    long for others who do.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        if not parsed.database or parsed.database == ":memory:":
            raise ValueError("DATABASE_URL must name a file: sqlite:///path/to/clinic.db")
        engine = _sqlite_engine(parsed)
        if migrates:
            create_private_file(Path(parsed.database))
            event.listen(engine, "connect", _wait_for_migrations)
        return engine
    driver = parsed.set(drivername="postgresql+psycopg")
    engine = create_engine(
        driver,
        hide_parameters=True,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=LOCK_TIMEOUT_SECONDS,
        pool_pre_ping=True,
    )
    event.listen(engine, "do_connect", _connect_to_postgresql)
    event.listen(engine, "handle_error", _name_failure, retval=True)
    event.listen(engine, "handle_error", _name_unknown_outcome, retval=True)
    return engine


class UnconfirmedCommitError(psycopg.OperationalError):
    """A commit that may or may not have happened, or that a failover may undo."""


class PostgresConnection(psycopg.Connection[Any]):
    """Raises UnconfirmedCommitError where psycopg would take a commit for done, or for undone.

    A backend that is cancelled while it waits for its synchronous standby reports success, with
    a warning that only its source tells from others: the text is translated. And when the
    connection breaks, the server may have committed before it could say so.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._is_replicated = True
        self.add_notice_handler(self._look_at)

    def commit(self) -> None:
        self._is_replicated = True
        try:
            super().commit()
        except psycopg.OperationalError as error:
            if self.closed:
                raise UnconfirmedCommitError(*error.args) from error
            raise
        if not self._is_replicated:
            raise UnconfirmedCommitError("the wait for the synchronous standby was cancelled")

    def _look_at(self, notice: psycopg.errors.Diagnostic) -> None:
        if notice.source_function == STANDBY_WAIT:
            self._is_replicated = False


def _connect_to_postgresql(
    _: Dialect, __: ConnectionPoolEntry, arguments: tuple[Any, ...], options: dict[str, Any]
) -> PostgresConnection:
    return PostgresConnection.connect(*arguments, **options)


def _name_unknown_outcome(context: ExceptionContext) -> OutcomeUnknown | None:
    unknown = isinstance(context.original_exception, UnconfirmedCommitError)
    return OutcomeUnknown() if unknown else None


def _name_failure(context: ExceptionContext) -> OperationalError | None:
    """A failure of the database under the name that all of them have.

    Its connections are given up, because they may go on as they are when the cause is over.
    """
    original = context.original_exception
    if not is_failure(original):
        return None
    context.is_disconnect = True
    return OperationalError(context.statement, None, original, hide_parameters=True)


def _sqlite_engine(url: URL) -> Engine:
    engine = create_engine(url, hide_parameters=True, max_overflow=-1)
    event.listen(engine, "do_connect", _open_sqlite_file)
    event.listen(engine, "handle_error", _name_failure, retval=True)
    event.listen(engine, "connect", _prepare_sqlite_connection)
    turns = SqliteTurns()
    event.listen(engine, "begin", turns.begin)
    event.listen(engine, "checkin", turns.end)
    return engine


def _open_sqlite_file(
    _: Dialect, __: ConnectionPoolEntry, arguments: list[Any], options: dict[str, Any]
) -> None:
    arguments[0] = existing_file(Path(arguments[0]))
    options["uri"] = True


def _prepare_sqlite_connection(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # BEGIN is ours: see SqliteTurns
    for setting in (
        f"busy_timeout = {LOCK_TIMEOUT_SECONDS * 1000:.0f}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
    ):
        connection.execute(f"PRAGMA {setting}")
    _, _, file = connection.execute("PRAGMA database_list").fetchone()
    if litestream_folder(Path(file)).exists():
        # Litestream moves what is in the write-ahead log to the file, after it has copied it. Where
        # a commit of ours does so at the same moment, the replica lacks pages, and does not say so.
        connection.execute("PRAGMA wal_autocheckpoint = 0")


def _wait_for_migrations(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
    connection.execute(f"PRAGMA busy_timeout = {MIGRATION_SECONDS * 1000}")


def litestream_folder(file: Path) -> Path:
    """Where Litestream keeps its notes of a SQLite file that it replicates."""
    return file.with_name(f".{file.name}-litestream")


class SqliteTurns:
    """Lets the threads of one process write in turn, each until its connection is given back.

    SQLite has those that find its lock taken sleep and try again, which starves them for seconds;
    waiting for a lock of our own ends in the moment in which it is free.
    """

    def __init__(self) -> None:
        self._turn = Lock()

    def begin(self, connection: Connection) -> None:
        """Take the write lock at once, so that what a writer has read stays true until it ends."""
        begin = connection.get_execution_options().get("sqlite_begin", BEGIN_WRITING)
        if begin == BEGIN_WRITING and not connection.info.get(self):
            connection.info[self] = self._turn.acquire(timeout=LOCK_TIMEOUT_SECONDS)
        connection.exec_driver_sql(begin)

    def end(self, _: object, record: ConnectionPoolEntry) -> None:
        """Let the next one write, when a connection goes back to the pool."""
        if record.info.pop(self, False):
            self._turn.release()


def insert_unless_refused(
    session: Transaction,
    model: type[Base],
    values: dict[str, Any],
    *,
    where: ColumnElement[bool] | None = None,
    **where_values: Any,
) -> int | None:
    """Insert a row and return its id, or None when a unique or overlap guard refused it.

    Nothing is inserted either unless the condition `where` holds, whose parameters are
    `where_values` and the columns.

    PostgreSQL takes `ON CONFLICT DO NOTHING`, because plain inserts against an exclusion
    constraint deadlock under contention; the triggers of SQLite raise.
    """
    table = cast("Table", model.__table__)
    insert = _insert_unless_refused(table, frozenset(values), where, _is_sqlite(session))
    try:
        inserted = execute(session, insert, **values, **where_values)
    except IntegrityError as error:
        if _is_conflict(error):
            return None
        raise
    return inserted[0][0] if inserted else None


def update_unless_refused(session: Session, statement: UpdateBase) -> bool:
    """Run an update; False, and nothing changed, when a unique or overlap guard refused it."""
    try:
        with session.begin_nested():
            session.execute(statement)
    except IntegrityError as error:
        if _is_conflict(error):
            return False
        raise
    return True


def delete_some(session: Session, model: type[Base], *where: ColumnElement[bool]) -> None:
    """Delete at most `DELETED_AT_ONCE` rows, but none that another transaction has locked.

    For tables that are cleaned in passing: each call takes a bounded time and waits for nobody, and
    deletes more rows than the request that makes it adds.
    """
    table = cast("Table", model.__table__)
    some = select(table.c.id).where(*where).limit(DELETED_AT_ONCE)
    found = some.with_for_update(skip_locked=True).scalar_subquery()
    session.execute(table.delete().where(table.c.id.in_(found)))


def try_lock(session: Transaction, name: str) -> bool:
    """Take a lock of this name until the end of the transaction; False when another has it.

    On SQLite there is only one writing transaction at a time: whoever gets this far has it.
    """
    if _is_sqlite(session):
        return True
    ((is_ours,),) = execute(session, _TRY_LOCK, key=lock_key(name))
    return bool(is_ours)


def lock_schema(connection: Connection) -> None:
    """Wait until nobody else migrates the database, and keep others waiting until the commit.

    On SQLite whoever has begun to write has it.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(lock_key("schema"))))


def continue_numbering(session: Session, table: Table) -> None:
    """Give the next row of a table an id above those that were inserted with ids of their own.

    SQLite does by itself.
    """
    column = table.autoincrement_column
    if column is None or _is_sqlite(session):
        return
    sequence = func.pg_get_serial_sequence(table.name, column.name)
    following = func.coalesce(func.max(column), 0) + 1
    session.execute(select(func.setval(sequence, following, False)))  # noqa: FBT003 - SQL's own


def lock_key(name: str) -> int:
    """The number by which PostgreSQL knows a lock of this name."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)


@lru_cache
def _insert_unless_refused(
    table: Table,
    names: frozenset[str],
    where: ColumnElement[bool] | None,
    is_sqlite: bool,  # noqa: FBT001
) -> Statement:
    insert = sqlite.insert(table) if is_sqlite else postgresql.insert(table)
    values = parameters_for(*(table.c[name] for name in sorted(names)))
    if where is None:
        insert = insert.values(values)
    else:
        row = select(*values.values()).where(where)
        insert = insert.from_select(list(values), row, include_defaults=False)
    return Statement(insert.on_conflict_do_nothing().returning(table.c.id))


def _is_sqlite(session: Transaction) -> bool:
    return dialect_of(session).name == "sqlite"


def _is_conflict(error: IntegrityError) -> bool:
    if isinstance(error.orig, sqlite3.IntegrityError):
        return error.orig.sqlite_errorname in CONFLICT_SQLITE_ERRORS
    return getattr(error.orig, "sqlstate", None) in CONFLICT_SQLSTATES
