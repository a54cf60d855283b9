"""Running clinics of both engines: the server is real, with two workers.

`RACE_WORKERS="1 4"` tries those numbers of workers instead.
"""

import os
from collections.abc import Iterator
from contextlib import closing
from itertools import product

import pytest

from app.core.database import open_url
from tests.databases import Databases
from tests.integration.racing import Clinic
from tests.integration.servers import serving

WORKERS = os.environ.get("RACE_WORKERS", "2").split()


@pytest.fixture(params=WORKERS)
def workers(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="session", params=product(["sqlite", "postgresql"], WORKERS), ids="-".join)
def clinic(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Clinic]:
    """A running clinic of each engine, which the tests fill with people of their own."""
    engine, workers = request.param
    name = "sqlite_databases" if engine == "sqlite" else "postgres_databases"
    source: Databases = request.getfixturevalue(name)
    url = source.create()
    with (
        closing(open_url(url)) as database,
        serving("app.cli", url, tmp_path_factory.mktemp("server"), workers) as address,
    ):
        yield Clinic(address, database)
