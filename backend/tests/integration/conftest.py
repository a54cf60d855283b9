"""Running clinics of both engines: the server is real, with two workers."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from app.core.database import Database
from tests.databases import Databases
from tests.integration.racing import Clinic
from tests.integration.servers import serving


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def clinic(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Clinic]:
    """A running clinic of each engine, which the tests fill with people of their own."""
    name = "sqlite_databases" if request.param == "sqlite" else "postgres_databases"
    source: Databases = request.getfixturevalue(name)
    url = source.create()
    with (
        closing(Database(url)) as database,
        serving("app.cli", url, tmp_path_factory.mktemp("server")) as address,
    ):
        yield Clinic(address, database)
