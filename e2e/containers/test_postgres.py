"""A clinic that has grown moves from the SQLite file to PostgreSQL, and goes on."""

from collections.abc import Iterator

import pytest

from e2e.clinic import MONDAY, coming
from e2e.containers.compose import SERVICES, Compose
from e2e.containers.people import Somebody

OVERRIDE = "docker-compose.postgres.yml"


@pytest.fixture
def growing() -> Iterator[Compose]:
    compose = Compose(POSTGRES_PASSWORD="a/pass@word:with %signs")
    try:
        compose.up()
        yield compose
    finally:
        for overrides in ([OVERRIDE], []):  # each knows a volume that the other does not
            compose.use(*overrides)
            compose.down()


def test_a_clinic_moves_to_postgresql(growing: Compose) -> None:
    doctor = Somebody(growing.api_url).register(
        "doctor", "dr_smith", "dr.smith@example.com", "Dr. John Smith"
    )
    patient = Somebody(growing.api_url).register(
        "patient", "john_patient", "john@example.com", "John Doe"
    )
    doctor.works(MONDAY, "09:00", "17:00")
    patient.books(doctor, coming(MONDAY), "09:00")

    growing.run("down", "--timeout=5")
    growing.use(OVERRIDE)
    copied = growing.run("run", "--rm", "backend", "clinic", "copy-database", "/data/clinic.db")
    again = growing.attempt("run", "--rm", "backend", "clinic", "copy-database", "/data/clinic.db")
    growing.up()

    assert copied.splitlines()[-1] == "Every row was copied and compared."
    assert again.returncode == 1
    assert again.stderr.splitlines()[-1].startswith("Nothing was copied. The target is not empty:")
    patient.books(doctor, coming(MONDAY), "10:00")
    for service in SERVICES:
        growing.restart(service)
    assert patient.appointments() == [
        (str(coming(MONDAY)), "09:00", "scheduled"),
        (str(coming(MONDAY)), "10:00", "scheduled"),
    ]
    assert growing.run("top", "backend").count("--multiprocessing-fork") == 2


def test_without_a_password_it_says_so() -> None:
    refused = Compose(OVERRIDE).attempt("config", "--quiet")

    assert refused.returncode != 0
    assert "set POSTGRES_PASSWORD in .env" in refused.stderr
