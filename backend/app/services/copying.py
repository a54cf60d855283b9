"""Taking a whole clinic to another database, of either engine."""

from collections.abc import Generator, Sequence
from contextlib import closing
from itertools import zip_longest

from sqlalchemy import RowMapping, Table
from sqlalchemy.orm import Session

from app.crud import crud_table
from app.db.writes import continue_numbering


class CopyRefused(Exception):  # noqa: N818 - a refusal is named for what happened
    """Why nothing was copied, as a sentence for those who run the clinic."""


def copy_clinic(source: Session, target: Session) -> dict[str, int]:
    """Copy every row, then compare both databases row by row; the number of rows by table.

    Raises CopyRefused when the target has data already, or when the two differ in the end, as
    they do when somebody writes meanwhile: the caller's transaction undoes what was written.
    """
    tables = crud_table.all_tables()
    _refuse_data(target, tables)
    for table in tables:
        _copy(source, target, table)
    return {table.name: _compare(source, target, table) for table in tables}


def _refuse_data(target: Session, tables: Sequence[Table]) -> None:
    filled = [table.name for table in tables if not crud_table.is_empty(target, table)]
    if filled:
        raise CopyRefused(f"The target is not empty: it has {', '.join(filled)}.")


def _copy(source: Session, target: Session, table: Table) -> None:
    for rows in crud_table.batches_of_rows(source, table):
        crud_table.insert_rows(target, table, rows)
    continue_numbering(target, table)


def _compare(source: Session, target: Session, table: Table) -> int:
    """The number of rows, which are the same on both sides."""
    count = 0
    with closing(_rows(source, table)) as originals, closing(_rows(target, table)) as copies:
        for original, copied in zip_longest(originals, copies):
            if original != copied:
                raise CopyRefused(f"Row {count + 1} of {table.name} differs after the copy.")
            count += 1
    return count


def _rows(session: Session, table: Table) -> Generator[RowMapping]:
    with closing(crud_table.batches_of_rows(session, table)) as batches:
        for rows in batches:
            yield from rows
