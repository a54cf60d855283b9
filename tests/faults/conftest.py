"""How much is tried (`--full`), both databases, and the figures that are reported at the end."""

import uuid
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from app.db import schema
from tests.faults.disks import can_mount
from tests.faults.postgres import PostgresNode

FIGURE = "figure"

Scale = Callable[[int, int], int]
Figure = Callable[[str], None]
InTime = Callable[[float, float], bool]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="the whole of each test of faults")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "mounts: mounts file systems of its own, which needs root")
    config.addinivalue_line("markers", "timed: has a target in seconds, and wants no company")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what has a target in seconds, and leave out what this user may not do here."""
    for item in items:
        if "in_time" in getattr(item, "fixturenames", ()):
            item.add_marker("timed")
    mounting = [item for item in items if item.get_closest_marker("mounts")]
    if mounting and not can_mount():
        items[:] = [item for item in items if item not in mounting]
        config.hook.pytest_deselected(items=mounting)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    terminalreporter.section("figures")
    for report in terminalreporter.getreports("passed") + terminalreporter.getreports("failed"):
        for name, text in report.user_properties:
            if name == FIGURE and report.when == "call":
                terminalreporter.write_line(f"{report.head_line}: {text}")
    if not can_mount():
        terminalreporter.write_line("Tests that mount disks were left out.")


@pytest.fixture
def figure(record_property: Callable[[str, object], None]) -> Figure:
    """Reports a figure under the name of the test, whichever process it runs in."""
    return partial(record_property, FIGURE)


@pytest.fixture
def scale(pytestconfig: pytest.Config) -> Scale:
    """Chooses between the number of a full run and that of a short one."""
    is_full = pytestconfig.getoption("--full", default=False)
    return lambda full, short: full if is_full else short


@pytest.fixture
def in_time(pytestconfig: pytest.Config) -> InTime:
    """Whether so many seconds keep a target.

    A short run shares its machine with other tests, and one of them would fail in its stead: it
    only reports. A full run insists.
    """
    is_full = pytestconfig.getoption("--full", default=False)
    return lambda seconds, target: seconds < target or not is_full


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresNode]:
    # Not below pytest's folder, which is closed to the user whom the server runs as.
    with TemporaryDirectory(prefix="clinic-postgres-") as folder:
        node = PostgresNode(Path(folder) / "data")
        node.create()
        yield node
        node.kill()


def new_database(engine: str, request: pytest.FixtureRequest, folder: Path) -> str:
    """An empty, migrated database."""
    if engine == "sqlite":
        url = f"sqlite:///{folder / 'clinic.db'}"
    else:
        node: PostgresNode = request.getfixturevalue("postgres")
        name = f"clinic_{uuid.uuid4().hex}"
        node.execute(f"CREATE DATABASE {name}")
        url = node.url(name)
    schema.upgrade(url)
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return new_database(request.param, request, tmp_path)
