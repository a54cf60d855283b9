"""Questions asked in every way in which the application asks them, and works it carries out."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest
from sqlalchemy.exc import OperationalError

from app.db.database import Database
from app.db.postgres.pool import EventLoopPool
from app.db.reader import Reader
from app.db.sqlite.reader import ReadFailed, SqliteReader
from app.db.statements import RunQuery
from app.db.write_queue import WriteQueue

Result = TypeVar("Result")


def answers_to(query: Callable[[RunQuery], Result], database: Database) -> list[Result]:
    """What a thread is answered, and what the event loop is."""

    async def both(reader: Reader) -> list[Result]:
        in_a_thread = await asyncio.to_thread(reader.read, query)
        return [in_a_thread, await reader.read_async(query)]

    async def open_and_read() -> list[Result]:
        reader = database.open_reader()
        try:
            return await both(reader)
        finally:
            await reader.close()

    return asyncio.run(open_and_read())


def with_writer(database: Database, use: Callable[[WriteQueue], Awaitable[Result]]) -> Result:
    """What comes of using a writer of this database."""

    async def open_and_use() -> Result:
        write_queue = database.open_write_queue()
        try:
            return await use(write_queue)
        finally:
            await write_queue.close()

    return asyncio.run(open_and_use())


def let_lookups_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on no lookup is answered, on either engine."""

    def fail(*_: object, **__: object) -> None:
        raise ReadFailed

    async def fail_soon(*_: object) -> None:
        raise OperationalError(None, None, OSError("gone"))

    monkeypatch.setattr(SqliteReader, "rows", fail)
    monkeypatch.setattr(EventLoopPool, "lend", fail_soon)
