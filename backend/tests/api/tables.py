"""All rows of a database, to compare, to empty and to put back."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session

from app.db.columns import Base
from app.db.database import Database

Rows = dict[str, list[dict[str, Any]]]

NOTES_OF_REFUSALS = {"audit_log", "audit_patients", "audit_seals", "attempts"}
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
    with database.writing() as session, without_guard(session):
        for table in reversed(Base.metadata.sorted_tables):
            session.execute(table.delete())


@contextmanager
def without_guard(session: Session) -> Iterator[None]:
    """Let the transaction change the audit log, as somebody could who owns the database."""
    if session.get_bind().dialect.name != "sqlite":
        session.execute(text("SET LOCAL session_replication_role = replica"))
        yield
        session.execute(text("SET LOCAL session_replication_role = origin"))
        return
    guards = session.execute(
        text("SELECT name, sql FROM sqlite_master WHERE name LIKE 'tr#_audit#_%#_no#_%' ESCAPE '#'")
    ).all()
    for guard in guards:
        session.execute(text(f"DROP TRIGGER {guard.name}"))
    yield
    for guard in guards:
        session.execute(text(guard.sql))


def fill(database: Database, rows: Rows) -> None:
    """Put rows back into empty tables."""
    with database.writing() as session:
        for table in Base.metadata.sorted_tables:
            if rows.get(table.name):
                session.execute(insert(table), rows[table.name])
