"""The data's volume is lost: the replica brings back every booking but those of the last moment."""

import logging
import time
from datetime import date, timedelta
from uuid import uuid4

import pytest

from e2e.clinic import coming
from e2e.containers.compose import Compose
from e2e.containers.people import Somebody

LOST_AT_MOST = 3.0  # seconds, as docs/containers.md says
BOOKING_SECONDS = 2 * LOST_AT_MOST
MOST_BOOKINGS = 200  # a page of appointments has no more
DAYS_AHEAD = 14
EVERY_DAY = range(7)

log = logging.getLogger(__name__)


def make_doctor(system: Compose) -> Somebody:
    name = f"dr_{uuid4().hex[:8]}"
    doctor = Somebody(system.api_url).register("doctor", name, f"{name}@example.com", "Dr. Busy")
    for day in EVERY_DAY:
        doctor.works(day, "08:00", "20:00")
    return doctor


def wishes() -> list[tuple[date, str]]:
    """Slots of the coming weeks, one a visit."""
    times = [f"{hour:02}:{minute:02}" for hour in range(8, 20) for minute in (0, 30)]
    days = [coming(0) + timedelta(days=number) for number in range(DAYS_AHEAD)]
    return [(day, time) for day in days for time in times][:MOST_BOOKINGS]


def test_a_lost_file_comes_back_but_for_its_last_seconds(
    system: Compose,
) -> None:
    doctor = make_doctor(system)
    name = f"patient_{uuid4().hex[:8]}"
    patient = Somebody(system.api_url).register("patient", name, f"{name}@example.com", "Pat")
    acknowledged: list[tuple[float, tuple[str, str, str]]] = []
    for day, at in wishes():
        patient.books(doctor, day, at)
        acknowledged.append((time.monotonic(), (str(day), at, "scheduled")))
        if acknowledged[-1][0] - acknowledged[0][0] > BOOKING_SECONDS:
            break

    lost_at = time.monotonic()
    system.run("kill", "database", "backend")
    system.run("run", "--rm", "--no-deps", "database", "sh", "-c", "rm -r /data/* /data/.clinic*")
    refused = system.attempt("run", "--rm", "--no-deps", "database")
    restored = system.run("run", "--rm", "--no-deps", "database", "clinic", "restore")
    system.start()

    assert refused.stderr.splitlines()[-1] == (
        "/data/clinic.db is missing, but /backup/clinic has a replica of it. Bring it back with"
        " `clinic restore`. For a new clinic, empty /backup/clinic first."
    )
    assert restored.splitlines()[-1] == "/data/clinic.db is back."
    kept = patient.appointments()
    lost = [lost_at - at for at, booking in acknowledged if booking not in kept]
    log.info("%d bookings lost, the oldest %.2f seconds old", len(lost), max(lost, default=0))
    safe = [booking for at, booking in acknowledged if at < lost_at - LOST_AT_MOST]
    assert [booking for booking in safe if booking not in kept] == []
    assert len(safe) > 0
    assert Somebody(system.api_url).log_in(name).appointments() == kept


def test_the_database_is_healthy_only_while_file_and_replica_are(system: Compose) -> None:
    probe = system.inspect("database")["Config"]["Healthcheck"]["Test"][1:]
    assert system.attempt("exec", "database", *probe).returncode == 0

    instead = "mv /backup/clinic /backup/elsewhere && touch /backup/clinic"
    system.run("exec", "database", "sh", "-c", instead)  # Litestream writes twice a second
    make_doctor(system)
    without_replica = system.attempt("exec", "database", *probe)
    system.run("exec", "database", "rm", "/backup/clinic")
    system.run("exec", "database", "mv", "/backup/elsewhere", "/backup/clinic")
    again = system.attempt("exec", "database", *probe)

    assert (without_replica.returncode, again.returncode) == (1, 0)


@pytest.mark.parametrize("service", ["database", "backend"])
def test_a_file_in_use_is_not_replaced(system: Compose, service: str) -> None:
    others = {"database", "backend"} - {service}
    system.run("stop", *others)
    refused = system.attempt("run", "--rm", "--no-deps", "database", "clinic", "restore")
    system.start()

    assert refused.stderr.splitlines()[-1] == (
        "/data/clinic.db is in use: stop the backend and the database first."
    )
