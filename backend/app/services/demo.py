"""A clinic to try out: invented people with diaries that look lived in.

Visits of the past cannot be booked: `booking` refuses what is over by the clock it is given, and
to set that clock back for each visit, book it, set it forward and complete it would take minutes
for a large clinic. So the slots are asked of the availability engine as it stood before the first
day, when every diary was empty, and the visits that were picked among them are written at once.
The database guards them like any other.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import chain, cycle, groupby, islice
from operator import attrgetter, itemgetter
from random import Random
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.core.security import PasswordHasher
from app.crud import crud_appointment, crud_schedule, crud_user
from app.domain.appointments import AppointmentStatus
from app.domain.people import Actor, Role, identity_key
from app.domain.scheduling.availability import Slot, free_slots
from app.domain.time.wall_clock import from_minute, instant_of, wall_clock_at
from app.models.models import User
from app.services import diary, scheduling
from app.services.demo_names import Name, Usernames, invented_phone, shuffled_names
from app.services.demo_practices import FOUNDERS, Practice

PASSWORD = "demo-password"  # noqa: S105 - it is printed; production refuses demo data
WELL_KNOWN_PATIENT = Name("Emma", "Clarke")

OPEN_BEFORE_DAYS = 400
LONGEST_LEAD_DAYS = 21
CANCELLED_SHARE = 0.12
NO_PHONE_SHARE = 0.08
WEEKDAY_DEMAND = (1.3, 1.1, 1.0, 1.0, 0.8, 0.9, 0.6)
HOUR_DEMAND = {8: 1.1, 9: 1.3, 10: 1.3, 11: 1.0, 12: 0.6, 13: 0.6, 14: 0.8, 15: 0.9}
EVENING_DEMAND = 1.1


class ClinicNotEmpty(Exception):  # noqa: N818 - named for what happened, like the domain's errors
    """The database has people already; demo data never mixes with them."""


@dataclass(frozen=True, slots=True)
class ClinicPlan:
    """What clinic is made.

    The doctors after the `founders` practise as those do, in turn. `occupancy` is the share of the
    slots of an ordinary past day that somebody booked. Coming days thin out evenly, to `foresight`
    of that share on the last one. No patient has two visits a day, so that few patients fill few
    slots.
    """

    doctors: int = 8
    patients: int = 60
    weeks_before: int = 3
    weeks_after: int = 3
    occupancy: float = 0.35
    foresight: float = 0.2
    founders: Sequence[tuple[Name, Practice]] = FOUNDERS


SMALL_CLINIC = ClinicPlan()


@dataclass(frozen=True, slots=True)
class DemoClinic:
    """What was made; everybody's password is `PASSWORD`. Both days are inclusive."""

    admin: User
    doctors: list[User]
    patients: list[User]
    appointments: int
    first_day: date
    last_day: date


class _Opening(NamedTuple):
    """A slot of a doctor, with its date and minute on the wall clock."""

    day: date
    minute: int
    slot: Slot
    doctor: User
    practice: Practice


def fill(
    session: Session,
    *,
    today: date,
    timezone: str,
    hasher: PasswordHasher,
    seed: int = 1,
    plan: ClinicPlan = SMALL_CLINIC,
) -> DemoClinic:
    """Make a clinic in an empty database, the same one for the same seed, day, zone and plan.

    `today`, the clinic's date, divides the visits: those of earlier days are over, and its own are
    still to be completed whatever the time, so that there is something to try out.

    Raises:
        ClinicNotEmpty: there are people in the database.
        UsernameTaken: somebody else fills the database at the same time; nothing was written.
    """
    if crud_user.has_users(session):
        raise ClinicNotEmpty
    maker = _Maker(
        session,
        random=Random(seed),  # noqa: S311 - to be repeated, not to be unguessable
        zone=ZoneInfo(timezone),
        today=today,
        plan=plan,
        hashed_password=hasher.hash(PASSWORD),
    )
    return maker.make()


