"""Lookups: the few queries that are asked all the time, in the words of the database's driver."""

import sqlite3
from datetime import datetime
from typing import Any, cast

import psycopg
from sqlalchemy import BigInteger, ColumnElement
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import SelectBase
from sqlalchemy.sql.functions import FunctionElement

from app.core.database import Database, Instant


class LookupFailed(Exception):  # noqa: N818 - named for what happened, like the domain's errors
    """The database did not answer a lookup."""


class Lookups:
    """Runs the few queries that are asked all the time, on connections that are kept for them.

    A query is compiled once and goes to the driver as it is: parameters and rows are plain
    numbers and texts. Each one sees what was committed before it began.
    """

    def __init__(self, database: Database) -> None:
        self._engine = database.engine
        self._idle: list[sqlite3.Connection | psycopg.Connection[Any]] = []

    @property
    def take_microseconds(self) -> bool:
        """Whether a lookup may run in the event loop: SQLite reads what is in memory or fails."""
        return self._engine.dialect.name == "sqlite"

    def prepare(self, query: SelectBase) -> str:
        """The query in the words of the database; what varies in it are `Parameter`s."""
        return str(query.compile(self._engine, compile_kwargs={"literal_binds": True}))

    def rows(self, prepared: str, parameters: dict[str, int]) -> list[tuple[Any, ...]]:
        """Run a prepared query. Raises LookupFailed."""
        try:
            connection = self._idle.pop() if self._idle else self._connect()
            found = connection.execute(prepared, parameters).fetchall()
        except (sqlite3.Error, psycopg.Error, SQLAlchemyError) as error:
            self.close()
            raise LookupFailed from error
        self._idle.append(connection)
        return found

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
            cast("psycopg.Connection[Any]", connection).autocommit = True
        return cast("sqlite3.Connection | psycopg.Connection[Any]", connection)


class Parameter(ColumnElement[int]):
    """A whole number that a lookup is given under a name."""

    type = BigInteger()
    inherit_cache = True

    def __init__(self, name: str) -> None:
        self.name = name


@compiles(Parameter, "sqlite")
def _(element: Parameter, _: SQLCompiler, **__: Any) -> str:
    return f":{element.name}"


@compiles(Parameter, "postgresql")
def _(element: Parameter, _: SQLCompiler, **__: Any) -> str:
    return f"CAST(%({element.name})s AS bigint)"


class minute_of(FunctionElement[int]):  # noqa: N801 - it is called like an SQL function
    """The minute since 1970-01-01T00:00Z of an instant, of a column."""

    type = BigInteger()
    inherit_cache = True


class instant_at(FunctionElement[datetime]):  # noqa: N801 - it is called like an SQL function
    """The instant at a minute since 1970-01-01T00:00Z, to compare columns with."""

    type = Instant()
    inherit_cache = True


@compiles(minute_of, "sqlite")
def _(element: minute_of, compiler: SQLCompiler, **options: Any) -> str:
    return f"CAST(strftime('%s', {compiler.process(element.clauses, **options)}) AS INTEGER) / 60"


@compiles(minute_of, "postgresql")
def _(element: minute_of, compiler: SQLCompiler, **options: Any) -> str:
    instant = compiler.process(element.clauses, **options)
    return f"CAST(EXTRACT(EPOCH FROM {instant}) / 60 AS bigint)"


@compiles(instant_at, "sqlite")
def _(element: instant_at, compiler: SQLCompiler, **options: Any) -> str:
    seconds = f"{compiler.process(element.clauses, **options)} * 60"
    return f"strftime('%Y-%m-%d %H:%M:%S.000000', {seconds}, 'unixepoch')"


@compiles(instant_at, "postgresql")
def _(element: instant_at, compiler: SQLCompiler, **options: Any) -> str:
    return f"to_timestamp({compiler.process(element.clauses, **options)} * 60)"
