"""Databases of both engines, a clock that tests set, and clients of the application."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from fastapi.testclient import TestClient

from app.core.config import Settings
from app.core.database import open_url
from app.db.database import Database
from app.main import create_app
from tests.databases import Databases, PostgresDatabases, SqliteDatabases
from tests.people import PEER, Visitor

UNLIMITED = {
    "writes_per_minute": 1_000_000,
    "network_writes_per_minute": 1_000_000,
    "account_changes_per_hour": 1_000_000,
    "refusals_per_hour": 1_000_000,
    "same_refusals_per_hour": 1_000_000,
}
HAS_FAST_ROUTES = os.environ.get("FAST_ROUTES") != "off"  # see `make test-backend`
MONDAY_MORNING = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


class FakeClock:
    """A clock that stands still until it is told to go on."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **duration: float) -> None:
        self.now += timedelta(**duration)


@pytest.fixture(scope="session")
def sqlite_databases(tmp_path_factory: pytest.TempPathFactory) -> Databases:
    return SqliteDatabases(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(scope="session")
def postgres_databases() -> Iterator[Databases]:
    # Not below pytest's folder: another run closes that to the user whom the server runs as.
    with TemporaryDirectory(prefix="clinic-postgres-") as folder:
        databases = PostgresDatabases(Path(folder) / "data")
        yield databases
        databases.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def databases(request: pytest.FixtureRequest) -> Databases:
    """Each engine's source of databases: what asks for it runs on both."""
    name = "sqlite_databases" if request.param == "sqlite" else "postgres_databases"
    source: Databases = request.getfixturevalue(name)
    return source


@pytest.fixture
def database_url(databases: Databases) -> str:
    """An empty, migrated database: each test that asks for it runs on both engines."""
    return databases.create()


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = open_url(database_url)
    yield opened
    opened.close()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(MONDAY_MORNING)


@pytest.fixture
def settings(database_url: str) -> Settings:
    return Settings(
        _env_file=None,
        database_url=database_url,
        clinic_timezone="Europe/London",
        bcrypt_cost=4,
        log_level="CRITICAL",
        **UNLIMITED,
    )


@pytest.fixture
def visitor(settings: Settings, clock: FakeClock) -> Iterator[Visitor]:
    """Somebody with a browser of their own who has not logged in. See `Visitor.another`."""
    app = create_app(settings, clock, has_fast_routes=HAS_FAST_ROUTES)
    with TestClient(app, base_url="http://testserver", client=PEER) as client:
        yield Visitor(client)
