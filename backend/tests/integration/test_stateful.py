"""Random histories of a clinic: after every step the database and a simple model agree.

STATEFUL_RUNS and STATEFUL_STEPS make longer runs: 500 and 30 are the figures to reach.
"""

import os
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db.database import Database
from app.domain.appointments import AppointmentStatus
from app.domain.booking_limits import BookingLimits
from app.domain.errors import DomainError
from app.domain.people import Actor, Role
from app.models.models import Appointment, Schedule
from app.services import booking, scheduling
from app.services.booking import WantedTime
from tests.integration.diaries import add_person
from tests.integration.diary_model import ZONE, Hours, Model, Refusal, Visit, at
from tests.slot_searches import available_slots

RUNS = int(os.environ.get("STATEFUL_RUNS", "12"))
STEPS = int(os.environ.get("STATEFUL_STEPS", "30"))
DAYS = [date(2026, 11, 30) + timedelta(days=number) for number in range(2)]
LIMITS = BookingLimits(horizon_days=0, open_visits=3)  # the second day opens at midnight

either = st.booleans()
positions = st.integers(0, 5)
days_of_week = st.integers(0, len(DAYS) - 1)
openings = st.sampled_from([540, 570, 600])
closings = st.sampled_from([590, 630, 690])
durations = st.sampled_from([20, 30, 45, 60])
changes = st.fixed_dictionaries(
    {},
    optional={
        "day_of_week": days_of_week,
        "start_time": openings,
        "end_time": closings,
        "slot_duration": durations,
        "is_active": either,
    },
).filter(bool)


