"""Statements in a transaction, of a session or of a driver's connection."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Dialect
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

from app.db.operations import Operations, operations_of
from app.db.statements import Row, Statement, Transaction


class SharedTransaction(ABC):
    """A transaction whose statements run one after the other."""

    @abstractmethod
    def rows(self, statement: Statement, /, **values: Any) -> list[Row]:
        """Run a statement. Raises DBAPIError."""

    def rows_for_each(
        self, statement: Statement, many: Iterable[Mapping[str, Any]], /
    ) -> list[list[Row]]:
        """Run a statement with one set of values after the other. Raises DBAPIError."""
        return [self.rows(statement, **values) for values in many]


def execute(transaction: Transaction, statement: Statement, /, **values: Any) -> list[Row]:
    """Run a prepared statement in a transaction. Raises DBAPIError, as SQLAlchemy does."""
    if not isinstance(transaction, Session):
        return transaction.rows(statement, **values)
    connection = transaction.connection()
    driver_connection = connection.connection.driver_connection
    operations = operations_of(transaction)
    return rows_from(driver_connection, connection.dialect, statement, values, operations)


def rows_from(
    driver_connection: Any,  # noqa: ANN401 - the drivers share no type
    dialect: Dialect,
    statement: Statement,
    values: dict[str, Any],
    operations: Operations,
) -> list[Row]:
    """Run a prepared statement on a driver's connection. Raises DBAPIError, as SQLAlchemy does."""
    compiled = statement.compiled_for(dialect)
    try:
        return compiled.run(driver_connection, values)
    except dialect.loaded_dbapi.Error as error:
        if operations.is_failure(error):
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
