"""What PostgreSQL does in its own way inside a transaction."""

from sqlalchemy import Table, func, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from typing_extensions import override

from app.db.operations import Operations
from app.db.statements import Parameter, Statement, Transaction
from app.db.transactions import execute

CONFLICTS = {"23505", "23P01"}  # unique_violation, exclusion_violation
DAMAGED = "XX"  # the class of internal errors
READ_ONLY = "25006"  # a standby, or a database that was set so

_TRY_LOCK = Statement(select(func.pg_try_advisory_xact_lock(Parameter("key"))))


class _PostgresOperations(Operations):
    """Guards are unique indexes and exclusion constraints; locks are advisory ones."""

    @override
    def insert(self, table: Table) -> postgresql.Insert:
        return postgresql.insert(table)

    @override
    def is_conflict(self, error: IntegrityError) -> bool:
        return getattr(error.orig, "sqlstate", None) in CONFLICTS

    @override
    def is_failure(self, error: BaseException | None) -> bool:
        state = str(getattr(error, "sqlstate", None))
        return state == READ_ONLY or state[:2] == DAMAGED

    @override
    def try_lock(self, transaction: Transaction, key: int) -> bool:
        ((is_ours,),) = execute(transaction, _TRY_LOCK, key=key)
        return bool(is_ours)

    @override
    def continue_numbering(self, session: Session, table: Table) -> None:
        column = table.autoincrement_column
        if column is None:
            return
        sequence = func.pg_get_serial_sequence(table.name, column.name)
        following = func.coalesce(func.max(column), 0) + 1
        session.execute(select(func.setval(sequence, following, False)))  # noqa: FBT003 - SQL's own


POSTGRES_OPERATIONS = _PostgresOperations()
