"""The migrations make the schema that the models describe, with the guards in the database."""

import sqlite3
import subprocess
import sys
from contextlib import ExitStack, closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import (
    Connection,
    Engine,
    Inspector,
    String,
    delete,
    event,
    insert,
    inspect,
    literal,
    text,
    update,
)
from sqlalchemy.exc import IntegrityError

from app.core.database import open_url
from app.db import schema
from app.db.database import Database
from app.db.revision import needed_revision, revision_of
from app.models.models import Appointment, Base, LoginSession, Schedule, User
from tests.databases import Databases
from tests.integration.guards import drop_guards

NINE = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)
DOCTOR, OTHER_DOCTOR, PATIENT, OTHER_PATIENT = 1, 2, 3, 4

SQLITE_KINDS = {
    "SQLITE_CONSTRAINT_CHECK": "check",
    "SQLITE_CONSTRAINT_FOREIGNKEY": "foreign key",
    "SQLITE_CONSTRAINT_NOTNULL": "not null",
    "SQLITE_CONSTRAINT_TRIGGER": "overlap",
    "SQLITE_CONSTRAINT_UNIQUE": "unique",
}
POSTGRESQL_KINDS = {
    "23514": "check",
    "23503": "foreign key",
    "23502": "not null",
    "23P01": "overlap",
    "23505": "unique",
}


def refusal_of(error: IntegrityError) -> tuple[str, str]:
    """The kind of constraint that refused a statement, and what the engine says of it."""
    if isinstance(error.orig, sqlite3.IntegrityError):
        return SQLITE_KINDS[error.orig.sqlite_errorname], str(error.orig).split(": ")[-1]
    return POSTGRESQL_KINDS[error.orig.sqlstate], error.orig.diag.constraint_name


def attempt(connection: Connection, statement: Any) -> tuple[str, str] | None:
    """Run a statement; what refused it, or None."""
    try:
        with connection.begin_nested():
            connection.execute(statement)
    except IntegrityError as error:
        return refusal_of(error)
    return None


def user(user_id: int, **changes: Any) -> dict[str, Any]:
    name = f"user_{user_id}"
    return {
        "id": user_id,
        "username": name,
        "username_key": name,
        "email": f"{name}@example.com",
        "email_key": f"{name}@example.com",
        "full_name": name,
        "hashed_password": "none",
        "role": "doctor" if user_id in {DOCTOR, OTHER_DOCTOR} else "patient",
        "is_active": True,
        "timezone": "UTC",
        "created_at": NINE,
    } | changes


def login(**changes: Any) -> dict[str, Any]:
    return {
        "user_id": PATIENT,
        "token_digest": "0" * 64,
        "created_at": NINE,
        "last_seen_at": NINE,
        "expires_at": NINE,
    } | changes


def hours(**changes: Any) -> dict[str, Any]:
    return {
        "doctor_id": DOCTOR,
        "day_of_week": 0,
        "start_time": 540,
        "end_time": 600,
        "slot_duration": 30,
        "is_active": True,
        "created_at": NINE,
    } | changes


def visit(minutes_after_nine: int = 0, duration: int = 30, **changes: Any) -> dict[str, Any]:
    starts_at = NINE + timedelta(minutes=minutes_after_nine)
    return {
        "doctor_id": DOCTOR,
        "patient_id": PATIENT,
        "appointment_date": date(2026, 11, 30),
        "appointment_time": 540,
        "duration": duration,
        "reason": "Regular checkup",
        "status": "scheduled",
        "starts_at": starts_at,
        "ends_at": starts_at + timedelta(minutes=duration),
        "created_at": NINE,
        "updated_at": NINE,
    } | changes


@pytest.fixture
def connection(database: Database):
    with database.engine.begin() as connection:
        people = (DOCTOR, OTHER_DOCTOR, PATIENT, OTHER_PATIENT)
        connection.execute(insert(User), [user(user_id) for user_id in people])
        yield connection


def test_the_migrations_go_up_and_down_and_up_again(databases: Databases):
    url = databases.create_blank()
    tables = set(Base.metadata.tables)
    with closing(open_url(url)) as database:
        for revision, expected in (("head", tables), ("base", set()), ("head", tables)):
            go = command.downgrade if revision == "base" else command.upgrade
            go(schema.migration_config(url), revision)
            found = set(inspect(database.engine).get_table_names()) - {"alembic_version"}
            assert found == expected


