"""The settings."""

import pytest
from pydantic import ValidationError

from ui.config import Settings


def message_of(monkeypatch: pytest.MonkeyPatch, **environment: str) -> str:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError) as raised:
        Settings()
    return raised.value.errors()[0]["msg"]


def test_on_plain_http_cookies_have_plain_names(settings: Settings):
    assert (settings.secure, settings.session_cookie, settings.browser_cookie) == (
        False,
        "session",
        "browser",
    )


def test_on_tls_cookies_belong_to_the_host_alone(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PUBLIC_URL", "https://clinic.example/")
    settings = Settings()

    assert (settings.secure, settings.session_cookie, settings.browser_cookie) == (
        True,
        "__Host-session",
        "__Host-browser",
    )


@pytest.mark.parametrize(
    ("address", "origins"),
    [
        ("https://Clinic.example/", {"https://clinic.example"}),
        ("https://clinic.example:8443", {"https://clinic.example:8443"}),
        ("http://localhost:8501", {"http://localhost:8501", "http://127.0.0.1:8501"}),
        ("", set()),
    ],
)
def test_the_public_origins(monkeypatch: pytest.MonkeyPatch, address: str, origins: set[str]):
    monkeypatch.setenv("PUBLIC_URL", address)

    assert Settings().public_origins == origins


def test_production_needs_tls(monkeypatch: pytest.MonkeyPatch):
    assert message_of(monkeypatch, APP_ENV="production") == (
        "Value error, APP_ENV=production needs a PUBLIC_URL that starts with https://"
    )


def test_a_zone_that_does_not_exist_is_refused(monkeypatch: pytest.MonkeyPatch):
    assert message_of(monkeypatch, CLINIC_TIMEZONE="Mars/Olympus") == (
        "Value error, Mars/Olympus is not a time zone such as Europe/Berlin"
    )


def test_an_address_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch):
    assert message_of(monkeypatch, API_URL="the other machine") == (
        "Input should be a valid URL, relative URL without a base"
    )
