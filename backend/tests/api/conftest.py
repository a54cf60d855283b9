"""One running application an engine, whose tables are emptied after each test.

The fixtures of the same names in the package above start an application for each test; these
are for the many tests that ask for nothing but the usual settings.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.core.config import Settings
from app.db.database import Database
from app.main import create_app
from app.services.readiness import Readiness
from tests.api import tables
from tests.api.clinic import Clinic, open_clinic
from tests.api.tables import Rows
from tests.conftest import HAS_FAST_ROUTES, MONDAY_MORNING, UNLIMITED, FakeClock
from tests.databases import Databases
from tests.people import PEER, Visitor


@dataclass(frozen=True)
class Running:
    """An application that serves, and what it was made of."""

    client: TestClient
    settings: Settings
    database: Database
    readiness: Readiness
    clock: FakeClock


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def running(request: pytest.FixtureRequest) -> Iterator[Running]:
    databases: Databases = request.getfixturevalue(
        "sqlite_databases" if request.param == "sqlite" else "postgres_databases"
    )
    settings = Settings(
        _env_file=None,
        database_url=databases.create(),
        clinic_timezone="Europe/London",
        bcrypt_cost=4,
        log_level="CRITICAL",
        **UNLIMITED,
    )
    clock = FakeClock(MONDAY_MORNING)
    app = create_app(settings, clock, has_fast_routes=HAS_FAST_ROUTES)
    with TestClient(app, base_url="http://testserver", client=PEER) as client:
        resources = app.state.resources
        yield Running(client, settings, resources.database, resources.readiness, clock)


@pytest.fixture
def database(running: Running) -> Iterator[Database]:
    yield running.database
    tables.empty(running.database)
    vars(running.readiness).update(
        vars(Readiness())
    )  # a test's clock never leaves a failure behind


@pytest.fixture
def database_url(running: Running, database: Database) -> str:
    return running.settings.database_url


@pytest.fixture
def settings(running: Running, database: Database) -> Settings:
    return running.settings


@pytest.fixture
def clock(running: Running) -> FakeClock:
    running.clock.now = MONDAY_MORNING
    return running.clock


@pytest.fixture
def visitor(running: Running, database: Database, clock: FakeClock) -> Visitor:
    """Somebody with a browser of their own who has not logged in. See `Visitor.another`."""
    return Visitor(running.client).another()


@pytest.fixture
def visitor_with(settings: Settings, clock: FakeClock) -> Iterator[Callable[..., Visitor]]:
    """Opens an application with other settings on the same database; somebody visits it."""
    with ExitStack() as running:

        def visit(**changes: Any) -> Visitor:
            changed = settings.model_copy(update=changes)
            address = "https://testserver" if changed.is_https else "http://testserver"
            client = TestClient(create_app(changed, clock), base_url=address, client=PEER)
            return Visitor(running.enter_context(client))

        yield visit


@pytest.fixture(scope="session")
def furnished(running: Running) -> tuple[Clinic, Rows]:
    """The clinic, opened once, and its rows."""
    running.clock.now = MONDAY_MORNING
    clinic = open_clinic(Visitor(running.client).another(), running.database)
    rows = tables.read_all(running.database)
    tables.empty(running.database)
    return clinic, rows


@pytest.fixture
def clinic(furnished: tuple[Clinic, Rows], database: Database, clock: FakeClock) -> Clinic:
    """A small clinic with somebody of every kind; everybody is logged in."""
    opened, rows = furnished
    tables.fill(database, rows)
    return opened.with_fresh_browsers()
