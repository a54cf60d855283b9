"""How the cost of the hot paths grows: with the days asked for, with doctors, with appointments.

The clinics are made by SQL, with the guards in force: doctors who work from 9 to 17 every day in
slots of 15 minutes, every second one of which is taken.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median

from sqlalchemy import insert, text

from app.core.database import open_url
from app.db import schema
from app.domain.people import Role
from app.models.models import Schedule, User
from benchmarks import load, questions
from benchmarks.crowds import CREATED, ask_in_turn
from benchmarks.dataset import sign_in, today
from benchmarks.load import Load
from benchmarks.paths import ONE_DAY, Stage
from benchmarks.questions import LONGEST_SEARCH, get, slots_path
from benchmarks.quiet import undisturbed_once
from benchmarks.servers import Server, clinic_server, serving

DAYS = (1, 7, 28)
LONG_SEARCH = (LONGEST_SEARCH, LONGEST_SEARCH, 28)
WARMING_DAYS = 14
DOCTORS = (1, 10, 100, 1000)
APPOINTMENTS = (10_000, 100_000, 1_000_000)
USUAL_DOCTORS = 20
USUAL_DAYS = 28
VISITS_A_DAY = 16
PATIENTS_OF_A_DOCTOR = 10
OPENS, CLOSES, SLOT = 540, 1020, 15
SECONDS = 2
REQUESTS = 200
BATCH = 2000  # each visit renews a row: PostgreSQL walks over all its versions of a transaction

VISITS = f"""
INSERT INTO appointments (
    doctor_id, patient_id, appointment_date, appointment_time, duration, reason, status,
    starts_at, ends_at, created_at, updated_at
)
WITH RECURSIVE visit (place) AS (
    SELECT CAST(:first_place AS integer)
    UNION ALL SELECT place + 1 FROM visit WHERE place < :last_place
), planned AS (
    SELECT
        1 + place % :doctors AS doctor_id,
        place / :doctors % {VISITS_A_DAY} AS turn,
        place / :doctors / {VISITS_A_DAY} AS day,
        {OPENS} + {2 * SLOT} * (place / :doctors % {VISITS_A_DAY}) AS minute
    FROM visit
)
SELECT
    doctor_id, 1 + :doctors + (doctor_id - 1) * {PATIENTS_OF_A_DOCTOR}
        + turn % {PATIENTS_OF_A_DOCTOR},
    {{date}}, minute, {SLOT}, 'Regular checkup', 'scheduled', {{starts}}, {{ends}}, {{now}}, {{now}}
