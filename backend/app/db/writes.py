"""Writes that a guard of the database may refuse, bounded deletes, and locks by name."""

import hashlib
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import ColumnElement, Table, UpdateBase, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.db.columns import Base
from app.db.operations import Operations, operations_of
from app.db.statements import Statement, Transaction, parameters_for
from app.db.transactions import execute

DELETED_AT_ONCE = 100


def insert_unless_refused(
    transaction: Transaction,
    model: type[Base],
    values: dict[str, Any],
    *,
    where: ColumnElement[bool] | None = None,
    **where_values: Any,
) -> int | None:
    """Insert a row and return its id, or None when a unique or overlap guard refused it.

    Nothing is inserted either unless the condition `where` holds, whose parameters are
    `where_values` and the columns.

    PostgreSQL needs `ON CONFLICT`: plain inserts against an exclusion constraint deadlock under
    contention. The triggers of SQLite raise all the same.
    """
    table = cast("Table", model.__table__)
    operations = operations_of(transaction)
    insert = _insert_unless_refused(table, frozenset(values), where, operations)
    try:
        inserted = execute(transaction, insert, **values, **where_values)
    except IntegrityError as error:
        if operations.is_conflict(error):
            return None
        raise
    return inserted[0][0] if inserted else None


def update_unless_refused(session: Session, statement: UpdateBase) -> bool:
    """Run an update; False, and nothing changed, when a unique or overlap guard refused it."""
    try:
        with session.begin_nested():
            session.execute(statement)
    except IntegrityError as error:
        if operations_of(session).is_conflict(error):
            return False
        raise
    return True


def delete_some(session: Session, model: type[Base], *where: ColumnElement[bool]) -> int:
    """Delete at most `DELETED_AT_ONCE` rows, but none that another transaction has locked.

    Returns how many. A call takes a bounded time and waits for no lock.
    """
    table = cast("Table", model.__table__)
    some = select(table.c.id).where(*where).limit(DELETED_AT_ONCE)
    found = some.with_for_update(skip_locked=True).scalar_subquery()
    deleted = session.execute(table.delete().where(table.c.id.in_(found)).returning(table.c.id))
    return len(deleted.all())


def try_lock(transaction: Transaction, name: str) -> bool:
    """Take the lock of this name until the end of the transaction; False if it is taken."""
    return operations_of(transaction).try_lock(transaction, lock_key(name))


def lock_key(name: str) -> int:
    """The number by which PostgreSQL knows a lock of this name."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)


@lru_cache
def _insert_unless_refused(
    table: Table,
    names: frozenset[str],
    where: ColumnElement[bool] | None,
    operations: Operations,
) -> Statement:
    insert = operations.insert(table)
    values = parameters_for(*(table.c[name] for name in sorted(names)))
    if where is None:
        insert = insert.values(values)
    else:
        row = select(*values.values()).where(where)
        insert = insert.from_select(list(values), row, include_defaults=False)
    return Statement(insert.on_conflict_do_nothing().returning(table.c.id))


def continue_numbering(session: Session, table: Table) -> None:
    """Give the next row of a table an id above those that were inserted with ids of their own."""
    operations_of(session).continue_numbering(session, table)