def test_migrations_are_committed_together(databases: Databases):
    """Otherwise another process could migrate between two of them, and a failure leave half."""
    url = databases.create_blank()
    commits: list[Connection] = []
    listener = commits.append
    event.listen(Engine, "commit", listener)
    try:
        schema.upgrade(url)
    finally:
        event.remove(Engine, "commit", listener)
    assert len(commits) == 1


MIGRATE = "import sys; from app.db import schema; input(); schema.upgrade(sys.argv[1])"


def test_whoever_migrates_at_the_same_time_waits(databases: Databases, tmp_path: Path):
    url = databases.create_blank()
    if url.startswith("sqlite"):
        url = f"sqlite:///{tmp_path}/new/clinic.db"
    with ExitStack() as stack:
        processes = [stack.enter_context(migrating(url)) for _ in range(4)]
        for process in processes:
            begin(process)
        said = [process.communicate()[1] for process in processes]
    assert (said, [process.returncode for process in processes]) == ([""] * 4, [0] * 4)
    with closing(open_url(url)) as database, database.engine.connect() as connection:
        assert revision_of(connection) == needed_revision()


def test_who_migrates_postgresql_waits_for_the_lock(postgres_databases: Databases):
    """The control: without the lock it would be done at once."""
    url = postgres_databases.create_blank()
    waiting = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
    with closing(open_url(url)) as database, migrating(url) as process:
        with database.engine.begin() as connection, database.engine.connect() as watcher:
            database.lock_schema(connection)
            begin(process)
            while watcher.scalar(waiting) == 0:
                assert process.poll() is None
            assert revision_of(connection) is None
        assert process.communicate()[1] == ""
        with database.engine.connect() as connection:
            assert revision_of(connection) == needed_revision()