class _Maker:
    """Draws everything from one source of chance, in an order that only the arguments decide."""

    def __init__(
        self,
        session: Session,
        *,
        random: Random,
        zone: ZoneInfo,
        today: date,
        plan: ClinicPlan,
        hashed_password: str,
    ) -> None:
        self.session = session
        self.random = random
        self.zone = zone
        self.today = today
        self.plan = plan
        self.hashed_password = hashed_password
        self.first_day = today - timedelta(weeks=plan.weeks_before)
        self.last_day = today + timedelta(weeks=plan.weeks_after)
        self.opened_on = self.first_day - timedelta(days=OPEN_BEFORE_DAYS)
        self.names = shuffled_names(random)
        self.usernames = Usernames()

    def make(self) -> DemoClinic:
        admin = self._person(["admin"], "Front Desk", Role.ADMIN, since=self.opened_on)
        staff = [self._doctor(*founder) for founder in self._founders()]
        patients = [self._patient(name) for name in self._patient_names()]
        openings = [
            opening for doctor, practice in staff for opening in self._openings(doctor, practice)
        ]
        visits = sorted(self._visits(openings, patients), key=itemgetter("created_at"))
        crud_appointment.create_appointments(self.session, visits)
        return DemoClinic(
            admin=admin,
            doctors=[doctor for doctor, _ in staff],
            patients=patients,
            appointments=len(visits),
            first_day=self.first_day,
            last_day=self.last_day,
        )

    def _founders(self) -> Iterable[tuple[Name, Practice]]:
        """The doctors: first those whom everybody knows, then more of each specialty."""
        founders = self.plan.founders
        practices = cycle(practice for _, practice in founders)
        return islice(chain(founders, zip(self.names, practices, strict=False)), self.plan.doctors)

    def _patient_names(self) -> Iterable[Name]:
        return islice(chain([WELL_KNOWN_PATIENT], self.names), self.plan.patients)

    def _doctor(self, name: Name, practice: Practice) -> tuple[User, Practice]:
        doctor = self._person(
            ["dr", name.family],
            f"Dr. {name.full}",
            Role.DOCTOR,
            since=self.opened_on,
            specialty=practice.specialty,
        )
        for row in practice.rows():
            scheduling.add_hours(
                self.session,
                Actor(doctor.id, doctor.role),
                doctor_id=None,
                now=doctor.created_at,
                is_active=True,
                **row,
            )
        return doctor, practice

    def _patient(self, name: Name) -> User:
        days = self.random.randint(0, OPEN_BEFORE_DAYS - LONGEST_LEAD_DAYS - 1)
        has_phone = self.random.random() >= NO_PHONE_SHARE
        return self._person(
            name,
            name.full,
            Role.PATIENT,
            since=self.opened_on + timedelta(days=days),
            phone=invented_phone(self.random) if has_phone else None,
        )

    def _person(
        self,
        username_parts: Iterable[str],
        full_name: str,
        role: Role,
        *,
        since: date,
        **more: str | None,
    ) -> User:
        username = self.usernames.take(username_parts)
        email = f"{username.replace('_', '.')}@example.com"
        return crud_user.create_user(
            self.session,
            username=username,
            username_key=identity_key(username),
            email=email,
            email_key=identity_key(email),
            full_name=full_name,
            hashed_password=self.hashed_password,
            role=role,
            timezone=self.zone.key,
            created_at=from_minute(self._waking_minute(since)),
            **more,
        )

    def _openings(self, doctor: User, practice: Practice) -> Iterator[_Opening]:
        """The doctor's slots of the whole time, as they were when nobody had booked any."""
        within = diary.days_between(self.first_day, self.last_day, self.zone)
        schedules = crud_schedule.list_active_schedules(self.session, doctor_id=doctor.id)
        slots = free_slots(
            hours=diary.as_working_hours(schedules),
            busy=[],
            zone=self.zone,
            within=within,
            not_before=within.start,
        )
        for slot in slots:
            yield _Opening(*wall_clock_at(slot.start, self.zone), slot, doctor, practice)

    def _visits(
        self, openings: Iterable[_Opening], patients: Sequence[User]
    ) -> Iterator[dict[str, Any]]:
        by_day = attrgetter("day")
        for _, opened in groupby(sorted(openings, key=by_day), key=by_day):
            wanted = [each for each in opened if self.random.random() < self._demand(each)]
            self.random.shuffle(wanted)
            coming = self.random.sample(patients, min(len(patients), len(wanted)))
            yield from map(self._visit, wanted, coming)

    def _demand(self, opening: _Opening) -> float:
        """The probability that a slot is booked."""
        by_weekday = WEEKDAY_DEMAND[opening.day.weekday()]
        by_hour = HOUR_DEMAND.get(opening.minute // 60, EVENING_DEMAND)
        return self.plan.occupancy * by_weekday * by_hour * self._interest(opening.day)

    def _interest(self, day: date) -> float:
        """How much of a day's demand is known already: all of it today, little of it in weeks."""
        ahead = max(day - self.today, timedelta())
        span = max(self.last_day - self.today, timedelta(days=1))
        return 1 - (1 - self.plan.foresight) * (ahead / span)

    def _visit(self, opening: _Opening, patient: User) -> dict[str, Any]:
        ends = opening.slot.start + opening.slot.duration
        lead = timedelta(days=self.random.randint(1, LONGEST_LEAD_DAYS))
        booked = self._waking_minute(min(opening.day, self.today) - lead)
        status, changed = self._outcome(opening, booked=booked, ends=ends)
        return {
            "doctor_id": opening.doctor.id,
            "patient_id": patient.id,
            "appointment_date": opening.day,
            "appointment_time": opening.minute,
            "duration": opening.slot.duration,
            "reason": self.random.choice(opening.practice.reasons),
            "status": status,
            "starts_at": from_minute(opening.slot.start),
            "ends_at": from_minute(ends),
            "created_at": from_minute(booked),
            "updated_at": from_minute(changed),
        }

    def _outcome(
        self, opening: _Opening, *, booked: int, ends: int
    ) -> tuple[AppointmentStatus, int]:
        """What became of a visit until last midnight, and the minute of the last change."""
        if self.random.random() < CANCELLED_SHARE:
            midnight = instant_of(self.today, 0, self.zone)
            latest = min(opening.slot.start, midnight) - 1
            return AppointmentStatus.CANCELLED, self.random.randint(booked, latest)
        if opening.day < self.today:
            return AppointmentStatus.COMPLETED, ends
        return AppointmentStatus.SCHEDULED, booked

    def _waking_minute(self, day: date) -> int:
        """Some minute of a day at which people use the internet."""
        return instant_of(day, self.random.randint(7 * 60, 22 * 60), self.zone)
