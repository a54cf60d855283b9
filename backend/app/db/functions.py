"""SQL functions that the engines write differently, and lists of numbers as parameters."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, Dialect, String, TypeDecorator
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine

from app.db.columns import Instant


class Numbers(TypeDecorator[Sequence[int]]):
    """A list of whole numbers, to compare columns with: an array, on SQLite as JSON."""

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return String() if dialect.name == "sqlite" else postgresql.ARRAY(BigInteger())

    def process_bind_param(self, value: Sequence[int] | None, dialect: Dialect) -> object:
        return json.dumps(value) if dialect.name == "sqlite" else value


class is_among(FunctionElement[bool]):  # noqa: N801 - it is called like an SQL function
    """Whether a column's number is one of those of a parameter, which is of type `Numbers`."""

    type = Boolean()
    inherit_cache = True


class lock_until_commit(FunctionElement[None]):  # noqa: N801 - it is called like an SQL function
    """Waits for the advisory lock of a number, and keeps it until the transaction ends.

    On SQLite nothing: there is only one writing transaction at a time.
    """

    inherit_cache = True


class minute_of(FunctionElement[int]):  # noqa: N801 - it is called like an SQL function
    """The minute since 1970-01-01T00:00Z of an instant on a whole minute, of a column."""

    type = BigInteger()
    inherit_cache = True


class instant_at(FunctionElement[datetime]):  # noqa: N801 - it is called like an SQL function
    """The instant at a minute since 1970-01-01T00:00Z, to compare columns with."""

    type = Instant()
    inherit_cache = True


class json_rows(FunctionElement[str]):  # noqa: N801 - it is called like an SQL function
    """The rows of a group as the text of a JSON array of arrays; an empty one without rows."""

    type = String()
    inherit_cache = True


@compiles(is_among, "sqlite")
def _(element: is_among, compiler: SQLCompiler, **options: Any) -> str:
    column, numbers = (compiler.process(part, **options) for part in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({numbers}))"  # noqa: S608 - ours


@compiles(is_among, "postgresql")
def _(element: is_among, compiler: SQLCompiler, **options: Any) -> str:
    column, numbers = (compiler.process(part, **options) for part in element.clauses)
    return f"{column} = ANY({numbers})"


@compiles(lock_until_commit, "sqlite")
def _(_: lock_until_commit, __: SQLCompiler, **___: Any) -> str:
    return "NULL"


@compiles(lock_until_commit, "postgresql")
def _(element: lock_until_commit, compiler: SQLCompiler, **options: Any) -> str:
    return f"pg_advisory_xact_lock({compiler.process(element.clauses, **options)})"


@compiles(minute_of, "sqlite")
def _(element: minute_of, compiler: SQLCompiler, **options: Any) -> str:
    days = f"julianday({compiler.process(element.clauses, **options)}) - 2440587.5"
    return f"CAST(({days}) * 1440 + 0.5 AS INTEGER)"  # 0.6 of the time that strftime takes


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


@compiles(json_rows, "sqlite")
def _(element: json_rows, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_group_array(json_array({compiler.process(element.clauses, **options)}))"


@compiles(json_rows, "postgresql")
def _(element: json_rows, compiler: SQLCompiler, **options: Any) -> str:
    row = f"json_build_array({compiler.process(element.clauses, **options)})"
    return f"CAST(COALESCE(json_agg({row}), '[]') AS text)"
