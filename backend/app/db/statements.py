"""Statement statements: those of the hot paths, in the words of the database's driver.

SQLAlchemy takes about ten times as long to run a statement as the driver does, and the ORM thirty
times. A prepared statement is written with SQLAlchemy, compiled once for each engine, and then
goes to the driver as it is; values are still turned into what the columns' types make of them.
"""

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Dialect,
    String,
    TextClause,
    TypeDecorator,
    UpdateBase,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql import visitors
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import SelectBase
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine

from app.db.columns import Instant
from app.db.failures import is_failure

Row = tuple[Any, ...]
Processor = Callable[[Any], Any]

_BY_NAME = re.compile(r"%\((\w+)\)s")


class Parameter(ColumnElement[Any]):
    """A value, a whole number if nothing else is said, that a statement is given under a name."""

    inherit_cache = True

    def __init__(self, name: str, type_: TypeEngine[Any] | None = None) -> None:
        self.name = name
        self.type = type_ or BigInteger()


def parameters_for(*columns: Column[Any]) -> dict[str, Parameter]:
    """A parameter for each of these columns, by its name: the values of an insert."""
    return {column.name: Parameter(column.name, column.type) for column in columns}


class Statement:
    """A statement whose varying values are `Parameter`s."""

    def __init__(self, statement: SelectBase | UpdateBase | TextClause) -> None:
        self._statement = statement
        self._compiled: dict[str, CompiledStatement] = {}

    def compiled_for(self, dialect: Dialect) -> "CompiledStatement":
        """The statement as an engine's driver takes it."""
        compiled = self._compiled.get(dialect.driver)
        if compiled is None:
            compiled = self._compiled[dialect.driver] = _compile(self._statement, dialect)
        return compiled

    def has_written(self, rows: Sequence[Row]) -> bool:
        """Whether the statement that returned these rows has written something, or may have."""
        if isinstance(self._statement, UpdateBase) and self._statement.exported_columns:
            return bool(rows)
        return not isinstance(self._statement, SelectBase)


class RunQuery(Protocol):
    """Runs a prepared statement with the values of its parameters, and returns its rows."""

    def __call__(self, statement: Statement, /, **values: Any) -> list[Row]: ...


class DirectTransaction(Protocol):
    """A transaction that takes prepared statements alone."""

    @property
    def dialect(self) -> Dialect:
        """The dialect of its engine and driver."""

    @property
    def info(self) -> dict[Any, Any]:
        """What a session's `info` would have."""

    def rows(self, statement: Statement, /, **values: Any) -> list[Row]:
        """Run a prepared statement. Raises DBAPIError."""

    def rows_for_each(
        self, statement: Statement, many: Iterable[Mapping[str, Any]], /
    ) -> list[list[Row]]:
        """Run a prepared statement with one set of values after the other. Raises DBAPIError."""

    def before_commit(self, hook: "BeforeCommit", items: Sequence[Any], /) -> None:
        """Have this done before the commit, with the items of all works that share it."""


BeforeCommit = Callable[[DirectTransaction, Sequence[Any]], None]
Transaction = Session | DirectTransaction


class SharedTransaction(ABC):
    """What works that share a transaction have of it: one statement after the other, and notes."""

    def __init__(self) -> None:
        self._hooks: list[tuple[BeforeCommit, Sequence[Any]]] = []

    @abstractmethod
    def rows(self, statement: Statement, /, **values: Any) -> list[Row]:
        """As DirectTransaction says."""

    def rows_for_each(
        self, statement: Statement, many: Iterable[Mapping[str, Any]], /
    ) -> list[list[Row]]:
        """As DirectTransaction says."""
        return [self.rows(statement, **values) for values in many]

    def before_commit(self, hook: BeforeCommit, items: Sequence[Any], /) -> None:
        """As DirectTransaction says; those of a work that is refused are forgotten."""
        self._hooks.append((hook, items))


def dialect_of(transaction: Transaction) -> Dialect:
    """The dialect of a transaction's engine."""
    if isinstance(transaction, Session):
        return transaction.get_bind().dialect
    return transaction.dialect


