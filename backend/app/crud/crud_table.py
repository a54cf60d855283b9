"""Statements about whole tables, for taking a clinic to another database."""

from collections.abc import Iterator, Sequence

from sqlalchemy import RowMapping, Table, delete, insert, select
from sqlalchemy.orm import Session

from app.db.columns import Base

BATCH = 1000


def all_tables() -> Sequence[Table]:
    """Every table but what triggers write by themselves, those first that others refer to."""
    tables = Base.metadata.sorted_tables
    return [table for table in tables if not table.info.get("written_by_triggers")]


def is_empty(session: Session, table: Table) -> bool:
    """Whether the table has no row."""
    return session.execute(select(table).limit(1)).first() is None


def batches_of_rows(session: Session, table: Table) -> Iterator[Sequence[RowMapping]]:
    """Every row in the order of the primary key, in batches."""
    rows = select(table).order_by(*table.primary_key).execution_options(yield_per=BATCH)
    yield from session.execute(rows).mappings().partitions()


def insert_rows(session: Session, table: Table, rows: Sequence[RowMapping]) -> None:
    """Insert rows with the keys that they have."""
    session.execute(insert(table), [dict(row) for row in rows])


def delete_rows(session: Session, table: Table) -> None:
    """Delete every row of a table."""
    session.execute(delete(table))
