"""The settings."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from ui.config import Settings, refuse_unusable_settings


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
        ("https://clinic.example:443", {"https://clinic.example"}),
        ("https://klinik-bärlin.example", {"https://xn--klinik-brlin-ncb.example"}),
        ("http://[::1]:8501", {"http://[::1]:8501"}),
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


@pytest.mark.parametrize("name", ["Mars/Olympus", "localtime", "Factory", "europe/london"])
def test_a_zone_that_does_not_exist_is_refused(monkeypatch: pytest.MonkeyPatch, name: str):
    assert message_of(monkeypatch, CLINIC_TIMEZONE=name) == (
        "Value error, CLINIC_TIMEZONE must be an IANA name such as Europe/London"
    )


def test_an_address_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch):
    assert message_of(monkeypatch, API_URL="the other machine") == (
        "Input should be a valid URL, relative URL without a base"
    )


@pytest.mark.parametrize(
    "address",
    [
        "clinic.example",
        "//clinic.example",
        "ftp://clinic.example",
        "https://a:99999",
        "https://a b",
    ],
)
def test_a_public_address_names_a_scheme_and_a_host(monkeypatch: pytest.MonkeyPatch, address: str):
    assert message_of(monkeypatch, PUBLIC_URL=address) == (
        "Value error, PUBLIC_URL must be an address such as https://clinic.example.org"
    )


@pytest.mark.parametrize("rest", ["/clinic", "/clinic/", "//", "?a=b", "#top", "/a?b#c"])
def test_a_public_address_below_a_path_is_refused(monkeypatch: pytest.MonkeyPatch, rest: str):
    assert message_of(monkeypatch, PUBLIC_URL=f"https://example.org{rest}") == (
        "Value error, PUBLIC_URL must not have a path, because the clinic cannot be served below"
        " one. Give it a host name of its own, such as https://clinic.example.org"
    )


@pytest.mark.parametrize(
    ("content", "environment", "said"),
    [
        (b"", {"PUBLIC_URL": "clinic.example"}, "PUBLIC_URL must be an address such as"),
        (b"CLINIC_NAME=Z\xfcrich", {}, "{} is in another encoding than UTF-8. Save it as UTF-8."),
        (b"CLINIC_NAM=City", {}, "CLINIC_NAM in {} is no setting. Did you mean CLINIC_NAME?"),
    ],
)
def test_what_cannot_work_ends_the_process_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    content: bytes,
    environment: dict[str, str],
    said: str,
):
    (tmp_path / ".env").write_bytes(content)
    (tmp_path / ".env.example").write_text("CLINIC_NAME=\n")
    monkeypatch.setitem(Settings.model_config, "env_file", tmp_path / ".env")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(SystemExit) as ended:
        refuse_unusable_settings()

    error = capsys.readouterr().err
    assert (ended.value.code, error.count("\n")) == (2, 1)
    assert error.startswith(said.format(tmp_path / ".env"))


def test_proxies_on_this_machine_are_trusted(settings: Settings):
    assert settings.frontend_trusted_proxies == ("127.0.0.1", "::1")


def test_trusted_proxies_are_a_list(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("FRONTEND_TRUSTED_PROXIES", "10.0.0.5, 10.1.0.0/16,")
    assert Settings().frontend_trusted_proxies == ("10.0.0.5", "10.1.0.0/16")


@pytest.mark.parametrize("value", ["*", "proxy", "10.0.0.0/33", "10.0.0.5/24", "10.0.0.5 x"])
def test_a_proxy_is_an_address_or_a_network(monkeypatch: pytest.MonkeyPatch, value: str):
    assert message_of(monkeypatch, FRONTEND_TRUSTED_PROXIES=value) == (
        "Value error, FRONTEND_TRUSTED_PROXIES must list addresses such as 10.0.0.5"
        " or networks such as 10.0.0.0/24"
    )


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Klingon", "Value error, Klingon is not a language and a country such as en_GB"),
        ("en_XX", "Value error, en_XX is not a language and a country such as en_GB"),
        ("de", "Value error, de lacks the country, as in en_GB"),
    ],
)
def test_a_locale_that_does_not_exist_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, message: str
):
    assert message_of(monkeypatch, CLINIC_LOCALE=name) == message
