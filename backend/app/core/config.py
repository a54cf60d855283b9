"""The settings of the API, from the environment and from `.env`."""

import os
import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import (
    Field,
    HttpUrl,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from app.core import checked_settings
from app.core.client_address import networks_of
from app.core.phones import COUNTRIES
from app.domain.time.zones import is_zone

DEVELOPMENT_SECRET = "for-development-only-never-in-production"  # noqa: S105 - refused there
MINIMUM_SECRET_LENGTH = 32

_BACKEND = Path(__file__).resolve().parents[2]
PROJECT = _BACKEND.parent if (_BACKEND / "pyproject.toml").exists() else Path.cwd()
"""The folder that `.env` is in and that paths in settings start from, wherever `clinic` is called:
the project's, or the current one where the backend was installed as a package."""

RELATIVE_FILE = re.compile(r"(sqlite(?:\+\w+)?:///)(?![/:?])(?=.)")
LOCALE = re.compile(r"[a-z]{2,3}([_-][a-z]{4})?[_-]([a-z]{2}|\d{3})\Z", re.ASCII | re.IGNORECASE)
EXACT_ORIGIN = re.compile(r"https?://([a-z0-9.-]+|\[[0-9a-f:]+\])(:\d{1,5})?\Z", re.ASCII)
SQLITE = re.compile(r"sqlite(\+\w+)?:///[^?]")
IN_MEMORY = re.compile(r"sqlite(\+\w+)?:/(//?)?(:memory:)?(\?.*)?\Z")
POSTGRESQL = re.compile(r"postgresql(\+\w+)?://(.*@)?(\[[^]/?]+\]|[^:/?@]*)(:\d*)?([/?].*)?\Z")


class Environment(StrEnum):
    DEVELOPMENT = "development"
    PRODUCTION = "production"


class PasswordPolicy(StrEnum):
    """Which passwords are accepted: see `services.passwords`."""

    DOCUMENT = "document"
    ASVS = "asvs"
    NIST = "nist"


class DoctorRegistration(StrEnum):
    """Who may register as a doctor: anybody, anybody whom an admin approves, or the invited."""

    OPEN = "open"
    APPROVAL = "approval"
    INVITE = "invite"


class LogLevel(StrEnum):
    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"
    CRITICAL = "CRITICAL"


class LogFormat(StrEnum):
    CONSOLE = "console"
    JSON = "json"


def _as_sent(origin: str) -> str:
    """An origin as browsers send it; empty where it is none."""
    try:
        return str(HttpUrl(origin)).removesuffix("/")
    except ValidationError:
        return ""


def origin_of(url: str) -> str:
    """Scheme, host and port of an address, as a browser writes them in `Origin`."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


class Settings(BaseSettings):
    """One field a variable; `.env.example` explains each of them."""

    model_config = SettingsConfigDict(
        env_file=PROJECT / ".env",
        env_file_encoding=checked_settings.ENCODING,
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    app_env: Environment = Environment.DEVELOPMENT
    database_url: str = "sqlite:///var/clinic.db"
    migration_database_url: str | None = None
    clinic_name: str = "Clinic"
    clinic_timezone: str = "UTC"
    clinic_locale: str = "en_GB"
    clinic_country: str = "GB"
    secret_key: SecretStr = SecretStr(DEVELOPMENT_SECRET)
    secret_key_previous: Annotated[tuple[SecretStr, ...], NoDecode] = ()
    public_url: str = "http://localhost:8501"
    cors_origins: Annotated[tuple[str, ...], NoDecode] = ()
    session_idle_minutes: int = Field(60, ge=1, le=24 * 60)
    session_absolute_hours: int = Field(12, ge=1, le=24 * 30)
    sessions_per_account: int = Field(10, ge=1, le=1000)
    password_policy: PasswordPolicy = PasswordPolicy.DOCUMENT
    breached_passwords_url: str | None = None
    doctor_registration: DoctorRegistration = DoctorRegistration.OPEN
    booking_horizon_days: int = Field(365, ge=1, le=3650)
    open_visits_per_patient: int = Field(10, ge=1, le=1_000_000)
    registrations_per_hour: int = Field(20, ge=1)
    email_changes_per_hour: int = Field(5, ge=1)
    account_changes_per_hour: int = Field(60, ge=1)
    writes_per_minute: int = Field(120, ge=1)
    network_writes_per_minute: int = Field(600, ge=1)
    refusals_per_hour: int = Field(200, ge=1)
    same_refusals_per_hour: int = Field(20, ge=1)
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = ()
    metrics_allow: Annotated[tuple[str, ...], NoDecode] = ("127.0.0.0/8", "::1")
    bcrypt_cost: int = Field(12, ge=4, le=18)
    hashing_queue: int = Field(64, ge=1)
    worker_threads: int = Field(4, ge=1, le=64)
    web_concurrency: int | None = Field(None, ge=1, le=64)
    api_docs: bool | None = None
    api_host: str = "127.0.0.1"
    api_port: int = Field(8000, ge=1, le=65535)
    log_level: LogLevel = LogLevel.INFO
    log_format: LogFormat = LogFormat.CONSOLE

    @field_validator("log_level", mode="before")
    @classmethod
    def _in_capitals(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

    @field_validator(
        "cors_origins", "secret_key_previous", "trusted_proxies", "metrics_allow", mode="before"
    )
    @classmethod
    def _split_at_commas(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("database_url")
    @classmethod
    def _file_of_the_project(cls, value: str) -> str:
        return RELATIVE_FILE.sub(lambda found: f"{found[1]}{PROJECT}/", value, count=1)

    @field_validator("cors_origins")
    @classmethod
    def _exact_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not all(EXACT_ORIGIN.match(origin) and _as_sent(origin) == origin for origin in value):
            raise ValueError("CORS_ORIGINS must list exact origins such as https://clinic.example")
        return value

    @field_validator("clinic_locale")
    @classmethod
    def _language_and_country(cls, value: str) -> str:
        if not LOCALE.match(value):
            raise ValueError("CLINIC_LOCALE must be a language and a country, such as en_GB")
        return value

    @field_validator("clinic_country")
    @classmethod
    def _known_country(cls, value: str) -> str:
        if value.upper() not in COUNTRIES:
            raise ValueError("CLINIC_COUNTRY must have two letters, such as GB")
        return value.upper()

    @field_validator("breached_passwords_url")
    @classmethod
    def _service_of_breached_passwords(cls, value: str | None) -> str | None:
        if value is not None and urlsplit(value).scheme not in {"http", "https"}:
            raise ValueError("BREACHED_PASSWORDS_URL must begin with https:// or http://")
        return value

    @field_validator("public_url")
    @classmethod
    def _public_address(cls, value: str) -> str:
        return checked_settings.public_address(value) if value else value

    @field_validator("database_url", "migration_database_url")
    @classmethod
    def _known_database(cls, value: str | None) -> str | None:
        if value is None:
            return None
        if IN_MEMORY.match(value):
            raise ValueError("DATABASE_URL must name a file: sqlite:///path/to/clinic.db")
        if not SQLITE.match(value) and not POSTGRESQL.match(value):
            raise ValueError(
                "DATABASE_URL must be sqlite:///path/to/clinic.db or"
                " postgresql://user:password@host:5432/clinic"
            )
        return value

    @field_validator("trusted_proxies", "metrics_allow")
    @classmethod
    def _networks(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        try:
            networks_of(value)
        except ValueError:
            raise ValueError(
                f"{str(info.field_name).upper()} must list addresses such as 10.0.0.5"
                " or networks such as 10.0.0.0/24"
            ) from None
        return value

    @field_validator("clinic_timezone")
    @classmethod
    def _known_timezone(cls, value: str) -> str:
        if not is_zone(value):
            raise ValueError("CLINIC_TIMEZONE must be an IANA name such as Europe/London")
        return value

    @model_validator(mode="after")
    def _safe_in_production(self) -> Self:
        if self.app_env is Environment.PRODUCTION:
            problems = list(self._production_problems())
            if problems:
                raise ValueError("refusing to start in production: " + "; ".join(problems))
        return self

    def _production_problems(self) -> list[str]:
        secret = self.secret_key.get_secret_value()
        checks = {
            "PUBLIC_URL must begin with https://": self.is_https,
            f"SECRET_KEY must be your own and have {MINIMUM_SECRET_LENGTH} characters or more": (
                secret != DEVELOPMENT_SECRET and len(secret) >= MINIMUM_SECRET_LENGTH
            ),
            "PASSWORD_POLICY=document is for trying out; use asvs or nist": (
                self.password_policy is not PasswordPolicy.DOCUMENT
            ),
            "DOCTOR_REGISTRATION=open lets anybody be a doctor; use approval or invite": (
                self.doctor_registration is not DoctorRegistration.OPEN
            ),
        }
        return [problem for problem, satisfied in checks.items() if not satisfied]

    @property
    def language(self) -> str:
        """The language of the clinic, by whose alphabet names are sorted, such as `sv`."""
        return re.split("[_-]", self.clinic_locale)[0].lower()

    @property
    def is_https(self) -> bool:
        """Whether people reach the clinic over TLS."""
        return urlsplit(self.public_url).scheme == "https"

    @property
    def owner_url(self) -> str:
        """The database as the role that owns its tables reaches it, for migrations."""
        return self.migration_database_url or self.database_url

    @property
    def has_docs(self) -> bool:
        """Whether the API serves its documentation: in production only when asked to."""
        if self.api_docs is None:
            return self.app_env is not Environment.PRODUCTION
        return self.api_docs

    @property
    def sqlite_file(self) -> Path | None:
        """The file that the database is, or None on PostgreSQL."""
        scheme, _, path = self.database_url.partition(":///")
        return Path(path.partition("?")[0]) if scheme.startswith("sqlite") else None

    @property
    def processes(self) -> int:
        """How many processes serve: by default one for SQLite's one writer, else one a core."""
        return self.web_concurrency or (1 if self.sqlite_file else os.cpu_count() or 1)

    @property
    def cookie_name(self) -> str:
        """Name of the session cookie; the prefix makes browsers insist on Secure and Path=/."""
        return "__Host-session" if self.is_https else "session"

    @property
    def device_cookie_name(self) -> str:
        """Name of the cookie by which a browser is known that has logged in before."""
        return "__Host-device" if self.is_https else "device"

    @property
    def public_origins(self) -> frozenset[str]:
        """The origins whose pages may send requests that change something."""
        return frozenset(origin_of(url) for url in (self.public_url, *self.cors_origins))
