"""A database on a PostgreSQL server."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import URL, Connection, func, select
from sqlalchemy.orm import Session
from typing_extensions import override

from app.db.database import Database
from app.db.postgres.engine import postgres_engine
from app.db.postgres.operations import POSTGRES_OPERATIONS
from app.db.postgres.reader import PostgresReader
from app.db.postgres.write_queue import PostgresWriteQueue
from app.db.reader import Reader
from app.db.write_queue import WriteQueue
from app.db.writes import lock_key


class PostgresDatabase(Database):
    """A PostgreSQL server: psycopg for threads, asyncpg for the event loop."""

    has_worker_beside_api = False

    def __init__(self, url: URL, *, secrets: Sequence[bytes], pool_size: int) -> None:
        engine = postgres_engine(url, pool_size=pool_size)
        super().__init__(engine, POSTGRES_OPERATIONS, secrets=secrets)

    @override
    @contextmanager
    def reading(self) -> Iterator[Session]:
        with self.session() as session:
            yield session

    @override
    def open_reader(self) -> Reader:
        return PostgresReader(self)

    @override
    def open_write_queue(self) -> WriteQueue:
        return PostgresWriteQueue(self)

    @override
    def lock_schema(self, connection: Connection) -> None:
        connection.execute(select(func.pg_advisory_xact_lock(lock_key("schema"))))

    @override
    def claim_worker(self) -> bool:
        return False  # `clinic work` does it, in a process of its own
