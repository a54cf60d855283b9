"""Statements of the hot paths, compiled once for each driver.

SQLAlchemy takes about ten times as long to run a statement as the driver does, and the ORM thirty
times. A `Statement` is written with SQLAlchemy, compiled once for each driver, and then passed to
the driver as text; values are still converted by the columns' types.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Dialect,
    TextClause,
    UpdateBase,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql import visitors
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import SelectBase
from sqlalchemy.types import TypeEngine

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


Transaction = Session | DirectTransaction


def dialect_of(transaction: Transaction) -> Dialect:
    """The dialect of a transaction's engine."""
    if isinstance(transaction, Session):
        return transaction.get_bind().dialect
    return transaction.dialect


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
