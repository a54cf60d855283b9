"""What the API refuses to start with, and how many processes it starts."""

import os

import pytest
from pydantic import ValidationError

from app.core.config import DEVELOPMENT_SECRET, PROJECT, Settings
from app.main import create_app

SAFE = {
    "app_env": "production",
    "secret_key": "s3cr3t-" * 6,
    "public_url": "https://clinic.example",
    "password_policy": "asvs",
    "doctor_registration": "approval",
}
UNSAFE = {
    "a public address without TLS": ({"public_url": "http://clinic.example"}, "PUBLIC_URL"),
    "no public address": ({"public_url": ""}, "PUBLIC_URL"),
    "the default secret": ({"secret_key": DEVELOPMENT_SECRET}, "SECRET_KEY"),
    "a short secret": ({"secret_key": "x" * 31}, "SECRET_KEY"),
    "no secret": ({"secret_key": ""}, "SECRET_KEY"),
    "the password policy of the walkthrough": ({"password_policy": "document"}, "PASSWORD_POLICY"),
    "doctors who register themselves": ({"doctor_registration": "open"}, "DOCTOR_REGISTRATION"),
}
NAMES = ["PUBLIC_URL", "SECRET_KEY", "PASSWORD_POLICY", "DOCTOR_REGISTRATION"]
INEXACT_ORIGINS = [
    "*",
    "https://*.clinic.example",
    r"https://.+\.clinic\.example",
    "https://[a-z]+.clinic.example",
    "https://clinic.example/",
    "https://clinic.example/app",
    "clinic.example",
    "null",
    "https://a.example, *",
    "https://portal.example:443",
    "http://portal.example:80",
    "https://portal.example:99999",
    "https://Portal.example",
    "https://[::1",
]


def settings(**given: object) -> Settings:
    return Settings(_env_file=None, **given)


def test_safe_settings_start_in_production():
    """The control of all refusals below: each of them changes one of these values."""
    app = create_app(settings(**SAFE))
    assert app.state.resources.settings.is_https is True
    app.state.resources.hashing.close()
    app.state.resources.database.close()


@pytest.mark.parametrize(("unsafe", "named"), UNSAFE.values(), ids=UNSAFE)
def test_production_refuses(unsafe: dict[str, str], named: str):
    with pytest.raises(ValidationError) as refusal:
        settings(**(SAFE | unsafe))
    (message,) = (error["msg"] for error in refusal.value.errors())
    assert [name for name in NAMES if name in message] == [named]


@pytest.mark.parametrize(("unsafe", "_"), UNSAFE.values(), ids=UNSAFE)
def test_development_starts_with(unsafe: dict[str, str], _: str):
    assert settings(**unsafe).app_env == "development"


def test_all_that_is_unsafe_is_told_at_once():
    with pytest.raises(ValidationError) as refusal:
        settings(app_env="production")
    (message,) = (error["msg"] for error in refusal.value.errors())
    assert [name for name in NAMES if name in message] == NAMES


