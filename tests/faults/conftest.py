"""How much is tried (`--full`), both databases, and the figures that are reported at the end."""

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from app.core import schema
from tests.faults.disks import can_mount
from tests.faults.postgres import PostgresNode

FIGURES = pytest.StashKey[list[str]]()

Scale = Callable[[int, int], int]
Figure = Callable[[str], None]
InTime = Callable[[float, float], bool]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="the whole of each test of faults")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[FIGURES] = []
    config.addinivalue_line("markers", "mounts: mounts file systems of its own, which needs root")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what this user may not do here, and say so among the figures."""
    mounting = [item for item in items if item.get_closest_marker("mounts")]
    if mounting and not can_mount():
        items[:] = [item for item in items if item not in mounting]
        config.hook.pytest_deselected(items=mounting)
        config.stash[FIGURES].append(f"not run, for they mount disks: {len(mounting)} tests")


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    terminalreporter.section("figures")
    for figure in config.stash[FIGURES]:
        terminalreporter.write_line(figure)


@pytest.fixture
def figure(request: pytest.FixtureRequest) -> Figure:
    """Reports a figure under the name of the test."""

    def report(text: str) -> None:
        request.config.stash[FIGURES].append(f"{request.node.name}: {text}")

    return report


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
