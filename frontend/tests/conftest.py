import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from app.core.config import Settings as ApiSettings
from app.db import schema
from app.models.models import User
from frontend.tests.clinic import Clinic
from frontend.tests.gateway import Gateway, InProcess
from frontend.tests.page_driver import SLOW_MACHINE_SECONDS
from ui import config
from ui.api import transport
from ui.login import session
from ui.navigation import HOME
from ui.server import SCRIPT
from ui.widgets import clock

SETTINGS = {
    "APP_ENV": "development",
    "API_URL": "http://api.test:8000",
    "PUBLIC_URL": "http://localhost:8501",
    "CLINIC_NAME": "Test Clinic",
    "CLINIC_TIMEZONE": "UTC",
}

UNLIMITED = {
    "writes_per_minute": 1_000_000,
    "network_writes_per_minute": 1_000_000,
    "account_changes_per_hour": 1_000_000,
    "refusals_per_hour": 1_000_000,
    "same_refusals_per_hour": 1_000_000,
}

OpenPage = Callable[..., AppTest]


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[config.Settings]:
    """The same settings on every machine, whatever its environment and `.env` say."""
    monkeypatch.setitem(config.Settings.model_config, "env_file", None)
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    config.settings.cache_clear()
    yield config.settings()
    config.settings.cache_clear()


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database on the newest schema, of which each test gets a copy."""
    file = tmp_path_factory.mktemp("database") / "template.db"
    schema.upgrade(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def portal() -> Iterator[BlockingPortal]:
    """The event loop in which the APIs of all tests run, one after the other."""
    with start_blocking_portal() as portal:
        yield portal


@pytest.fixture
def clinic(migrated_file: Path, portal: BlockingPortal) -> Iterator[Clinic]:
    """An empty clinic with a running API."""
    file = migrated_file.with_name("clinic.db")
    shutil.copyfile(migrated_file, file)
    clinic = Clinic(
        ApiSettings(
            _env_file=None,
            database_url=f"sqlite:///{file}",
            bcrypt_cost=4,
            log_level="WARNING",
            **UNLIMITED,
        )
    )
    with portal.wrap_async_context_manager(clinic.api.router.lifespan_context(clinic.api)):
        yield clinic
    for left in file.parent.glob(f"{file.name}*"):
        left.unlink()


@pytest.fixture
def gateway(
    monkeypatch: pytest.MonkeyPatch,
    settings: config.Settings,
    clinic: Clinic,
    portal: BlockingPortal,
) -> Gateway:
    """The way of the pages under test to the API of `clinic`, whose clock they share."""
    gateway = Gateway(InProcess(clinic.api, portal))
    pool = transport.new_client(gateway)
    monkeypatch.setattr(transport, "shared_client", lambda: pool)
    monkeypatch.setattr(clock, "now", lambda: clinic.now)
    return gateway


@pytest.fixture
def cookies(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The cookies that the browser under test, on this machine, sends when a tab connects."""
    jar = {"browser": "the-browser-under-test"}
    monkeypatch.setattr(session, "handshake_cookie", jar.get)
    monkeypatch.setattr(session, "browser_address", lambda: None)
    return jar


@pytest.fixture
def open_page(clinic: Clinic, gateway: Gateway, cookies: dict[str, str]) -> OpenPage:
    """Opens a new tab at an address, in a browser where `as_user` is logged in already.

    The browser's clock is that of `zone`.
    """

    def open_tab(
        url_path: str = HOME, *, as_user: User | None = None, zone: str | None = "UTC"
    ) -> AppTest:
        if as_user is not None:
            cookies["session"] = clinic.add_session(as_user).token
        tab = AppTest.from_file(SCRIPT, default_timeout=SLOW_MACHINE_SECONDS)
        tab._page_hash = calc_hash(url_path)
        tab.context["timezone"] = zone
        return tab.run()

    return open_tab
