"""The SQLite engine: how its file is opened, and whose turn it is to write."""

import sqlite3
from pathlib import Path
from threading import Lock
from typing import Any

from sqlalchemy import URL, Connection, Dialect, Engine, ExceptionContext, create_engine, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

from app.db.operations import name_failure
from app.db.sqlite.opening import create_private_file, existing_file
from app.db.sqlite.operations import SQLITE_OPERATIONS
from app.db.timeouts import LOCK_TIMEOUT_SECONDS, MIGRATION_SECONDS

BEGIN_WRITING = "BEGIN IMMEDIATE"
BEGIN_READING = "BEGIN"


def sqlite_engine(url: URL, *, migrates: bool) -> Engine:
    """An engine for `sqlite:///file`. Raises ValueError for a URL without a file.

    Only one that `migrates` makes the file, and its folder, where there is none; and it waits long
    for others that migrate.
    """
    if not url.database or url.database == ":memory:":
        raise ValueError("DATABASE_URL must name a file: sqlite:///path/to/clinic.db")

    engine = create_engine(url, hide_parameters=True, max_overflow=-1)
    event.listen(engine, "do_connect", _open_file)
    event.listen(engine, "handle_error", _name_failure, retval=True)
    event.listen(engine, "connect", _prepare_connection)
    turns = SqliteTurns()
    event.listen(engine, "begin", turns.begin)
    event.listen(engine, "checkin", turns.end)
    if migrates:
        create_private_file(Path(url.database))
        event.listen(engine, "connect", _wait_for_migrations)
    return engine


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


def _open_file(
    _: Dialect, __: ConnectionPoolEntry, arguments: list[Any], options: dict[str, Any]
) -> None:
    arguments[0] = existing_file(Path(arguments[0]))
    options["uri"] = True


def _prepare_connection(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
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


def _name_failure(context: ExceptionContext) -> OperationalError | None:
    return name_failure(context, SQLITE_OPERATIONS)
