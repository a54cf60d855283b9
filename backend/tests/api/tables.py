"""All rows of a database, to compare, to empty and to put back."""

from typing import Any

from sqlalchemy import insert, select

from app.core.columns import Base
from app.core.database import Database

Rows = dict[str, list[dict[str, Any]]]

APPEND_ONLY = {"audit_log", "audit_head"}  # the database refuses to remove their rows
NOTES_OF_REFUSALS = {*APPEND_ONLY, "attempts"}
WRITTEN_BY_TRIGGERS = {"diary_revisions"}


def read_all(database: Database) -> Rows:
    """Every row that a request writes, those of the tables left out in which refusals are noted."""
    with database.reading() as session:
        return {
            table.name: [
                dict(row) for row in session.execute(select(table).order_by(table.c.id)).mappings()
            ]
            for table in Base.metadata.sorted_tables
            if table.name not in NOTES_OF_REFUSALS | WRITTEN_BY_TRIGGERS
        }


def empty(database: Database) -> None:
    with database.writing() as session:
        for table in reversed(Base.metadata.sorted_tables):
            if table.name not in APPEND_ONLY:
                session.execute(table.delete())


def fill(database: Database, rows: Rows) -> None:
    """Put rows back into empty tables."""
    with database.writing() as session:
        for table in Base.metadata.sorted_tables:
            if rows.get(table.name):
                session.execute(insert(table), rows[table.name])
