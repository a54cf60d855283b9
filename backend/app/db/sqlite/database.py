"""A database in a SQLite file."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import URL, Connection
from sqlalchemy.orm import Session
from typing_extensions import override

from app.db.database import Database
from app.db.reader import Reader
from app.db.sqlite.engine import BEGIN_READING, sqlite_engine
from app.db.sqlite.operations import SQLITE_OPERATIONS
from app.db.sqlite.reader import SqliteReader
from app.db.sqlite.write_queue import SqliteWriteQueue
from app.db.write_queue import WriteQueue


class SqliteDatabase(Database):
    """A SQLite file: one transaction writes at a time, and takes the write lock when it begins."""

    def __init__(self, url: URL, *, audit_key: bytes, migrates: bool = False) -> None:
        engine = sqlite_engine(url, migrates=migrates)
        super().__init__(engine, SQLITE_OPERATIONS, audit_key=audit_key)
        self._reading_engine = engine.execution_options(sqlite_begin=BEGIN_READING)

    @override
    @contextmanager
    def reading(self) -> Iterator[Session]:
        with Session(self._reading_engine, expire_on_commit=False, info=self.info) as session:
            yield session

    @override
    def open_reader(self) -> Reader:
        return SqliteReader(self)

    @override
    def open_write_queue(self) -> WriteQueue:
        return SqliteWriteQueue(self)

    @override
    def lock_schema(self, connection: Connection) -> None:
        pass  # a transaction that has begun has the file's only write lock
