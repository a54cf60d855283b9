"""Clients race for the same time: one gets it, whatever the engine and the order of events.

`RACE_ROUNDS=10` races more often.
"""

import os
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import func, select

from app.db.database import Database
from app.models.models import Appointment
from tests.integration.guards import drop_guards, overlaps
from tests.integration.racing import Call, Clinic, Person, booking_of, coming_day, move_to, outcome
from tests.integration.servers import OPEN_VISITS, serving

CLIENTS = 64
ROUNDS = int(os.environ.get("RACE_ROUNDS", "5"))
NINE = 9 * 60


def held_by(clinic: Clinic, doctor: Person) -> int:
    with clinic.database.reading() as session:
        statement = select(func.count()).where(Appointment.doctor_id == doctor.id)
        return session.scalars(statement).one()


def race_for_one_slot_a_round(clinic: Clinic) -> list[Counter[str]]:
    doctor = clinic.doctor(NINE, NINE + 30 * ROUNDS, 30)
    patients = clinic.patients(CLIENTS)
    return [
        clinic.outcomes(booking_of(patient, doctor, NINE + 30 * number) for patient in patients)
        for number in range(ROUNDS)
    ]


def test_one_of_64_patients_gets_the_slot(clinic: Clinic):
    expected = Counter(ok=1, slot_taken=CLIENTS - 1)
    assert race_for_one_slot_a_round(clinic) == [expected] * ROUNDS
    assert overlaps(clinic.database) == []


def test_one_of_64_gets_the_slot_when_half_of_them_move_to_it(clinic: Clinic):
    doctor = clinic.doctor(NINE, NINE + 5 * (CLIENTS + ROUNDS), 5)
    patients, movers = clinic.patients(CLIENTS // 2), clinic.patients(CLIENTS // 2)
    booked = clinic.race(
        booking_of(mover, doctor, NINE + 5 * (ROUNDS + number))
        for number, mover in enumerate(movers)
    )
    owned = list(zip(movers, [answer.json()["id"] for answer in booked], strict=True))
    for number in range(ROUNDS):
        start = NINE + 5 * number
        bookings = [booking_of(patient, doctor, start) for patient in patients]
        moves = [move_to(mover, appointment_id, start) for mover, appointment_id in owned]
        mixed = [call for pair in zip(bookings, moves, strict=True) for call in pair]
        assert clinic.outcomes(mixed) == Counter(ok=1, slot_taken=CLIENTS - 1)
    assert overlaps(clinic.database) == []


def test_a_patient_with_64_windows_books_one_of_two_overlapping_slots(clinic: Clinic):
    one, other = clinic.doctor(0, 1380, 60), clinic.doctor(30, 1410, 60)
    (patient,) = clinic.patients(1)
    for number in range(ROUNDS):
        start = 120 * number
        pair = [booking_of(patient, one, start), booking_of(patient, other, start + 30)]
        # The doctor who was chosen is taken for the others, the other one's find a busy patient.
        half = CLIENTS // 2
        expected = Counter(ok=1, slot_taken=half - 1, patient_busy=half)
        assert clinic.outcomes(pair * half) == expected
    assert held_by(clinic, one) + held_by(clinic, other) == ROUNDS
    assert overlaps(clinic.database) == []


def test_the_same_request_from_64_windows_books_once(clinic: Clinic):
    doctor = clinic.doctor(NINE, NINE + 60, 30)
    (patient,) = clinic.patients(1)
    patient.headers["Idempotency-Key"] = "the-same-in-every-window"
    answers = clinic.race([booking_of(patient, doctor, NINE)] * CLIENTS)
    assert {outcome(answer) for answer in answers} <= {"ok", "request_in_flight"}
    answers += clinic.race([booking_of(patient, doctor, NINE)])
    assert answers[-1].status_code == 201
    assert len({answer.json()["id"] for answer in answers if answer.is_success}) == 1
    assert held_by(clinic, doctor) == 1


def race_of_one_patient(clinic: Clinic) -> list[Counter[str]]:
    """Each round another patient books more times at once, with several doctors, than allowed."""

    def race(patient: Person) -> Counter[str]:
        doctors = [clinic.doctor(0, 1440, 15) for _ in range(8)]
        return clinic.outcomes(
            booking_of(patient, doctors[number % 8], 15 * number) for number in range(CLIENTS)
        )

    return [race(patient) for patient in clinic.patients(2)]


def test_a_patient_with_64_windows_books_as_many_visits_as_one_may_have(clinic: Clinic):
    expected = Counter(ok=OPEN_VISITS, too_many_open_visits=CLIENTS - OPEN_VISITS)
    assert race_of_one_patient(clinic) == [expected] * 2


def test_64_searches_at_once_are_all_answered(clinic: Clinic):
    """More than there are threads and connections: none may wait for one that waits for it."""
    doctor = clinic.doctor(NINE, NINE + 60, 30)
    path = f"/schedules/doctor/{doctor.id}/available-slots?start_date={coming_day()}"
    searches = [Call(doctor, "GET", f"{path}&end_date={coming_day()}")] * CLIENTS
    found = [[slot["time"] for slot in answer.json()] for answer in clinic.race(searches)]
    assert found == [["09:00", "09:30"]] * CLIENTS


@pytest.fixture
def naive_clinic(database_url: str, database: Database, tmp_path: Path, workers: str):
    """A clinic whose server only looks before it books: see `naive_server`."""
    with serving("tests.integration.naive_server", database_url, tmp_path, workers) as address:
        yield Clinic(address, database)


def test_the_guards_alone_let_one_of_64_have_the_slot(naive_clinic: Clinic):
    expected = Counter(ok=1, slot_taken=CLIENTS - 1)
    assert race_for_one_slot_a_round(naive_clinic) == [expected] * ROUNDS
    assert overlaps(naive_clinic.database) == []


def test_who_counts_before_the_insert_lets_a_patient_have_more(naive_clinic: Clinic):
    """The control: the race for one patient's visits can be lost, and losing it is seen."""
    booked = [outcomes["ok"] for outcomes in race_of_one_patient(naive_clinic)]
    assert max(booked) > OPEN_VISITS


def test_without_guards_the_race_ends_in_double_bookings(naive_clinic: Clinic):
    """The control: these races can be lost, and losing them is seen."""
    with naive_clinic.database.engine.begin() as connection:
        drop_guards(connection)
    rounds = race_for_one_slot_a_round(naive_clinic)
    assert sum(outcomes["ok"] for outcomes in rounds) > ROUNDS
    assert overlaps(naive_clinic.database) != []
