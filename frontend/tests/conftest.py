from collections.abc import Callable, Iterator

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from tests import fake_booking, fake_staff  # noqa: F401 - they add routes
from tests.fake_api import FakeApi, Json
from tests.page_driver import SLOW_MACHINE_SECONDS
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


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch, settings: config.Settings) -> FakeApi:
    """The API of the pages under test, and the clock they share with it."""
    fake = FakeApi()
    pool = transport.new_client(fake.transport())
    monkeypatch.setattr(transport, "shared_client", lambda: pool)
    monkeypatch.setattr(clock, "now", lambda: fake.now)
    return fake


@pytest.fixture
def cookies(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The cookies that the browser under test, on this machine, sends when a tab connects."""
    jar = {"browser": "the-browser-under-test"}
    monkeypatch.setattr(session, "handshake_cookie", jar.get)
    monkeypatch.setattr(session, "browser_address", lambda: None)
    return jar


@pytest.fixture
def open_page(api: FakeApi, cookies: dict[str, str]) -> OpenPage:
    """Opens a new tab at an address, in a browser where `as_user` is logged in already.

    The browser's clock is that of `zone`.
    """

    def open_tab(
        url_path: str = HOME, *, as_user: Json | None = None, zone: str | None = "UTC"
    ) -> AppTest:
        if as_user is not None:
            cookies["session"] = api.add_session(as_user).token
        tab = AppTest.from_file(SCRIPT, default_timeout=SLOW_MACHINE_SECONDS)
        tab._page_hash = calc_hash(url_path)
        tab.context["timezone"] = zone
        return tab.run()

    return open_tab
