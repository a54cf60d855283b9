"""A clinic that has grown moves from the SQLite file to PostgreSQL, and goes on."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from dotenv import dotenv_values

from e2e.clinic import MONDAY, coming
from e2e.containers.compose import SERVICES, Compose
from e2e.containers.people import Somebody

OVERRIDE = "docker-compose.postgres.yml"
PASSWORD = "a/pass@word: it's $5, 100% $sure #1"
WHO_IS_WHAT = """
SELECT rolname, rolsuper FROM pg_roles WHERE rolname IN ('clinic', 'clinic_owner') ORDER BY 1;
SELECT tableowner FROM pg_tables WHERE tablename = 'audit_log';
"""
ROLES = ["clinic|f", "clinic_owner|f", "clinic_owner"]


@pytest.fixture
def growing() -> Iterator[Compose]:
    compose = Compose(POSTGRES_PASSWORD=PASSWORD)
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
    assert psql(growing, "postgres", WHO_IS_WHAT).stdout.splitlines() == ROLES


def test_the_api_works_as_a_role_that_owns_nothing(growing: Compose) -> None:
    growing.run("down", "--volumes", "--timeout=5")
    growing.use(OVERRIDE)
    growing.run("up", "--no-build", "--wait", "--detach", "database")
    assert psql(growing, "postgres", "ALTER ROLE clinic RENAME TO another").returncode == 0
    # As it was before there were two roles: the superuser is the clinic's own.
    psql(growing, "postgres", "CREATE ROLE helper SUPERUSER LOGIN")
    psql(growing, "helper", "ALTER ROLE postgres RENAME TO clinic")
    psql(growing, "clinic", "DROP ROLE helper")

    growing.run("exec", "database", "sh", "/docker-entrypoint-initdb.d/roles.sh")
    growing.start()

    assert psql(growing, "postgres", WHO_IS_WHAT).stdout.splitlines() == ROLES
    Somebody(growing.api_url).register("patient", "john_patient", "john@example.com", "John Doe")


def psql(system: Compose, role: str, statement: str) -> subprocess.CompletedProcess[str]:
    options = ("--no-align", "--tuples-only", "--quiet", "--username", role, "--dbname", "clinic")
    return system.attempt("exec", "-T", "database", "psql", *options, "--command", statement)


def test_a_password_in_single_quotes_is_handed_on_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    quoted = PASSWORD.replace("'", "\\'")
    file.write_text(f"POSTGRES_PASSWORD='{quoted}'\n")
    system = Compose(OVERRIDE, env_file=str(file))

    services = json.loads(system.run("config", "--format", "json"))["services"]

    handed_on = {
        services["backend"]["environment"]["PGPASSWORD"].replace("$$", "$"),
        services["database"]["environment"]["POSTGRES_PASSWORD"].replace("$$", "$"),
    }
    assert handed_on == {PASSWORD}
    assert dotenv_values(file)["POSTGRES_PASSWORD"] == PASSWORD


def test_without_a_password_it_says_so() -> None:
    refused = Compose(OVERRIDE).attempt("config", "--quiet")

    assert refused.returncode != 0
    assert "set POSTGRES_PASSWORD in .env" in refused.stderr
