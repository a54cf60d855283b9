"""What SQLite does in its own way inside a transaction."""

import sqlite3

from sqlalchemy import Table
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from typing_extensions import override

from app.db.operations import Operations
from app.db.statements import Transaction

CONFLICTS = {"SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_TRIGGER"}


class _SqliteOperations(Operations):
    """Guards are unique indexes, and triggers that raise; the one writer has every lock."""

    @override
    def insert(self, table: Table) -> sqlite.Insert:
        return sqlite.insert(table)

    @override
    def is_conflict(self, error: IntegrityError) -> bool:
        return getattr(error.orig, "sqlite_errorname", None) in CONFLICTS

    @override
    def is_failure(self, error: BaseException | None) -> bool:
        # for a damaged file, or one that is no database
        return type(error) is sqlite3.DatabaseError

    @override
    def try_lock(self, transaction: Transaction, key: int) -> bool:
        return True

    @override
    def continue_numbering(self, session: Session, table: Table) -> None:
        pass  # SQLite numbers on by itself


SQLITE_OPERATIONS = _SqliteOperations()
