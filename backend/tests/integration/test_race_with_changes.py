"""Bookings race with what takes their ground away: changed hours, leaving doctors, cancellations.

Whatever comes first, the clinic is consistent afterwards, and nobody waits for a deadlock.
"""

from collections import Counter
from itertools import chain
from typing import Any

import httpx2
from sqlalchemy import select

from app.crud import crud_schedule, crud_user
from app.domain.people import Role
from app.models.models import Appointment, User
from tests.integration.guards import overlaps
from tests.integration.racing import (
    Call,
    Clinic,
    Person,
    booking_of,
    cancellation_of,
    coming_day,
    move_to,
    outcome,
)

CLIENTS = 16
ROUNDS = 4
NINE = 9 * 60


def appointments_of(clinic: Clinic, doctor: Person) -> list[Appointment]:
    """Those that hold the doctor's time."""
    with clinic.database.reading() as session:
        statement = select(Appointment).where(
            Appointment.doctor_id == doctor.id, Appointment.status != "cancelled"
        )
        return list(session.scalars(statement))


def hours_of(clinic: Clinic, doctor: Person) -> list[tuple[int, int]]:
    """The active hours on the day that these races are about."""
    with clinic.database.reading() as session:
        rows = crud_schedule.list_active_schedules(session, doctor_id=doctor.id)
        weekday = coming_day().weekday()
        return [(row.start_time, row.end_time) for row in rows if row.day_of_week == weekday]


def row_id(clinic: Clinic, doctor: Person) -> int:
    with clinic.database.reading() as session:
        rows = crud_schedule.list_active_schedules(session, doctor_id=doctor.id)
        return next(row.id for row in rows if row.day_of_week == coming_day().weekday())


def stranded(clinic: Clinic, doctor: Person) -> list[int]:
    hours = hours_of(clinic, doctor)
    return [
        visit.id
        for visit in appointments_of(clinic, doctor)
        if not any(
            opens <= visit.appointment_time and visit.appointment_time + visit.duration <= closes
            for opens, closes in hours
        )
    ]


def amid(calls: list[Call], change: Call) -> list[Call]:
    """The calls with the change in the middle of them."""
    middle = len(calls) // 2
    return [*calls[:middle], change, *calls[middle:]]


def booked_by(answers: list[httpx2.Response]) -> list[int]:
    return sorted(answer.json()["id"] for answer in answers if answer.status_code == 201)


def change_of_hours(number: int, doctor: Person, schedule_id: int) -> Call:
    """Another change every round: later hours, none on this day, no row at all, a hidden row."""
    path = f"/schedules/{schedule_id}"
    bodies: list[dict[str, Any] | None] = [
        {"start_time": "14:00", "end_time": "18:00"},
        {"day_of_week": (coming_day().weekday() + 1) % 7},
        {"is_active": False},
        None,
    ]
    body = bodies[number % len(bodies)]
    return Call(doctor, "DELETE" if body is None else "PUT", path, body)