def execute(transaction: Transaction, statement: Statement, /, **values: Any) -> list[Row]:
    """Run a prepared statement in a transaction. Raises DBAPIError, as SQLAlchemy does."""
    if not isinstance(transaction, Session):
        return transaction.rows(statement, **values)
    connection = transaction.connection()
    driver_connection = connection.connection.driver_connection
    return rows_from(driver_connection, connection.dialect, statement, values)


def rows_from(
    driver_connection: Any,  # noqa: ANN401 - the drivers share no type
    dialect: Dialect,
    statement: Statement,
    values: dict[str, Any],
) -> list[Row]:
    """Run a prepared statement on a driver's connection. Raises DBAPIError, as SQLAlchemy does."""
    compiled = statement.compiled_for(dialect)
    try:
        return compiled.run(driver_connection, values)
    except dialect.loaded_dbapi.Error as error:
        if is_failure(error):
            raise OperationalError(compiled.text, None, error, hide_parameters=True) from error
        raise DBAPIError.instance(
            compiled.text,
            None,
            error,
            dialect.loaded_dbapi.Error,
            hide_parameters=True,
            dialect=dialect,
        ) from error


def rows_for_each(
    transaction: Transaction, statement: Statement, many: Sequence[Mapping[str, Any]]
) -> list[list[Row]]:
    """Run a prepared statement with one set of values after the other. Raises DBAPIError."""
    if not isinstance(transaction, Session):
        return transaction.rows_for_each(statement, many)
    return [execute(transaction, statement, **values) for values in many]


@dataclass(frozen=True, slots=True)
class CompiledStatement:
    """A statement's text, and what turns values into those of the driver and back.

    `names` are those of the parameters in their order, for a driver that takes them so.
    """

    text: str
    names: list[str]
    encoders: list[tuple[str, Processor]]
    decoders: list[tuple[int, Processor]]
    returns_rows: bool

    def run(self, connection: Any, values: dict[str, Any]) -> list[Row]:  # noqa: ANN401 - the drivers share no type
        """Run the statement on a driver's connection. Raises the driver's errors.

        The values are turned into those of the driver where they stand.
        """
        self._encode(values)
        cursor = connection.execute(self.text, values)
        return self.decoded(cursor.fetchall()) if self.returns_rows else []

    def in_order(self, values: dict[str, Any]) -> list[Any]:
        """The values, turned into those of the driver, in the order of the parameters."""
        self._encode(values)
        return [values[name] for name in self.names]

    def decoded(self, rows: list[Row]) -> list[Row]:
        """Rows of the driver with the values that the columns' types make of them."""
        return [self._decoded(row) for row in rows] if self.decoders else rows

    def _encode(self, values: dict[str, Any]) -> None:
        for name, encode in self.encoders:
            values[name] = encode(values[name])

    def _decoded(self, row: Row) -> Row:
        values = list(row)
        for position, decode in self.decoders:
            values[position] = decode(values[position])
        return tuple(values)


def _compile(
    statement: SelectBase | UpdateBase | TextClause, dialect: Dialect
) -> CompiledStatement:
    parameters = (part for part in visitors.iterate(statement) if isinstance(part, Parameter))
    encoders = {
        parameter.name: parameter.type.dialect_impl(dialect).bind_processor(dialect)
        for parameter in parameters
    }
    columns = [] if isinstance(statement, TextClause) else list(statement.exported_columns)
    decoders = (
        column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns
    )
    text = str(statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
    names = list(dict.fromkeys(_BY_NAME.findall(text)))
    if dialect.paramstyle == "numeric_dollar":
        text = _BY_NAME.sub(lambda found: f"${names.index(found[1]) + 1}", text)
    return CompiledStatement(
        text=text,
        names=names,
        encoders=[(name, encode) for name, encode in encoders.items() if encode is not None],
        decoders=[(place, decode) for place, decode in enumerate(decoders) if decode is not None],
        returns_rows=bool(columns),
    )


@compiles(Parameter, "sqlite")
def _(element: Parameter, _: SQLCompiler, **__: Any) -> str:
    return f":{element.name}"


@compiles(Parameter, "postgresql")
def _(element: Parameter, compiler: SQLCompiler, **__: Any) -> str:
    type_ = compiler.dialect.type_compiler_instance.process(element.type)
    return f"CAST(%({element.name})s AS {type_})"


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
