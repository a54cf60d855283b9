"""A database in a SQLite file."""

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, Connection
from sqlalchemy.orm import Session
from typing_extensions import override

from app.db.database import Database
from app.db.reader import Reader
from app.db.sqlite.engine import BEGIN_READING, sqlite_engine
from app.db.sqlite.opening import OWNER_ONLY
from app.db.sqlite.operations import SQLITE_OPERATIONS
from app.db.sqlite.reader import SqliteReader
from app.db.sqlite.write_queue import SqliteWriteQueue
from app.db.write_queue import WriteQueue


class SqliteDatabase(Database):
    """A SQLite file: one transaction writes at a time, and takes the write lock when it begins."""

    has_worker_beside_api = True

    def __init__(self, url: URL, *, secrets: Sequence[bytes], migrates: bool = False) -> None:
        engine = sqlite_engine(url, migrates=migrates)
        super().__init__(engine, SQLITE_OPERATIONS, secrets=secrets)
        self._worker_lock = WorkerLock(Path(str(url.database)))
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

    @override
    def claim_worker(self) -> bool:
        return self._worker_lock.claim()

    @override
    def close(self) -> None:
        self._worker_lock.release()
        super().close()


class WorkerLock:
    """Lets one of the processes that serve a file do the background work: the others would too."""

    def __init__(self, file: Path) -> None:
        self._path = file.with_name(f"{file.name}-worker")
        self._opened: int | None = None

    def claim(self) -> bool:
        """Take the lock, unless another process has it. Raises OSError."""
        if self._opened is None:
            opened = os.open(self._path, os.O_CREAT | os.O_RDWR, OWNER_ONLY)
            try:
                fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(opened)
                return False
            self._opened = opened
        return True

    def release(self) -> None:
        """Give the lock back, as the end of the process does."""
        if self._opened is not None:
            os.close(self._opened)
            self._opened = None
