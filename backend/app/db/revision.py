"""Which schema a database has, and which one this version needs: the numbers of migrations.

Without Alembic, which would take every process that serves 13 MB and a tenth of its start.
"""

from functools import cache
from pathlib import Path

from sqlalchemy import Connection, column, inspect, select, table

MIGRATIONS = Path(__file__).parents[2] / "migrations"
STAMP = table("alembic_version", column("version_num"))


@cache
def needed_revision() -> str:
    """The number of the newest migration, which its file's name begins with."""
    return max(file.name.partition("_")[0] for file in (MIGRATIONS / "versions").glob("*_*.py"))


def revision_of(connection: Connection) -> str | None:
    """The number that a database stands at, or None for one without a schema."""
    if not inspect(connection).has_table(STAMP.name):
        return None
    revision: str | None = connection.scalar(select(STAMP.c.version_num))
    return revision
