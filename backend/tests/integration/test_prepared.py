"""Prepared statements give and take what SQLAlchemy's own do, on both engines."""

from contextlib import closing
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import IntegrityError

from app.core.database import Database
from app.core.lookups import LookupFailed, Lookups
from app.core.prepared import Ask, Parameter, Prepared, parameters_for, rows_in
from app.domain.appointments import AppointmentStatus
from app.domain.people import Role
from app.models import Appointment, User
from tests.integration.diaries import add_person

NOW = datetime(2026, 11, 23, 8, 0, 1, 20_000, tzinfo=UTC)
IN_NEW_YORK = NOW.astimezone(timezone(timedelta(hours=-5)))
TABLE = Appointment.__table__
INSERT = Prepared(
    insert(TABLE).values(parameters_for(*(column for column in TABLE.c if column.name != "id")))
)
STATEMENT = select(*TABLE.c, User.is_active, User.role, User.specialty).join(
    User, User.id == TABLE.c.patient_id
)
QUERY = Prepared(STATEMENT.where(TABLE.c.starts_at <= Parameter("until", TABLE.c.starts_at.type)))


def add_appointment(database: Database) -> dict[str, object]:
    """An appointment, written by a prepared statement; its values."""
    with database.writing() as session:
        values = {
            "doctor_id": add_person(session, Role.DOCTOR, now=NOW).id,
            "patient_id": add_person(session, Role.PATIENT, now=NOW).id,
            "appointment_date": date(2026, 11, 23),
            "appointment_time": 480,
            "duration": 30,
            "reason": "100 % 'quoted' :name",
            "status": AppointmentStatus.SCHEDULED,
            "starts_at": IN_NEW_YORK,
            "ends_at": NOW + timedelta(minutes=30),
            "created_at": NOW,
            "updated_at": NOW,
        }
        rows_in(session, INSERT, **values)
    return values


def test_values_come_back_as_they_went_in_and_as_sqlalchemy_reads_them(database: Database):
    values = add_appointment(database)
    with database.reading() as session:
        (plain,) = session.execute(STATEMENT)
        (row,) = rows_in(session, QUERY, until=IN_NEW_YORK)
    assert row == tuple(plain)
    assert row[1:] == (*values.values(), True, Role.PATIENT, None)
    assert [type(value) for value in row] == [type(value) for value in plain]


def test_an_instant_of_another_zone_is_compared_in_utc(database: Database):
    add_appointment(database)
    with database.reading() as session:
        earlier = IN_NEW_YORK - timedelta(microseconds=1)
        assert rows_in(session, QUERY, until=earlier) == []


def test_a_lookup_reads_the_same_outside_of_a_transaction(database: Database):
    add_appointment(database)
    with closing(Lookups(database)) as lookups, database.reading() as session:
        assert lookups.rows(QUERY, until=NOW) == rows_in(session, QUERY, until=NOW)


def test_what_the_database_refuses_is_raised_as_sqlalchemy_raises_it(database: Database):
    values = add_appointment(database)
    endless = values | {"duration": 0}
    with database.writing() as session:
        with pytest.raises(IntegrityError) as refused:
            rows_in(session, INSERT, **endless)
        session.rollback()
        with pytest.raises(IntegrityError) as plainly_refused:
            session.execute(insert(TABLE), endless)
        session.rollback()
    assert type(refused.value.orig) is type(plainly_refused.value.orig)
    assert (refused.value.params, refused.value.hide_parameters) == (None, True)


def test_a_question_whose_lookup_fails_is_answered_in_a_transaction(
    database: Database, monkeypatch: pytest.MonkeyPatch
):
    add_appointment(database)

    def question(ask: Ask) -> int:
        return len(ask(QUERY, until=NOW))

    def fail(*_: object, **__: object) -> None:
        raise LookupFailed

    with closing(Lookups(database)) as lookups:
        monkeypatch.setattr(lookups, "rows", fail)
        assert lookups.answer(question) == 1


def test_after_a_lookup_that_fails_the_next_one_is_answered(database: Database):
    add_appointment(database)
    nonsense = Prepared(text("SELECT nothing FROM nowhere"))
    with closing(Lookups(database)) as lookups:
        for _ in range(2):
            with pytest.raises(LookupFailed):
                lookups.rows(nonsense)
            assert len(lookups.rows(QUERY, until=NOW)) == 1
