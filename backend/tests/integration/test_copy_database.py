"""Taking a clinic from a SQLite file to a database of either engine."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import insert, select, update
from typer.testing import CliRunner, Result

from app.cli import program_for
from app.core.database import open_url
from app.core.security import PasswordHasher
from app.crud import crud_job, crud_table
from app.db.database import Database
from app.domain.people import COMMAND_LINE
from app.models.models import User
from app.services import audit, copying, demo, sealing
from tests.databases import Databases

NOW = datetime(2026, 11, 23, 8, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture
def source(sqlite_databases: Databases) -> Iterator[Database]:
    """A clinic with people, hours, appointments and an audit log."""
    with closing(open_url(sqlite_databases.create())) as database:
        with database.writing() as session:
            demo.fill(
                session,
                today=NOW.date(),
                timezone="Europe/London",
                hasher=PasswordHasher(4),
                seed=1,
            )
            event = audit.AuditEvent("login", "session", 7, patient_ids=frozenset({1, 2}))
            audit.record(session, event, event, by=COMMAND_LINE, now=NOW)
            assert sealing.seal(session) > 0
            audit.record(session, event, by=COMMAND_LINE, now=NOW)
            crud_job.add_run(
                session, sealing.SEALING, ran_at=NOW, succeeded_at=None, done=1, failures=0
            )
        yield database


def file_of(database: Database) -> Path:
    return Path(str(database.engine.url.database))


def everything_in(database: Database) -> dict[str, list[dict]]:
    with database.reading() as session:
        return {
            table.name: [
                dict(row) for batch in crud_table.batches_of_rows(session, table) for row in batch
            ]
            for table in crud_table.all_tables()
        }


@pytest.fixture
def copy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Run the command on a SQLite file, with DATABASE_URL as the target."""

    def run(file: Path, target: str) -> Result:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("DATABASE_URL", target)
        command = ["copy-database", str(file)]
        return CliRunner().invoke(program_for(command), command)

    return run


def test_every_row_arrives_in_a_database_without_a_schema(
    source: Database, databases: Databases, copy
):
    target_url = databases.create_blank()
    result = copy(file_of(source), target_url)

    expected = everything_in(source)
    with closing(open_url(target_url)) as target:
        assert everything_in(target) == expected
        with target.reading() as session:
            found = sealing.verify(session)
            assert (found.fault, found.head.sequence, found.unsealed) == (None, 44, 1)
            assert found.worker_seen_at is None  # of this database
        with target.writing() as session:
            audit.record(session, audit.AuditEvent("login", "session"), by=COMMAND_LINE, now=NOW)
            assert sealing.seal(session) == 2
            assert sealing.verify(session).fault is None
    counts = [f"{len(rows):>8}  {name}" for name, rows in expected.items()]
    assert (result.exit_code, result.stdout.splitlines()) == (
        0,
        [*counts, "Every row was copied and compared."],
    )
    assert len(expected["users"]) == 69
    assert len(expected["audit_seals"]) == 44


def test_the_copied_clinic_goes_on_numbering(source: Database, database: Database):
    with source.reading() as reading, database.writing() as writing:
        copying.copy_clinic(reading, writing)
        highest = max(writing.scalars(select(User.id)))
        somebody = {
            column.name: getattr(writing.get(User, highest), column.name)
            for column in User.__table__.columns
            if column.name != "id"
        }
        changed = {"username_key": "new", "email_key": "new@example.com"}
        new_id = writing.scalar(insert(User).values(**somebody | changed).returning(User.id))

    assert new_id == highest + 1


def test_a_target_with_data_is_refused_and_left_alone(source: Database, database: Database, copy):
    with source.reading() as reading, database.writing() as writing:
        user = reading.scalars(select(User).limit(1)).one()
        columns = {column.name: getattr(user, column.name) for column in User.__table__.columns}
        writing.execute(insert(User).values(**columns))
    before = everything_in(database)
    target = database.engine.url.render_as_string(hide_password=False)

    result = copy(file_of(source), target)

    assert (result.exit_code, result.stderr) == (
        1,
        "Nothing was copied. The target is not empty: it has users.\n",
    )
    assert everything_in(database) == before


def test_a_difference_undoes_the_copy(
    source: Database, database: Database, monkeypatch: pytest.MonkeyPatch
):
    before = everything_in(database)

    def forget_one(session, table, rows):
        if table.name == "schedules":
            rows = rows[:-1]
        session.execute(insert(table), [dict(row) for row in rows])

    monkeypatch.setattr(crud_table, "insert_rows", forget_one)
    with (
        pytest.raises(
            copying.CopyRefused, match=r"^Row \d+ of schedules differs after the copy\.$"
        ),
        source.reading() as reading,
        database.writing() as writing,
    ):
        copying.copy_clinic(reading, writing)

    assert everything_in(database) == before


def test_a_changed_value_is_a_difference(
    source: Database, database: Database, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(
        copying,
        "continue_numbering",
        lambda session, table: session.execute(update(User).values(full_name="Somebody")),
    )
    with (
        pytest.raises(copying.CopyRefused, match=r"^Row 1 of users differs after the copy\.$"),
        source.reading() as reading,
        database.writing() as writing,
    ):
        copying.copy_clinic(reading, writing)


def test_a_source_that_is_missing_or_of_another_version_is_refused(
    databases: Databases, tmp_path: Path, copy
):
    target = databases.create_blank()
    missing = tmp_path / "missing.db"
    assert copy(missing, target).exit_code == 2
    assert not missing.exists()

    missing.touch()
    result = copy(missing, target)
    assert (result.exit_code, result.stderr) == (
        1,
        "The database is not at the schema of this version. Run: clinic migrate\n",
    )
