"""The roles of database/postgres-roles.sql: the API works as one that owns nothing."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import make_url

from app.core.config import Settings
from app.db import schema
from app.main import create_app
from tests.api.clinic import open_clinic
from tests.conftest import MONDAY_MORNING, FakeClock
from tests.databases import Databases
from tests.people import Visitor

ROLES = (Path(__file__).parents[3] / "database" / "postgres-roles.sql").read_text()
OWNERS = """
SELECT tableowner FROM pg_tables WHERE schemaname = 'public'
UNION SELECT pg_get_userbyid(proowner) FROM pg_proc JOIN pg_language ON prolang = pg_language.oid
WHERE pronamespace = 'public'::regnamespace AND lanname = 'plpgsql'
"""


def make_roles(url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("SELECT set_config('clinic.password', 'it''s \"$5\" %s', false)")
        connection.execute(ROLES.encode())


def as_role(url: str, role: str) -> str:
    return make_url(url).set(username=role).render_as_string(hide_password=False)


@pytest.fixture(params=["a new installation", "one that belonged to a superuser"])
def installation(request: pytest.FixtureRequest, postgres_databases: Databases) -> str:
    """A migrated database with both roles; gives the superuser's URL."""
    is_new = request.param == "a new installation"
    url = postgres_databases.create_blank() if is_new else postgres_databases.create()
    make_roles(url)
    make_roles(url)
    schema.upgrade(as_role(url, "clinic_owner"))
    return url


@pytest.fixture
def restricted(installation: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(as_role(installation, "clinic"), autocommit=True) as connection:
        yield connection


def test_no_role_is_a_superuser_and_one_owns_everything(installation: str):
    with psycopg.connect(installation) as connection:
        roles = connection.execute(
            "SELECT rolname, rolsuper, rolcreaterole, rolcreatedb FROM pg_roles"
            " WHERE rolname IN ('clinic', 'clinic_owner') ORDER BY 1"
        ).fetchall()
        owners = connection.execute(OWNERS.encode()).fetchall()
    assert roles == [("clinic", False, False, False), ("clinic_owner", False, False, False)]
    assert owners == [("clinic_owner",)]


def test_the_api_works_as_a_role_that_owns_nothing(installation: str, restricted):
    settings = Settings(
        _env_file=None,
        database_url=as_role(installation, "clinic"),
        clinic_timezone="Europe/London",
        bcrypt_cost=4,
        log_level="CRITICAL",
    )
    app = create_app(settings, FakeClock(MONDAY_MORNING))
    with TestClient(app, base_url="http://testserver") as client:
        clinic = open_clinic(Visitor(client), app.state.resources.database)
        assert clinic.john.get(f"/appointments/{clinic.visit}").json()["id"] == clinic.visit

    (recorded,) = restricted.execute("SELECT count(*) FROM audit_log").fetchone()
    assert recorded > 0


@pytest.mark.parametrize(
    ("statement", "refusal"),
    [
        ("ALTER TABLE audit_log DISABLE TRIGGER USER", "must be owner of table audit_log"),
        ("DROP TRIGGER tr_audit_log_no_change ON audit_log", "must be owner of"),
        ("DROP TABLE audit_log", "must be owner of table audit_log"),
        ("TRUNCATE audit_log", "permission denied for table audit_log"),
        ("SET session_replication_role = replica", "permission denied to set parameter"),
        ("SET ROLE clinic_owner", "permission denied to set role"),
        ("CREATE TABLE mine (id int)", "permission denied for schema public"),
        ("UPDATE audit_log SET action = 'none'", "audit_log is append-only"),
        ("DELETE FROM audit_log", "audit_log is append-only"),
    ],
)
def test_the_role_of_the_api_cannot_lift_the_protection(restricted, statement, refusal):
    with pytest.raises(psycopg.Error, match=refusal):
        restricted.execute(statement)


def test_the_owner_could_lift_it(installation: str):
    """The control: it is the ownership that keeps the API's role from doing so."""
    with psycopg.connect(as_role(installation, "clinic_owner")) as connection:
        connection.execute("ALTER TABLE audit_log DISABLE TRIGGER USER")
        assert connection.execute("DELETE FROM audit_log").rowcount == 0
        connection.rollback()
