"""database/init.sql and the migrations make the same database."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command

from app.core.database import open_url
from app.db import schema
from app.db.revision import needed_revision, revision_of
from app.db.sqlite import maintenance

INIT_SQL = Path(__file__).parents[3] / "database" / "init.sql"


@pytest.fixture
def made_from_script(tmp_path: Path) -> Path:
    file = tmp_path / "made" / "clinic.db"
    maintenance.create(file, INIT_SQL.read_text())
    return file


def everything_in(file: Path) -> tuple[list[tuple[str, str, str]], dict[str, list[tuple]]]:
    """What the schema says, without its white space, and the rows of all tables."""
    with closing(sqlite3.connect(file)) as connection:
        objects = connection.execute(
            "SELECT type, name, sql FROM sqlite_schema ORDER BY type, name"
        )
        found = [(kind, name, " ".join((sql or "").split())) for kind, name, sql in objects]
        tables = [name for kind, name, _ in found if kind == "table"]
        rows = {name: connection.execute(f"SELECT * FROM {name}").fetchall() for name in tables}  # noqa: S608
    return found, rows


def test_it_is_what_the_migrations_make(made_from_script: Path, tmp_path: Path):
    migrated = tmp_path / "migrated.db"
    schema.upgrade(f"sqlite:///{migrated}")

    assert everything_in(made_from_script) == everything_in(migrated)


def test_it_is_what_the_command_prints():
    assert INIT_SQL.read_text() == maintenance.schema_script()


def test_the_backend_finds_it_at_head_and_has_nothing_to_migrate(made_from_script: Path):
    url = f"sqlite:///{made_from_script}"
    before = everything_in(made_from_script)

    schema.upgrade(url)
    command.check(schema.migration_config(url))  # raises for a difference to the models

    database = open_url(url)
    with database.engine.connect() as connection:
        assert revision_of(connection) == needed_revision()
    database.close()
    assert everything_in(made_from_script) == before


def test_the_file_is_in_wal_mode(made_from_script: Path):
    with closing(sqlite3.connect(made_from_script)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