def test_no_patient_is_stranded_by_hours_that_change_meanwhile(clinic: Clinic):
    for number in range(ROUNDS):
        doctor = clinic.doctor(NINE, NINE + 240, 15, on=[coming_day().weekday()])
        patients = clinic.patients(CLIENTS)
        bookings = [
            booking_of(patient, doctor, NINE + 15 * slot) for slot, patient in enumerate(patients)
        ]
        change = change_of_hours(number, doctor, row_id(clinic, doctor))
        answers = clinic.race(amid(bookings, change))
        outcomes = [outcome(answer) for answer in answers]
        changed = outcomes.pop(CLIENTS // 2)
        booked = outcomes.count("ok")
        assert sorted(outcomes) == ["ok"] * booked + ["slot_not_offered"] * (CLIENTS - booked)
        assert changed == ("appointments_affected" if booked else "ok")
        assert stranded(clinic, doctor) == []


def test_no_doctor_leaves_with_visits_and_nobody_books_with_one_who_left(clinic: Clinic):
    admin = clinic.person(Role.ADMIN)
    for _ in range(ROUNDS):
        doctor = clinic.doctor(NINE, NINE + 240, 15)
        patients = clinic.patients(CLIENTS)
        bookings = [
            booking_of(patient, doctor, NINE + 15 * slot) for slot, patient in enumerate(patients)
        ]
        leaving = Call(admin, "PATCH", f"/users/{doctor.id}", {"is_active": False})
        answers = clinic.race(amid(bookings, leaving))
        booked = booked_by(answers)
        has_left = Counter(ok=1, not_found=CLIENTS)
        has_stayed = Counter(ok=CLIENTS, appointments_affected=1)
        assert Counter(map(outcome, answers)) == (has_stayed if booked else has_left)
        assert sorted(visit.id for visit in appointments_of(clinic, doctor)) == booked


def left_with_visits(clinic: Clinic) -> list[int]:
    """The patients who have left although they have scheduled visits."""
    with clinic.database.reading() as session:
        statement = (
            select(Appointment.patient_id)
            .join(Appointment.patient)
            .where(Appointment.status == "scheduled", User.is_active.is_(False))
        )
        return sorted(set(session.scalars(statement)))


def test_no_patient_leaves_with_visits_and_nobody_books_for_one_who_left(clinic: Clinic):
    """Half of the 32 bookings come from the patient, half from the front desk."""
    admin = clinic.person(Role.ADMIN)
    for _ in range(ROUNDS):
        doctor = clinic.doctor(NINE, NINE + 480, 15)
        (patient,) = clinic.patients(1)
        own = [booking_of(patient, doctor, NINE + 30 * slot) for slot in range(CLIENTS)]
        others = [
            Call(admin, call.method, call.path, {**(call.body or {}), "patient_id": patient.id})
            for call in (
                booking_of(patient, doctor, NINE + 30 * slot + 15) for slot in range(CLIENTS)
            )
        ]
        bookings = list(chain.from_iterable(zip(own, others, strict=True)))
        assert len(bookings) == 32
        leaving = Call(admin, "PATCH", f"/users/{patient.id}", {"is_active": False})
        answers = clinic.race(amid(bookings, leaving))
        booked = booked_by(answers)
        outcomes = [outcome(answer) for answer in answers]
        left = outcomes.pop(CLIENTS)
        assert left == ("appointments_affected" if booked else "ok")
        # The patient may have 20 open visits; the front desk books more of them.
        allowed = {"ok", "too_many_open_visits"} if booked else {"not_found", "not_signed_in"}
        assert {*outcomes} <= allowed
        assert sorted(visit.id for visit in appointments_of(clinic, doctor)) == booked
    assert left_with_visits(clinic) == []


def test_a_patient_who_left_with_visits_is_seen(clinic: Clinic):
    """The control: a deactivation that looks at no visits leaves one behind."""
    doctor = clinic.doctor(NINE, NINE + 60, 30)
    (patient,) = clinic.patients(1)
    clinic.race([booking_of(patient, doctor, NINE)])
    with clinic.database.writing() as session:
        crud_user.update_user(session, patient.id, changes={"is_active": False})
    assert left_with_visits(clinic) == [patient.id]
    with clinic.database.writing() as session:  # as it was, for the other tests
        crud_user.update_user(session, patient.id, changes={"is_active": True})


def test_a_visit_that_is_moved_and_cancelled_at_once_ends_cancelled(clinic: Clinic):
    doctor = clinic.doctor(NINE, NINE + 480, 15)
    (patient,) = clinic.patients(1)
    for _ in range(ROUNDS):
        (booked,) = clinic.race([booking_of(patient, doctor, NINE)])
        appointment_id = booked.json()["id"]
        moves = [
            move_to(patient, appointment_id, NINE + 15 * slot) for slot in range(1, CLIENTS + 1)
        ]
        cancellations = [cancellation_of(who, appointment_id) for who in (patient, doctor)] * 4
        answers = clinic.race(chain.from_iterable(zip(moves[::2], cancellations, strict=True)))
        cancelled = Counter(map(outcome, answers[1::2]))
        assert cancelled == Counter(ok=1, illegal_transition=len(cancellations) - 1)
        assert {outcome(answer) for answer in answers[::2]} <= {"ok", "illegal_transition"}
        assert appointments_of(clinic, doctor) == []


def test_a_patient_who_moves_one_visit_while_booking_others_is_never_in_two_places(clinic: Clinic):
    """Updates and inserts that meet in the patient's diary only: no lock is common to both."""
    one = clinic.doctor(0, 1440, 60)
    for patient in clinic.patients(ROUNDS):
        other = clinic.doctor(30, 1410, 60)
        (booked,) = clinic.race([booking_of(patient, one, 23 * 60)])
        calls = [
            call
            for hour in range(CLIENTS)
            for call in (
                booking_of(patient, other, 60 * hour + 30),
                move_to(patient, booked.json()["id"], 60 * hour),
            )
        ]
        assert {*clinic.outcomes(calls)} <= {"ok", "patient_busy"}
        (visit,) = appointments_of(clinic, one)
        clinic.race([cancellation_of(patient, visit.id)])
    assert overlaps(clinic.database) == []
