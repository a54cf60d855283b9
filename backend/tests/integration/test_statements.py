"""Compiled statements give and take what SQLAlchemy's own do, on both engines."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime, timedelta, timezone
from functools import partial

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import IntegrityError, ProgrammingError, SQLAlchemyError

from app.core.database import open_url
from app.db.database import Database
from app.db.sqlite.reader import ReadFailed
from app.db.statements import Parameter, Row, RunQuery, Statement, Transaction, parameters_for
from app.db.transactions import execute
from app.domain.appointments import AppointmentStatus
from app.domain.people import Role
from app.models.models import Appointment, User
from tests.databases import Databases
from tests.integration.asking import answers_to, let_lookups_fail, with_writer
from tests.integration.diaries import add_person

NOW = datetime(2026, 11, 23, 8, 0, 1, 20_000, tzinfo=UTC)
IN_NEW_YORK = NOW.astimezone(timezone(timedelta(hours=-5)))
TABLE = Appointment.__table__
INSERT = Statement(
    insert(TABLE).values(parameters_for(*(column for column in TABLE.c if column.name != "id")))
)
STATEMENT = select(*TABLE.c, User.is_active, User.role, User.specialty).join(
    User, User.id == TABLE.c.patient_id
)
QUERY = Statement(STATEMENT.where(TABLE.c.starts_at <= Parameter("until", TABLE.c.starts_at.type)))
NONSENSE = Statement(text("SELECT nothing FROM nowhere"))

WriteFn = Callable[[Transaction], list[Row]]


def appointments(query: RunQuery, until: datetime) -> list[Row]:
    return query(QUERY, until=until)


def new_appointment(database: Database) -> dict[str, object]:
    """The values of an appointment of people whom the database knows."""
    with database.writing() as session:
        return {
            "doctor_id": add_person(session, Role.DOCTOR, now=NOW).id,
            "patient_id": add_person(session, Role.PATIENT, now=NOW).id,
            "appointment_date": date(2026, 11, 23),
            "appointment_time": 480,
            "duration": 30,
            "reason": "100 % 'quoted' :name %(name)s",
            "status": AppointmentStatus.SCHEDULED,
            "starts_at": IN_NEW_YORK,
            "ends_at": NOW + timedelta(minutes=30),
            "created_at": NOW,
            "updated_at": NOW,
        }


def in_session(database: Database, work: WriteFn) -> list[Row]:
    with database.writing() as session:
        return work(session)


def in_writer(database: Database, work: WriteFn) -> list[Row]:
    return with_writer(database, lambda write_queue: write_queue.submit(work))


@pytest.fixture(params=[in_session, in_writer])
def carry_out(request: pytest.FixtureRequest) -> Callable[[Database, WriteFn], list[Row]]:
    """Carries out a work in each of the two ways in which prepared statements are run."""
    run: Callable[[Database, WriteFn], list[Row]] = request.param
    return run


def code_of(refusal: IntegrityError) -> str:
    """What its engine calls the refusal."""
    if isinstance(refusal.orig, sqlite3.Error):
        return refusal.orig.sqlite_errorname
    return str(refusal.orig.sqlstate)  # type: ignore[union-attr]


def add_appointment(database: Database) -> dict[str, object]:
    """An appointment, written by a prepared statement; its values."""
    values = new_appointment(database)
    in_session(database, lambda session: execute(session, INSERT, **values))
    return values


def test_values_come_back_as_they_went_in_and_as_sqlalchemy_reads_them(
    database: Database, carry_out: Callable[[Database, WriteFn], list[Row]]
):
    values = new_appointment(database)
    carry_out(database, lambda transaction: execute(transaction, INSERT, **values))
    (row,) = carry_out(database, lambda transaction: execute(transaction, QUERY, until=IN_NEW_YORK))
    with database.reading() as session:
        (plain,) = session.execute(STATEMENT)
    assert row == tuple(plain)
    assert row[1:] == (*values.values(), True, Role.PATIENT, None)
    assert [type(value) for value in row] == [type(value) for value in plain]


def test_an_instant_of_another_zone_is_compared_in_utc(
    database: Database, carry_out: Callable[[Database, WriteFn], list[Row]]
):
    add_appointment(database)
    earlier = IN_NEW_YORK - timedelta(microseconds=1)
    assert carry_out(database, lambda tx: execute(tx, QUERY, until=earlier)) == []


def test_a_lookup_reads_the_same_outside_of_a_transaction(database: Database):
    add_appointment(database)
    with database.reading() as session:
        rows = execute(session, QUERY, until=NOW)
    assert answers_to(partial(appointments, until=NOW), database) == [rows, rows]


def test_what_the_database_refuses_is_raised_as_sqlalchemy_raises_it(
    database: Database, carry_out: Callable[[Database, WriteFn], list[Row]]
):
    endless = add_appointment(database) | {"duration": 0}
    with pytest.raises(IntegrityError) as refused:
        carry_out(database, lambda tx: execute(tx, INSERT, **endless))
    with database.writing() as session:
        with pytest.raises(IntegrityError) as plainly_refused:
            session.execute(insert(TABLE), endless)
        session.rollback()
    assert code_of(refused.value) == code_of(plainly_refused.value)
    assert (refused.value.params, refused.value.hide_parameters) == (None, True)
    assert len(carry_out(database, lambda tx: execute(tx, QUERY, until=NOW))) == 1


def test_nonsense_is_a_bug_and_no_failure_of_the_database(postgres_databases: Databases):
    with closing(open_url(postgres_databases.create())) as database:
        for carry_out in (in_session, in_writer):
            with pytest.raises(ProgrammingError):
                carry_out(database, lambda tx: execute(tx, NONSENSE))


def test_a_question_whose_lookup_fails_is_answered_in_a_transaction(
    database: Database, monkeypatch: pytest.MonkeyPatch
):
    add_appointment(database)
    let_lookups_fail(monkeypatch)
    first, second = answers_to(partial(appointments, until=NOW), database)
    assert len(first) == len(second) == 1


def test_a_question_that_breaks_keeps_nobody_else_from_an_answer(database: Database):
    add_appointment(database)

    async def query() -> list[object]:
        reader = database.open_reader()
        questions = [partial(appointments, until=NOW), lambda query: query(NONSENSE)]
        try:
            soon = (reader.read_async(question) for question in questions * 2)
            return await asyncio.gather(*soon, return_exceptions=True)
        finally:
            await reader.close()

    first, broken, second, broken_again = asyncio.run(query())
    assert [len(first), len(second)] == [1, 1]
    assert isinstance(broken, SQLAlchemyError)
    assert type(broken_again) is type(broken)


def test_after_a_lookup_that_fails_the_next_one_is_answered(database: Database):
    add_appointment(database)

    def ask_nonsense_and_then(query: RunQuery) -> int:
        for _ in range(2):
            with pytest.raises((ReadFailed, SQLAlchemyError)):
                query(NONSENSE)
        return 1

    async def query() -> list[Row]:
        reader = database.open_reader()
        try:
            await reader.read_async(ask_nonsense_and_then)
            return await reader.read_async(partial(appointments, until=NOW))
        finally:
            await reader.close()

    assert len(asyncio.run(query())) == 1