def migrating(url: str) -> subprocess.Popen[str]:
    """A process that is about to migrate a database."""
    return subprocess.Popen(
        [sys.executable, "-c", MIGRATE, url],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def begin(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def test_the_newest_revision_is_recorded(database: Database):
    migrations = ScriptDirectory.from_config(schema.migration_config("sqlite://"))
    with database.engine.connect() as connection:
        stamp = revision_of(connection)
    assert (stamp, needed_revision()) == (migrations.get_current_head(),) * 2


def test_a_database_without_a_schema_is_at_no_revision(databases: Databases):
    with (
        closing(open_url(databases.create_blank())) as blank,
        blank.engine.connect() as connection,
    ):
        assert revision_of(connection) is None


def test_the_models_describe_the_migrated_schema(database: Database, database_url: str):
    command.check(schema.migration_config(database_url))
    with database.engine.begin() as connection:
        connection.execute(text("DROP INDEX ix_sessions_user_id"))
    with pytest.raises(CommandError, match="add_index"):
        command.check(schema.migration_config(database_url))


def names_of_constraints(inspector: Inspector, table: str) -> list[str | None]:
    found = [
        inspector.get_pk_constraint(table),
        *inspector.get_foreign_keys(table),
        *inspector.get_unique_constraints(table),
        *inspector.get_check_constraints(table),
    ]
    return [constraint["name"] for constraint in found]


def test_every_constraint_has_the_name_that_the_models_give_it(database: Database):
    inspector = inspect(database.engine)
    named_by_migrations = {"appointments": ["ck_appointments_ends_at"]}
    for table in Base.metadata.sorted_tables:
        expected = [str(constraint.name) for constraint in table.constraints]
        expected += named_by_migrations.get(table.name, [])
        assert sorted(map(str, names_of_constraints(inspector, table.name))) == sorted(expected)


WRONG_ROWS = [
    (User, user(5, username="ab"), "ck_users_username_length"),
    (User, user(5, full_name=""), "ck_users_full_name_length"),
    (User, user(5, email="@"), "ck_users_email_length"),
    (User, user(5, role=literal("nurse", String())), "ck_users_role"),
    (Schedule, hours(day_of_week=7), "ck_schedules_day_of_week"),
    (Schedule, hours(day_of_week=-1), "ck_schedules_day_of_week"),
    (Schedule, hours(start_time=-1), "ck_schedules_start_time"),
    (Schedule, hours(end_time=1441), "ck_schedules_end_time"),
    (Schedule, hours(slot_duration=4), "ck_schedules_slot_duration"),
    (Schedule, hours(end_time=900, slot_duration=241), "ck_schedules_slot_duration"),
    (Schedule, hours(slot_duration=61), "ck_schedules_slot_fits"),
    (Appointment, visit(appointment_time=-1), "ck_appointments_appointment_time"),
    (Appointment, visit(appointment_time=1440), "ck_appointments_appointment_time"),
    (Appointment, visit(duration=4), "ck_appointments_duration"),
    (Appointment, visit(duration=241), "ck_appointments_duration"),
    (Appointment, visit(reason=""), "ck_appointments_reason_length"),
    (Appointment, visit(patient_id=DOCTOR), "ck_appointments_two_parties"),
    (Appointment, visit(status=literal("missed", String())), "ck_appointments_status"),
    (Appointment, visit(ends_at=NINE + timedelta(minutes=31)), "ck_appointments_ends_at"),
    (
        Appointment,
        visit(ends_at=NINE + timedelta(minutes=30, seconds=1)),
        "ck_appointments_ends_at",
    ),
    (Appointment, visit(updated_at=NINE - timedelta(seconds=1)), "ck_appointments_updated_at"),
    (LoginSession, login(last_seen_at=NINE - timedelta(seconds=1)), "ck_sessions_last_seen_at"),
    (LoginSession, login(expires_at=NINE - timedelta(seconds=1)), "ck_sessions_expires_at"),
]


@pytest.mark.parametrize(("model", "row", "name"), WRONG_ROWS)
def test_a_row_outside_of_the_rules_is_refused(connection, model, row, name):
    assert attempt(connection, insert(model).values(**row)) == ("check", name)


def test_rows_at_the_edges_of_the_rules_are_accepted(connection):
    edges = [
        (User, user(5, username="abc", email="a@b", full_name="a", role="admin")),
        (Schedule, hours(day_of_week=6, start_time=0, end_time=1440, slot_duration=240)),
        (Schedule, hours(start_time=1435, end_time=1440, slot_duration=5)),
        (Appointment, visit(0, duration=5, appointment_time=0, reason="a")),
        (Appointment, visit(5, duration=240, appointment_time=1439, reason="a" * 500)),
    ]
    assert [attempt(connection, insert(model).values(**row)) for model, row in edges] == [None] * 5


@pytest.mark.parametrize(
    ("model", "row", "kind"),
    [
        (User, user(5, username_key="user_1"), "unique"),
        (User, user(5, email_key="user_1@example.com"), "unique"),
        (User, user(5, timezone=None), "not null"),
        (LoginSession, login(user_id=99), "foreign key"),
        (Schedule, hours(doctor_id=99), "foreign key"),
        (Schedule, hours(slot_duration=None), "not null"),
        (Appointment, visit(doctor_id=99), "foreign key"),
        (Appointment, visit(patient_id=99), "foreign key"),
        (Appointment, visit(starts_at=None), "not null"),
    ],
)
def test_a_row_without_what_it_refers_to_or_like_another_is_refused(connection, model, row, kind):
    refused = attempt(connection, insert(model).values(**row))
    assert refused is not None
    assert refused[0] == kind


def test_a_token_belongs_to_one_session_and_sessions_go_with_their_person(connection):
    assert attempt(connection, insert(LoginSession).values(**login())) is None
    refused = attempt(connection, insert(LoginSession).values(**login(user_id=DOCTOR)))
    assert refused is not None
    assert refused[0] == "unique"
    connection.execute(delete(User).where(User.id == PATIENT))
    assert connection.execute(LoginSession.__table__.select()).all() == []


OVERLAPPING = [(-15, 30), (15, 30), (10, 10), (-30, 120), (-30, 31), (29, 30)]
SAME_DOCTOR = {"patient_id": OTHER_PATIENT}
SAME_PATIENT = {"doctor_id": OTHER_DOCTOR}
BY_DOCTOR = ("overlap", "ex_appointments_doctor_overlap")
BY_PATIENT = ("overlap", "ex_appointments_patient_overlap")
PARTIES = pytest.mark.parametrize(
    ("shared", "refused"),
    [(SAME_DOCTOR, BY_DOCTOR), (SAME_PATIENT, BY_PATIENT)],
    ids=["doctor", "patient"],
)


@PARTIES
@pytest.mark.parametrize("status", ["scheduled", "completed"])
def test_overlapping_visits_are_refused_until_the_guards_are_dropped(
    connection, shared, refused, status
):
    connection.execute(insert(Appointment).values(**visit(status=status)))
    new = [insert(Appointment).values(**visit(*times, **shared)) for times in OVERLAPPING]
    assert [attempt(connection, statement) for statement in new] == [refused] * len(new)
    drop_guards(connection)
    assert [attempt(connection, statement) for statement in new] == [None] * len(new)


@PARTIES
def test_a_visit_at_the_same_start_is_refused_until_the_guards_are_dropped(
    connection, shared, refused
):
    connection.execute(insert(Appointment).values(**visit()))
    same = insert(Appointment).values(**visit(**shared))
    assert attempt(connection, same) is not None
    drop_guards(connection)
    assert attempt(connection, same) is None


@PARTIES
def test_moving_onto_another_visit_is_refused_until_the_guards_are_dropped(
    connection, shared, refused
):
    connection.execute(insert(Appointment).values(**visit()))
    connection.execute(insert(Appointment).values(id=7, **visit(300, **shared)))
    moves = [
        update(Appointment).where(Appointment.id == 7).values(**visit(*times, **shared))
        for times in OVERLAPPING
    ]
    assert [attempt(connection, move) for move in moves] == [refused] * len(moves)
    drop_guards(connection)
    assert [attempt(connection, move) for move in moves] == [None] * len(moves)


@PARTIES
def test_reviving_a_visit_whose_time_is_taken_is_refused(connection, shared, refused):
    connection.execute(insert(Appointment).values(id=7, **visit(15, status="cancelled", **shared)))
    connection.execute(insert(Appointment).values(**visit()))
    revive = update(Appointment).where(Appointment.id == 7).values(status="scheduled")
    assert attempt(connection, revive) == refused


@PARTIES
def test_touching_and_cancelled_visits_are_accepted(connection, shared, refused):
    connection.execute(insert(Appointment).values(**visit()))
    connection.execute(insert(Appointment).values(id=7, **visit(300, **shared)))
    accepted = [
        insert(Appointment).values(**visit(-30, **shared)),
        insert(Appointment).values(**visit(30, **shared)),
        insert(Appointment).values(**visit(0, status="cancelled", **shared)),
        insert(Appointment).values(**visit(15, status="cancelled", **shared)),
        update(Appointment).where(Appointment.id == 7).values(**visit(310, **shared)),
        update(Appointment).where(Appointment.id == 7).values(**visit(60, **shared)),
    ]
    assert [attempt(connection, statement) for statement in accepted] == [None] * len(accepted)


def test_visits_of_different_people_may_overlap(connection):
    connection.execute(insert(Appointment).values(**visit()))
    other = visit(15, doctor_id=OTHER_DOCTOR, patient_id=OTHER_PATIENT)
    assert attempt(connection, insert(Appointment).values(**other)) is None


OVERLAPPING_HOURS = [(510, 570), (570, 630), (550, 580), (500, 700), (541, 601)]


def test_overlapping_hours_are_refused_until_the_guard_is_dropped(connection):
    connection.execute(insert(Schedule).values(**hours(is_active=False)))
    new = [
        insert(Schedule).values(**hours(start_time=start, end_time=end))
        for start, end in OVERLAPPING_HOURS
    ]
    refused = ("overlap", "ex_schedules_overlap")
    assert [attempt(connection, statement) for statement in new] == [refused] * len(new)
    drop_guards(connection)
    assert [attempt(connection, statement) for statement in new] == [None] * len(new)


def test_hours_moved_onto_others_are_refused_until_the_guard_is_dropped(connection):
    connection.execute(insert(Schedule).values(**hours(is_active=False)))
    other = insert(Schedule).values(**hours(day_of_week=1)).returning(Schedule.id)
    own = Schedule.id == connection.scalar(other)
    moves = [
        update(Schedule).where(own).values(**hours(start_time=start, end_time=end))
        for start, end in OVERLAPPING_HOURS
    ]
    refused = ("overlap", "ex_schedules_overlap")
    assert [attempt(connection, move) for move in moves] == [refused] * len(moves)
    drop_guards(connection)
    assert [attempt(connection, move) for move in moves] == [None] * len(moves)


def test_touching_hours_and_those_of_other_days_and_doctors_are_accepted(connection):
    connection.execute(insert(Schedule).values(**hours()))
    others = [
        hours(start_time=480, end_time=540),
        hours(start_time=600, end_time=660),
        hours(day_of_week=1),
        hours(doctor_id=OTHER_DOCTOR),
    ]
    assert [attempt(connection, insert(Schedule).values(**row)) for row in others] == [None] * 4