class Clinic(RuleBasedStateMachine):
    """Two doctors, two patients and two days, so that everybody gets into each other's way."""

    def __init__(self, database: Database) -> None:
        super().__init__()
        self.database = database
        self.model = Model(at(DAYS[0], 540), LIMITS.horizon_days, LIMITS.open_visits)
        with database.writing() as session:
            self.doctors = [self.new_person(session, Role.DOCTOR) for _ in range(2)]
            self.patients = [self.new_person(session, Role.PATIENT) for _ in range(2)]
        for day in range(len(DAYS)):
            self.open(self.doctors[0], day, 540, 630, 30)
            self.open(self.doctors[1], day, 555, 645, 45)

    def open(self, doctor: Actor, *row: int) -> None:
        """Add hours, or be refused as the model is."""
        hours = Hours(doctor.id, *row)
        expected = self.model.adding(hours)
        columns = {key: value for key, value in asdict(hours).items() if key != "doctor"}
        found = self.attempt(
            lambda session: scheduling.add_hours(
                session, doctor, doctor_id=None, now=self.now, **columns
            )
        )
        if isinstance(expected, Hours):
            self.model.hours[found.id] = expected
        else:
            assert found is expected

    @property
    def now(self) -> datetime:
        return self.model.now.astimezone(UTC)

    def new_person(self, session: Session, role: Role) -> Actor:
        return add_person(session, role, now=self.now, timezone=str(ZONE))

    def attempt(self, use_case: Callable[[Session], Any]) -> Any:
        """What the use case returned, or how it was refused."""
        try:
            with self.database.writing() as session:
                return use_case(session)
        except DomainError as refusal:
            return type(refusal)

    def start(self, doctor: int, day: int, position: int, *, off_grid: bool) -> datetime:
        """A time that the doctor's hours have, or one that is probably none."""
        grid = sorted(self.model.grid(doctor, DAYS[day])) or [at(DAYS[day], 540)]
        return grid[position % len(grid)] + timedelta(minutes=7 if off_grid else 0)

    def some_visit(self, position: int) -> int:
        """One of the latest visits."""
        return sorted(self.model.visits, reverse=True)[position % len(self.model.visits)]

    def some_row(self, position: int) -> int:
        return sorted(self.model.hours)[position % len(self.model.hours)]

    def party(self, visit_id: int, *, by_patient: bool) -> Actor:
        visit = self.model.visits[visit_id]
        people = self.patients if by_patient else self.doctors
        own = visit.patient if by_patient else visit.doctor
        return next(person for person in people if person.id == own)

    @rule(minutes=st.sampled_from([1, 15, 30, 900]))
    def let_time_pass(self, minutes: int) -> None:
        self.model.now += timedelta(minutes=minutes)

    @rule(second=either, row=st.tuples(days_of_week, openings, closings, durations))
    def add_hours(self, second: bool, row: tuple[int, int, int, int]) -> None:
        self.open(self.doctors[second], *row)

    @precondition(lambda self: self.model.hours)
    @rule(position=positions, changes=changes)
    def change_hours(self, position: int, changes: dict[str, Any]) -> None:
        row_id = self.some_row(position)
        expected = self.model.changing(row_id, changes)
        doctor = Actor(self.model.hours[row_id].doctor, Role.DOCTOR)
        found = self.attempt(
            lambda session: scheduling.change_hours(
                session, doctor, schedule_id=row_id, changes=changes, now=self.now
            )
        )
        if isinstance(expected, Hours):
            assert found.id == row_id
            self.model.hours[row_id] = expected
        else:
            assert found is expected

    @precondition(lambda self: len(self.model.hours) > len(DAYS))
    @rule(position=positions)
    def remove_hours(self, position: int) -> None:
        row_id = self.some_row(position)
        expected = self.model.removing(row_id)
        doctor = Actor(self.model.hours[row_id].doctor, Role.DOCTOR)
        found = self.attempt(
            lambda session: scheduling.remove_hours(
                session, doctor, schedule_id=row_id, now=self.now
            )
        )
        assert found is expected
        if expected is None:
            del self.model.hours[row_id]

    @rule(second=either, other=either, day=days_of_week, position=positions)
    def book(self, second: bool, other: bool, day: int, position: int) -> None:
        doctor, patient = self.doctors[second], self.patients[other]
        start = self.start(doctor.id, day, position, off_grid=position == 0)
        expected = self.model.placing(doctor.id, patient.id, start)
        found = self.attempt(
            lambda session: booking.book(
                session,
                patient,
                doctor_id=doctor.id,
                patient_id=None,
                wanted=wanted(start),
                reason="Regular checkup",
                limits=LIMITS,
                now=self.now,
            )
        )
        if isinstance(expected, Visit):
            self.model.visits[found.id] = expected
        else:
            assert found is expected

    @precondition(lambda self: self.model.visits)
    @rule(which=positions, day=days_of_week, position=positions, by_patient=either)
    def move(self, which: int, day: int, position: int, by_patient: bool) -> None:
        visit_id = self.some_visit(which)
        doctor = self.model.visits[visit_id].doctor
        start = self.start(doctor, day, position, off_grid=position == 0)
        expected = self.model.moving(visit_id, start, by_patient=by_patient)
        self.compare(
            visit_id,
            expected,
            lambda session: booking.move(
                session,
                self.party(visit_id, by_patient=by_patient),
                appointment_id=visit_id,
                wanted=wanted(start),
                limits=LIMITS,
                now=self.now,
            ),
        )

    @precondition(lambda self: self.model.visits)
    @rule(which=positions, status=st.sampled_from(AppointmentStatus), by_patient=either)
    def mark(self, which: int, status: AppointmentStatus, by_patient: bool) -> None:
        visit_id = self.some_visit(which)
        expected = self.model.marking(visit_id, status, by_patient=by_patient)
        self.compare(
            visit_id,
            expected,
            lambda session: booking.set_status(
                session,
                self.party(visit_id, by_patient=by_patient),
                appointment_id=visit_id,
                status=status,
                now=self.now,
            ),
        )

    def compare(
        self, visit_id: int, expected: Visit | Refusal, use_case: Callable[[Session], Appointment]
    ) -> None:
        """Do to a visit what the model expects to be done, or to be refused."""
        found = self.attempt(use_case)
        if isinstance(expected, Visit):
            assert found.id == visit_id
            self.model.visits[visit_id] = expected
        else:
            assert found is expected

    @invariant()
    def the_same_slots_are_free(self) -> None:
        with self.database.reading() as session:
            for doctor in self.doctors:
                found = available_slots(
                    session,
                    doctor_id=doctor.id,
                    first_day=DAYS[0],
                    last_day=DAYS[-1],
                    limits=LIMITS,
                    now=self.now,
                )
                expected: dict[datetime, int] = {}
                for day in DAYS:
                    expected |= self.model.free(doctor.id, day)
                assert [(slot.starts_at, slot.duration) for slot in found] == sorted(
                    expected.items()
                )

    @invariant()
    def the_same_visits_are_kept(self) -> None:
        ids = [doctor.id for doctor in self.doctors]
        with self.database.reading() as session:
            rows = session.scalars(select(Appointment).where(Appointment.doctor_id.in_(ids))).all()
        assert {row.id: as_visit(row) for row in rows} == self.model.visits

    @invariant()
    def the_same_hours_are_kept(self) -> None:
        ids = [doctor.id for doctor in self.doctors]
        with self.database.reading() as session:
            rows = session.scalars(select(Schedule).where(Schedule.doctor_id.in_(ids))).all()
        assert {row.id: as_hours(row) for row in rows} == self.model.hours


def wanted(start: datetime) -> WantedTime:
    return WantedTime(start.date(), start.hour * 60 + start.minute, None)


def as_visit(row: Appointment) -> Visit:
    """A row of the database, by the wall clock that it stores; its instants must be the same."""
    starts_at = at(row.appointment_date, row.appointment_time)
    visit = Visit(row.doctor_id, row.patient_id, starts_at, row.duration, row.status.value)
    assert (visit.starts_at, visit.ends_at) == (row.starts_at, row.ends_at)
    return visit


def as_hours(row: Schedule) -> Hours:
    return Hours(
        row.doctor_id,
        row.day_of_week,
        row.start_time,
        row.end_time,
        row.slot_duration,
        row.is_active,
    )


def test_every_history_leaves_the_database_as_the_model_has_it(database: Database):
    run_state_machine_as_test(
        lambda: Clinic(database),
        settings=settings(
            max_examples=RUNS,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            # A history can be read as it is; to shorten it would take minutes.
            phases=[Phase.reuse, Phase.generate],
        ),
    )
