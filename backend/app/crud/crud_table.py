"""Statements about whole tables, for taking a clinic to another database."""

from collections.abc import Generator, Sequence

from sqlalchemy import RowMapping, Table, insert, select
from sqlalchemy.orm import Session

from app.db.columns import NOT_COPIED, Base

BATCH = 1000


def all_tables() -> Sequence[Table]:
    """Every table whose rows go with the clinic, those first that others refer to."""
    return [table for table in Base.metadata.sorted_tables if not table.info.get(NOT_COPIED)]


def is_empty(session: Session, table: Table) -> bool:
    """Whether the table has no row."""
    return session.execute(select(table).limit(1)).first() is None


def batches_of_rows(session: Session, table: Table) -> Generator[Sequence[RowMapping]]:
    """Every row in the order of the primary key, in batches."""
    rows = select(table).order_by(*table.primary_key).execution_options(yield_per=BATCH)
    with session.execute(rows) as result:
        yield from result.mappings().partitions()


def insert_rows(session: Session, table: Table, rows: Sequence[RowMapping]) -> None:
    """Insert rows with the keys that they have."""
    session.execute(insert(table), [dict(row) for row in rows])
