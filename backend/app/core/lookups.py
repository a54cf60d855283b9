"""Lookups: the questions that are asked all the time, outside of any transaction."""

import asyncio
import sqlite3
from collections.abc import Callable, Hashable, Mapping, Sequence
from concurrent.futures import Future
from functools import partial
from typing import Any, Generic, TypeVar, cast

import psycopg
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool

from app.core.database import Database
from app.core.prepared import Ask, Prepared, Row, rows_in

Result = TypeVar("Result")
Question = Callable[[Ask], Any]
Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class LookupFailed(Exception):  # noqa: N818 - named for what happened, like the domain's errors
    """The database did not answer a lookup."""


class Lookups:
    """Asks prepared queries on connections that are kept for them.

    Each query sees what was committed before it began. PostgreSQL plans each of them once for all
    values: that takes it longer than to answer one.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._engine = database.engine
        self._idle: list[sqlite3.Connection | psycopg.Connection[Any]] = []
        self._questions = Gatherer(self._answer_each)

    @property
    def take_microseconds(self) -> bool:
        """Whether a lookup may run in the event loop: SQLite reads what is in memory or fails."""
        return self._engine.dialect.name == "sqlite"

    def rows(self, prepared: Prepared, /, **values: Any) -> list[Row]:
        """The rows of a prepared query. Raises LookupFailed."""
        form = prepared.form_for(self._engine.dialect)
        try:
            connection = self._idle.pop() if self._idle else self._connect()
        except (sqlite3.Error, psycopg.Error, SQLAlchemyError) as error:
            raise LookupFailed from error
        try:
            found = form.run(connection, values)
        except (sqlite3.Error, psycopg.Error) as error:
            connection.close()
            self.close()
            raise LookupFailed from error
        self._idle.append(connection)
        return found

    def answer(self, question: Callable[[Ask], Result]) -> Result:
        """Answer a question by lookups or, where one fails, in a transaction, which can wait."""
        try:
            return question(self.rows)
        except LookupFailed:
            with self._database.reading() as session:
                return question(partial(rows_in, session))

    async def answer_soon(self, question: Callable[[Ask], Result]) -> Result:
        """As `answer`, in the event loop where that takes microseconds, else in a thread."""
        if self.take_microseconds:
            try:
                return question(self.rows)
            except LookupFailed:
                return await run_in_threadpool(self.answer, question)
        answer = await self._questions.value_of(question)
        return cast("Future[Result]", answer).result()

    def _answer_each(self, questions: Sequence[Question]) -> dict[Question, Future[Any]]:
        answers: dict[Question, Future[Any]] = {}
        for question in questions:
            answer: Future[Any] = Future()
            answers[question] = answer
            try:
                answer.set_result(self.answer(question))
            except Exception as error:  # noqa: BLE001 - it is raised where it was asked
                answer.set_exception(error)
        return answers

    def close(self) -> None:
        """Close the connections that nobody uses just now."""
        while self._idle:
            self._idle.pop().close()

    def _connect(self) -> sqlite3.Connection | psycopg.Connection[Any]:
        pooled = self._engine.raw_connection()
        connection = pooled.driver_connection
        pooled.detach()
        if isinstance(connection, sqlite3.Connection):
            connection.execute("PRAGMA busy_timeout = 0")
        else:
            postgresql = cast("psycopg.Connection[Any]", connection)
            postgresql.autocommit = True
            postgresql.execute("SET plan_cache_mode = force_generic_plan")
        return cast("sqlite3.Connection | psycopg.Connection[Any]", connection)


class Gatherer(Generic[Key, Value]):
    """Finds in one go what many ask for at the same time.

    Threads that take turns at the interpreter cost more than what they find: who comes while
    something is being found is answered by the next time, together with the others. That begins
    after they came, so that nobody is told what was before they asked.
    """

    def __init__(self, find: Callable[[Sequence[Key]], Mapping[Key, Value]]) -> None:
        self._find = find
        self._waiting: dict[Key, asyncio.Future[Value | None]] = {}
        self._finding: asyncio.Task[None] | None = None

    async def value_of(self, key: Key) -> Value | None:
        """What `find` finds, in a thread, under this key; raises what it raises."""
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
                values = await run_in_threadpool(self._find, list(asked))
            except Exception as error:  # noqa: BLE001 - it is raised where it was asked for
                for found in asked.values():
                    found.set_exception(error)
            else:
                for key, found in asked.items():
                    found.set_result(values.get(key))
        self._finding = None