FROM planned
"""  # noqa: S608 - of numbers above
EXPRESSIONS = {
    "sqlite": {
        "date": "date(:first, day || ' days')",
        "starts": "strftime('%Y-%m-%d %H\\:%M\\:%S.000000', :first, day || ' days',"
        " minute || ' minutes')",
        "ends": "strftime('%Y-%m-%d %H\\:%M\\:%S.000000', :first, day || ' days',"
        f" (minute + {SLOT}) || ' minutes')",
        "now": "strftime('%Y-%m-%d %H\\:%M\\:%S.000000')",
    },
    "postgresql": {
        "date": "cast(:first AS date) + day",
        "starts": "(cast(:first AS date) + day + minute * interval '1 minute') AT TIME ZONE 'UTC'",
        "ends": f"(cast(:first AS date) + day + (minute + {SLOT}) * interval '1 minute')"
        " AT TIME ZONE 'UTC'",
        "now": "now()",
    },
}

Blank = Mapping[str, Callable[[], str]]
"""For each database a way to get the URL of a new one without tables."""


@dataclass(frozen=True, slots=True)
class Growth:
    """Milliseconds (medians) of one request after the other: a search of one day, a booking."""

    size: str
    engine: str
    search: float
    booking: float


def with_days(stage: Stage, folder: Path) -> list[tuple[str, float]]:
    """Milliseconds of a search over so many days; over 90 of them in several requests."""
    with serving(clinic_server(stage.url, folder)) as server:
        _search(server, stage.people.weekdays, WARMING_DAYS, folder)
        spans = {
            days: _search(server, stage.people.weekdays, days, folder).p50
            for days in {*DAYS, *LONG_SEARCH}
        }
    total = sum(spans[days] for days in LONG_SEARCH)
    return [
        *((f"{days}", spans[days]) for days in DAYS),
        (f"{sum(LONG_SEARCH)}, in {len(LONG_SEARCH)} requests", total),
    ]


def with_doctors(blank: Blank, folder: Path) -> Iterator[Growth]:
    for doctors in DOCTORS:
        appointments = doctors * USUAL_DAYS * VISITS_A_DAY
        for engine, create in blank.items():
            make_clinic(url := create(), doctors=doctors, appointments=appointments)
            size = f"doctors: {doctors:,}"
            yield undisturbed_once(partial(_measured, size, engine, url, doctors, folder))


def with_appointments(blank: Blank, folder: Path) -> Iterator[Growth]:
    for appointments in APPOINTMENTS:
        for engine, create in blank.items():
            make_clinic(url := create(), doctors=USUAL_DOCTORS, appointments=appointments)
            size = f"appointments: {appointments:,}"
            yield undisturbed_once(partial(_measured, size, engine, url, USUAL_DOCTORS, folder))


def make_clinic(url: str, *, doctors: int, appointments: int) -> None:
    """A clinic of this size in a blank database; each doctor has a newcomer who is always free."""
    schema.upgrade(url)
    newcomers = doctors
    patients = doctors * PATIENTS_OF_A_DOCTOR
    roles = [Role.DOCTOR] * doctors + [Role.PATIENT] * (patients + newcomers)
    people = [_person(number, role) for number, role in enumerate(roles, 1)]
    hours = [_hours(doctor, day) for doctor in range(1, doctors + 1) for day in range(7)]
    first = str(today() + timedelta(days=1))
    with closing(open_url(url)) as database:
        visits = text(VISITS.format(**EXPRESSIONS[database.engine.dialect.name]))
        with database.writing() as session:
            session.execute(insert(User), people)
            session.execute(insert(Schedule), hours)
        for place in range(0, appointments, BATCH):
            places = {
                "first_place": place,
                "last_place": min(place + BATCH, appointments) - 1,
            }
            with database.writing() as session:
                session.execute(visits, {"doctors": doctors, "first": first, **places})
        with database.writing() as session:
            session.execute(text("ANALYZE"))


def _measured(size: str, engine: str, url: str, doctors: int, folder: Path) -> Growth:
    """With a server of its own, so that nothing is remembered."""
    asked = list(range(1, 1 + min(doctors, USUAL_DOCTORS)))
    behind_patients = 1 + doctors * (1 + PATIENTS_OF_A_DOCTOR)
    with closing(open_url(url)) as database:
        newcomers = range(behind_patients, behind_patients + len(asked))
        people = sign_in(database, newcomers, datetime.now(UTC))
    with serving(clinic_server(url, folder)) as server:
        slots = questions.free_slots(server, asked)
        bookings = questions.bookings(people, slots)
        return Growth(
            size,
            engine,
            search=median(ask_in_turn(server, _searches(asked))) * 1e3,
            booking=median(ask_in_turn(server, bookings[:REQUESTS], expected=CREATED)) * 1e3,
        )


def _search(server: Server, weekdays: dict[int, set[int]], days: int, folder: Path) -> Load:
    searches = questions.distinct_searches(weekdays, days)
    file = questions.as_file(searches, folder, f"search-{days}")
    return load.run(server, file, connections=1, seconds=SECONDS)


def _searches(doctors: Sequence[int]) -> list[bytes]:
    """Days that are half full, each asked for once."""
    days = [today() + timedelta(days=ahead) for ahead in range(1, USUAL_DAYS)]
    asked = [(doctor, day) for day in days for doctor in doctors][:REQUESTS]
    return [get(slots_path(doctor, day, ONE_DAY)) for doctor, day in asked]


def _person(number: int, role: Role) -> dict[str, object]:
    name = f"person_{number}"
    return {
        "id": number,
        "username": name,
        "username_key": name,
        "email": f"{name}@example.com",
        "email_key": f"{name}@example.com",
        "full_name": name,
        "hashed_password": "",
        "role": role,
        "is_active": True,
        "is_approved": True,
        "timezone": "UTC",
        "created_at": datetime.now(UTC),
    }


def _hours(doctor_id: int, day_of_week: int) -> dict[str, object]:
    return {
        "doctor_id": doctor_id,
        "day_of_week": day_of_week,
        "start_time": OPENS,
        "end_time": CLOSES,
        "slot_duration": SLOT,
        "is_active": True,
        "created_at": datetime.now(UTC),
    }
