"""Taking a whole clinic to another database, of either engine."""

from itertools import batched, zip_longest

from sqlalchemy import Table
from sqlalchemy.orm import Session

from app.core.database import continue_numbering
from app.crud import crud_table
from app.models import AuditHead

FILLED_BY_MIGRATIONS = (AuditHead.__tablename__,)


class CopyRefusedError(Exception):
    """Why nothing was copied, as a sentence for those who run the clinic."""


def copy_clinic(source: Session, target: Session) -> dict[str, int]:
    """Copy every row, then compare both databases row by row; the number of rows by table.

    Raises CopyRefusedError when the target has data or the two differ in the end, as they do
    when somebody writes meanwhile; the caller's transaction must then undo what was written.
    """
    tables = crud_table.all_tables()
    _refuse_non_empty(target, tables)
    for table in tables:
        _copy(source, target, table)
    return {table.name: _compare(source, target, table) for table in tables}
