"""What the engines do differently, as a contract with one implementation for each of them."""

from abc import ABC, abstractmethod

from sqlalchemy import ExceptionContext, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from app.db.statements import Transaction

OPERATIONS = "operations"  # the key in `Session.info`


class Operations(ABC):
    """What an engine does in its own way inside a transaction."""

    @abstractmethod
    def insert(self, table: Table) -> sqlite.Insert | postgresql.Insert:
        """An insert that has `ON CONFLICT`."""

    @abstractmethod
    def is_conflict(self, error: IntegrityError) -> bool:
        """Whether a unique or overlap guard refused a row."""

    @abstractmethod
    def is_failure(self, error: BaseException | None) -> bool:
        """Whether a driver's error is about the state of the database, not about the statement.

        The drivers give some of these errors the names of bugs.
        """

    @abstractmethod
    def try_lock(self, transaction: Transaction, key: int) -> bool:
        """Take the lock of a number until the end of the transaction; False if it is taken."""

    @abstractmethod
    def continue_numbering(self, session: Session, table: Table) -> None:
        """Give the next row of a table an id above all that it has."""


def operations_of(transaction: Transaction) -> Operations:
    """The operations of a transaction's engine."""
    operations: Operations = transaction.info[OPERATIONS]
    return operations


def name_failure(context: ExceptionContext, operations: Operations) -> OperationalError | None:
    """A failure of the database as an OperationalError, which gives up the engine's connections.

    They may go on as they are when the cause is over.
    """
    original = context.original_exception
    if not operations.is_failure(original):
        return None
    context.is_disconnect = True
    return OperationalError(context.statement, None, original, hide_parameters=True)
