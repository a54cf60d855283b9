"""Questions asked in every way in which the application asks them, and works it carries out."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest
from sqlalchemy.exc import OperationalError

from app.core.database import Database
from app.core.lookups import LookupFailed, Lookups, SqliteLookups, open_lookups
from app.core.postgres import EventLoopPool
from app.core.statements import Ask
from app.core.writer import Writer, open_writer

Result = TypeVar("Result")


def answers_to(question: Callable[[Ask], Result], database: Database) -> list[Result]:
    """What a thread is answered, and what the event loop is."""

    async def both(lookups: Lookups) -> list[Result]:
        in_a_thread = await asyncio.to_thread(lookups.answer, question)
        return [in_a_thread, await lookups.answer_soon(question)]

    async def ask() -> list[Result]:
        lookups = open_lookups(database)
        try:
            return await both(lookups)
        finally:
            await lookups.close()

    return asyncio.run(ask())


def with_writer(database: Database, use: Callable[[Writer], Awaitable[Result]]) -> Result:
    """What comes of using a writer of this database."""

    async def open_and_use() -> Result:
        writer = open_writer(database)
        try:
            return await use(writer)
        finally:
            await writer.close()

    return asyncio.run(open_and_use())


def let_lookups_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on no lookup is answered, on either engine."""

    def fail(*_: object, **__: object) -> None:
        raise LookupFailed

    async def fail_soon(*_: object) -> None:
        raise OperationalError(None, None, OSError("gone"))

    monkeypatch.setattr(SqliteLookups, "rows", fail)
    monkeypatch.setattr(EventLoopPool, "lend", fail_soon)