@pytest.mark.parametrize(
    ("given", "processes"),
    [
        ({"database_url": "sqlite:///clinic.db"}, 1),
        ({"database_url": "postgresql://clinic@db/clinic"}, os.cpu_count()),
        ({"database_url": "sqlite:///clinic.db", "web_concurrency": 3}, 3),
        ({"database_url": "postgresql://clinic@db/clinic", "web_concurrency": 3}, 3),
    ],
)
def test_one_process_serves_sqlite_and_one_a_core_postgresql(given, processes):
    assert settings(**given).processes == processes


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ({}, f"sqlite:///{PROJECT}/var/clinic.db"),
        ({"database_url": "sqlite:///clinic.db"}, f"sqlite:///{PROJECT}/clinic.db"),
        ({"database_url": "sqlite+pysqlite:///a/b.db"}, f"sqlite+pysqlite:///{PROJECT}/a/b.db"),
        ({"database_url": "sqlite:////data/clinic.db"}, "sqlite:////data/clinic.db"),
        ({"database_url": "postgresql://clinic@db/clinic"}, "postgresql://clinic@db/clinic"),
    ],
)
def test_a_relative_path_of_a_file_starts_at_the_project(given, meant, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DATABASE_URL", raising=False)

    assert settings(**given).database_url == meant
    assert (PROJECT / ".env.example").exists()


@pytest.mark.parametrize("app_env", ["development", "production"])
@pytest.mark.parametrize("origins", INEXACT_ORIGINS)
def test_no_environment_shares_answers_with_inexact_origins(app_env: str, origins: str):
    with pytest.raises(ValidationError) as refusal:
        settings(**(SAFE | {"app_env": app_env, "cors_origins": origins}))
    (error,) = refusal.value.errors()
    assert error["loc"] == ("cors_origins",)


def test_a_list_of_exact_origins_is_read_from_text():
    given = settings(**SAFE, cors_origins="https://a.example, http://localhost:3000 ,")
    assert given.cors_origins == ("https://a.example", "http://localhost:3000")
    assert given.public_origins == {
        "https://clinic.example",
        "https://a.example",
        "http://localhost:3000",
    }


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("clinic_timezone", "Mars/Olympus"),
        ("session_idle_minutes", "0"),
        ("session_absolute_hours", "0"),
        ("bcrypt_cost", "3"),
        ("hashing_queue", "0"),
        ("api_port", "65536"),
        ("password_policy", "none"),
        ("app_env", "prod"),
        ("log_format", "xml"),
        ("log_level", "loud"),
    ],
)
def test_values_out_of_range_are_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
):
    monkeypatch.setenv(variable.upper(), value)
    with pytest.raises(ValidationError) as refusal:
        settings()
    assert [error["loc"] for error in refusal.value.errors()] == [(variable,)]


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_a_database_in_memory_is_refused(url: str):
    with pytest.raises(ValueError, match="DATABASE_URL must name a file"):
        create_app(settings(database_url=url))


@pytest.mark.parametrize(
    ("address", "meant"),
    [
        ("https://Clinic.Example/", "https://clinic.example"),
        ("https://clinic.example:443", "https://clinic.example"),
        ("http://[::1]:8501", "http://[::1]:8501"),
    ],
)
def test_a_public_address_is_kept_as_browsers_write_it(address: str, meant: str):
    assert settings(public_url=address).public_url == meant


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("clinic.example", "PUBLIC_URL must be an address"),
        ("ftp://clinic.example", "PUBLIC_URL must be an address"),
        ("https://example.org/clinic", "PUBLIC_URL must not have a path"),
        ("https://example.org?clinic", "PUBLIC_URL must not have a path"),
    ],
)
def test_a_public_address_without_scheme_or_with_a_path_is_refused(address: str, said: str):
    with pytest.raises(ValidationError) as refusal:
        settings(public_url=address)
    (error,) = refusal.value.errors()
    assert error["msg"].removeprefix("Value error, ").startswith(said)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://clinic:a%2Fb%40c@db:5432/clinic?sslmode=verify-full",
        "postgresql://clinic@[::1]:5432/clinic",
        "postgresql:///clinic?host=/var/run/postgresql",
        "postgresql+psycopg://clinic@db/clinic",
        "sqlite:////data/clinic.db",
    ],
)
def test_a_database_is_named_by_its_address(url: str):
    assert settings(database_url=url).database_url == url


@pytest.mark.parametrize(
    "url",
    [
        "clinic.db",
        "sqlite://clinic.db",
        "mysql://db/clinic",
        "postgres://db/clinic",
        "postgresql://db:abc/clinic",
    ],
)
def test_another_database_is_refused(url: str):
    with pytest.raises(ValidationError) as refusal:
        settings(database_url=url)
    (error,) = refusal.value.errors()
    assert error["msg"] == (
        "Value error, DATABASE_URL must be sqlite:///path/to/clinic.db or"
        " postgresql://user:password@host:5432/clinic"
    )


def test_a_log_level_may_be_written_small():
    assert settings(log_level="info").log_level == "INFO"


def test_the_secret_is_not_shown():
    assert SAFE["secret_key"] not in repr(settings(**SAFE))
