"""How many statements a request takes is fixed, however much there is to show."""

from collections.abc import Callable
from datetime import date, timedelta
from unittest.mock import patch

import pytest
from sqlalchemy import event

from app.core.config import Settings
from app.db.statements import Statement
from tests.people import Visitor

MONDAY = date(2026, 11, 30)
SESSION = 1  # every request of somebody who is signed in looks its session up
OF_TRANSACTIONS = ("BEGIN", "SAVEPOINT", "RELEASE")


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """One patient books a full diary."""
    return settings.model_copy(update={"open_visits_per_patient": 100})


@pytest.fixture
def doctor(visitor: Visitor) -> Visitor:
    doctor = visitor.another().register("dr_smith", role="doctor")
    for day_of_week in range(7):
        hours = {"start_time": "09:00", "end_time": "17:00"}
        answer = doctor.post("/schedules/", day_of_week=day_of_week, **hours)
        assert answer.status_code == 201
    return doctor


@pytest.fixture
def patient(visitor: Visitor) -> Visitor:
    return visitor.another().register("john_patient")


def book(patient: Visitor, doctor: Visitor, number: int) -> None:
    answer = patient.post(
        "/appointments/",
        doctor_id=doctor.id,
        appointment_date=(MONDAY + timedelta(days=number % 28)).isoformat(),
        appointment_time=f"{9 + number // 28:02}:00",
        reason="Regular checkup",
    )
    assert answer.status_code == 201, answer.text


def statements_of(visitor: Visitor, request: Callable[[], object]) -> int:
    """The statements that a request sends, those about transactions left out."""
    engine = visitor.client.app.state.resources.database.engine
    sent: list[str] = []
    compiled_for = Statement.compiled_for

    def note(connection, cursor, statement, *rest):
        sent.append(statement)

    def form_for_and_note(statement, dialect):
        form = compiled_for(statement, dialect)
        sent.append(form.text)
        return form

    event.listen(engine, "before_cursor_execute", note)
    with patch.object(Statement, "compiled_for", form_for_and_note):
        request()
    event.remove(engine, "before_cursor_execute", note)
    return sum(not statement.startswith(OF_TRANSACTIONS) for statement in sent)


def free_slots(visitor: Visitor, doctor: Visitor, days: int) -> int:
    answer = visitor.get(
        f"/schedules/doctor/{doctor.id}/available-slots",
        start_date=MONDAY.isoformat(),
        end_date=(MONDAY + timedelta(days=days - 1)).isoformat(),
    )
    return len(answer.json())


@pytest.mark.parametrize(("booked", "days"), [(0, 1), (0, 31), (20, 31)])
def test_free_slots_take_a_statement_and_another_when_the_diary_has_changed(
    visitor, doctor, patient, booked, days
):
    def statements() -> int:
        return statements_of(visitor, lambda: free_slots(visitor, doctor, days))

    for number in range(booked):
        book(patient, doctor, number)
    first, unchanged = statements(), statements()
    book(patient, doctor, booked)
    assert (first, unchanged, statements()) == (1, 1, 2)
    assert free_slots(visitor, doctor, days) == 16 * days - booked - 1


@pytest.mark.parametrize("booked", [0, 2, 20])
def test_a_patients_own_appointments_take_one_statement(doctor, patient, booked):
    for number in range(booked):
        book(patient, doctor, number)
    assert len(patient.get("/appointments/my").json()) == booked
    assert statements_of(patient, lambda: patient.get("/appointments/my")) == SESSION + 1


@pytest.mark.parametrize("booked", [2, 20])
def test_a_doctors_appointments_take_as_many_whatever_their_number(doctor, patient, booked):
    for number in range(booked):
        book(patient, doctor, number)
    assert len(doctor.get("/appointments/my").json()) == booked
    declined_by_the_fast_route, look_recorded_before = SESSION, 1
    expected = declined_by_the_fast_route + SESSION + 1 + look_recorded_before
    assert statements_of(doctor, lambda: doctor.get("/appointments/my")) == expected


@pytest.mark.parametrize("booked", [0, 20])
def test_a_booking_takes_as_many_statements_in_a_full_diary(doctor, patient, booked):
    for number in range(booked):
        book(patient, doctor, number)
    parties_and_diary, insert, record = 2, 1, 1
    expected = SESSION + parties_and_diary + insert + record
    assert statements_of(patient, lambda: book(patient, doctor, 27)) == expected
