"""The demo clinic looks like one, keeps the rules, and comes out the same every time."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from app.core.security import PasswordHasher
from app.crud import crud_schedule, crud_user
from app.db.database import Database
from app.domain.appointments import AppointmentStatus
from app.domain.errors import UsernameTaken
from app.domain.people import Role
from app.models.models import Appointment, Schedule, User
from app.services import demo
from app.services.demo import ClinicPlan, DemoClinic
from app.services.demo_practices import FOUNDERS
from tests.integration.diaries import WITHOUT_LIMITS
from tests.slot_searches import available_slots

TODAY = date(2026, 11, 25)
LONDON = ZoneInfo("Europe/London")
MIDNIGHT = datetime.combine(TODAY, datetime.min.time(), LONDON)
DOCTOR, PATIENT = aliased(User), aliased(User)
VISIT = (
    DOCTOR.username,
    PATIENT.username,
    Appointment.starts_at,
    Appointment.ends_at,
    Appointment.reason,
    Appointment.status,
    Appointment.created_at,
    Appointment.updated_at,
)
PERSON = (User.username, User.email, User.full_name, User.phone, User.role, User.created_at)


def make(session: Session, *, seed: int = 1, **plan: Any) -> DemoClinic:
    return demo.fill(
        session,
        today=TODAY,
        timezone=LONDON.key,
        hasher=PasswordHasher(4),
        seed=seed,
        plan=ClinicPlan(**plan),
    )


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    with database.writing() as session:
        yield session


@pytest.fixture
def clinic(session: Session) -> DemoClinic:
    return make(session)


def visits(session: Session, *, holding: bool = False) -> list[Appointment]:
    statement = select(Appointment).order_by(Appointment.starts_at)
    if holding:
        statement = statement.where(Appointment.status != AppointmentStatus.CANCELLED)
    return list(session.scalars(statement))


def contents(session: Session) -> list[tuple[object, ...]]:
    """Everything that chance decided."""
    people = session.execute(select(*PERSON).order_by(User.id))
    booked = session.execute(
        select(*VISIT)
        .select_from(Appointment)
        .join(DOCTOR, Appointment.doctor_id == DOCTOR.id)
        .join(PATIENT, Appointment.patient_id == PATIENT.id)
        .order_by(Appointment.id)
    )
    return [tuple(row) for row in (*people, *booked)]


def test_the_clinic_has_the_size_that_was_asked_for(clinic, session):
    roles = Counter(session.scalars(select(User.role)))
    assert roles == {Role.ADMIN: 1, Role.DOCTOR: 8, Role.PATIENT: 60}
    assert len({doctor.specialty for doctor in clinic.doctors}) == 8
    assert clinic.appointments == session.scalar(select(func.count(Appointment.id)))
    assert (clinic.first_day, clinic.last_day) == (date(2026, 11, 4), date(2026, 12, 16))


def test_everybody_can_log_in_with_the_demo_password(clinic):
    people = [clinic.admin, *clinic.doctors, *clinic.patients]
    assert [person.username for person in people[:2]] == ["admin", "dr_novak"]
    assert clinic.patients[0].username == "emma_clarke"
    assert len({person.hashed_password for person in people}) == 1
    assert PasswordHasher(4).verify(demo.PASSWORD, people[0].hashed_password)


def test_the_doctors_keep_different_hours(clinic, session):
    rows = {
        doctor.username: crud_schedule.list_active_schedules(session, doctor_id=doctor.id)
        for doctor in clinic.doctors
    }
    opening_hours = {
        username: sum(row.end_time - row.start_time for row in week) // 60
        for username, week in rows.items()
    }
    assert opening_hours == {
        "dr_novak": 32,
        "dr_osei": 24,
        "dr_sandberg": 20,
        "dr_farahani": 13,
        "dr_bellini": 20,
        "dr_rao": 19,
        "dr_feldman": 8,
        "dr_mensah": 15,
    }
    assert {row.slot_duration for week in rows.values() for row in week} == {15, 20, 30, 40, 45, 60}
    monday_with_a_lunch_break = [
        (row.start_time // 60, row.end_time // 60)
        for row in rows["dr_novak"]
        if row.day_of_week == 0
    ]
    assert monday_with_a_lunch_break == [(8, 12), (13, 16)]


@pytest.mark.parametrize("party", ["doctor_id", "patient_id"])
def test_nobody_is_booked_twice_at_a_time(clinic, session, party):
    held = [
        (getattr(visit, party), visit.starts_at, visit.ends_at)
        for visit in visits(session, holding=True)
    ]
    overlaps = [
        (one, other)
        for one, other in pairwise(sorted(held))
        if one[0] == other[0] and one[2] > other[1]
    ]
    assert overlaps == []


def test_no_patient_has_two_visits_a_day(clinic, session):
    days = Counter((visit.patient_id, visit.appointment_date) for visit in visits(session))
    assert set(days.values()) == {1}


def test_each_visit_lies_on_the_grid_of_its_doctors_hours(clinic, session):
    rows = list(session.scalars(select(Schedule)))

    def fits(visit: Appointment) -> bool:
        local = visit.starts_at.astimezone(LONDON)
        minute = local.hour * 60 + local.minute
        return (local.date(), minute) == (visit.appointment_date, visit.appointment_time) and any(
            row.doctor_id == visit.doctor_id
            and row.day_of_week == local.weekday()
            and row.start_time <= minute <= row.end_time - row.slot_duration
            and (minute - row.start_time) % row.slot_duration == 0
            and row.slot_duration == visit.duration
            for row in rows
        )

    assert [visit.id for visit in visits(session) if not fits(visit)] == []


def test_what_is_past_is_over_and_what_comes_is_scheduled(clinic, session):
    past = Counter(v.status for v in visits(session) if v.appointment_date < TODAY)
    coming = Counter(v.status for v in visits(session) if v.appointment_date >= TODAY)
    assert set(past) == {AppointmentStatus.COMPLETED, AppointmentStatus.CANCELLED}
    assert set(coming) == {AppointmentStatus.SCHEDULED, AppointmentStatus.CANCELLED}
    assert past[AppointmentStatus.COMPLETED] > 4 * past[AppointmentStatus.CANCELLED] > 0
    assert coming[AppointmentStatus.SCHEDULED] > 4 * coming[AppointmentStatus.CANCELLED] > 0


def test_the_story_of_each_visit_happens_in_order_and_before_today(clinic, session):
    registered = {patient.id: patient.created_at for patient in clinic.patients}

    def is_in_order(visit: Appointment) -> bool:
        booked = registered[visit.patient_id] < visit.created_at < visit.starts_at
        return booked and visit.created_at <= visit.updated_at <= min(visit.ends_at, MIDNIGHT)

    assert [visit.id for visit in visits(session) if not is_in_order(visit)] == []


def test_every_doctor_has_plenty_of_free_slots_to_come(clinic, session):
    def free_share(doctor: User) -> float:
        free = available_slots(
            session,
            doctor_id=doctor.id,
            first_day=TODAY + timedelta(days=1),
            last_day=clinic.last_day,
            limits=WITHOUT_LIMITS,
            now=MIDNIGHT,
        )
        booked = [
            visit
            for visit in visits(session, holding=True)
            if visit.doctor_id == doctor.id and visit.appointment_date > TODAY
        ]
        return len(free) / (len(free) + len(booked))

    shares = {doctor.username: free_share(doctor) for doctor in clinic.doctors}
    assert {name for name, share in shares.items() if not 0.5 < share < 1} == set()


def test_weekdays_and_weeks_differ_as_in_a_clinic(clinic, session):
    weekdays = Counter(visit.appointment_date.weekday() for visit in visits(session))
    weeks = Counter((visit.appointment_date - TODAY).days // 7 for visit in visits(session))
    assert weekdays[0] > weekdays[4] > weekdays[5] > 0 == weekdays[6]
    assert weeks[0] > weeks[1] > weeks[2] > 0


def test_the_seed_decides_everything(session):
    def contents_for(seed: int) -> list[tuple[object, ...]]:
        with session.begin_nested() as attempt:
            make(session, seed=seed)
            made = contents(session)
            attempt.rollback()
        return made

    assert contents_for(7) == contents_for(7)
    assert contents_for(7) != contents_for(8)


def test_a_larger_clinic_repeats_specialties_and_keeps_user_names_apart(session):
    clinic = make(session, doctors=20, patients=900, weeks_before=0, weeks_after=1, occupancy=1.0)
    assert Counter(Counter(doctor.specialty for doctor in clinic.doctors).values()) == {3: 4, 2: 4}
    assert len({patient.username for patient in clinic.patients}) == 900
    assert {v.status for v in visits(session)} == {
        AppointmentStatus.SCHEDULED,
        AppointmentStatus.CANCELLED,
    }


def test_a_clinic_may_be_booked_as_far_as_one_can_book(session):
    make(session, patients=400, weeks_after=6, foresight=1.0)
    weeks = Counter((visit.appointment_date - TODAY).days // 7 for visit in visits(session))
    assert 0.9 < weeks[5] / weeks[0] < 1.1


def test_the_founders_decide_what_is_practised(session):
    clinic = make(session, doctors=5, founders=FOUNDERS[:2])
    assert Counter(doctor.specialty for doctor in clinic.doctors) == {
        "General practice": 3,
        "Paediatrics": 2,
    }


def test_a_clinic_without_patients_has_no_visits(session):
    assert make(session, patients=0).appointments == 0


def test_a_database_with_people_is_left_alone(clinic, session):
    before = contents(session)
    with pytest.raises(demo.ClinicNotEmpty):
        make(session)
    assert contents(session) == before


def test_every_patient_is_somebody_else(clinic):
    names = {patient.full_name for patient in clinic.patients}
    assert len(names) == 60
    without_phone = [patient for patient in clinic.patients if patient.phone is None]
    assert 0 < len(without_phone) < 15


def test_nothing_stays_when_somebody_else_fills_the_database_at_the_same_time(
    database: Database, monkeypatch: pytest.MonkeyPatch
):
    """The name that clashes is that of a patient, who comes after the doctors."""
    with database.writing() as session:
        crud_user.create_user(
            session,
            username="emma_clarke",
            username_key="emma_clarke",
            email="emma@example.com",
            email_key="emma@example.com",
            full_name="Emma Clarke",
            hashed_password=PasswordHasher(4).hash("password123"),
            role=Role.PATIENT,
            timezone=LONDON.key,
            created_at=MIDNIGHT,
        )
    monkeypatch.setattr(crud_user, "has_users", lambda _: False)
    with pytest.raises(UsernameTaken), database.writing() as session:
        make(session)
    assert count_of_people(database) == 1


def count_of_people(database: Database) -> int:
    with database.reading() as session:
        return int(session.scalar(select(func.count()).select_from(User)) or 0)
