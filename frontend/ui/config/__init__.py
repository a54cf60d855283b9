"""The settings of the frontend, from the environment and the `.env` file of the project root."""

import sys
from functools import cache, cached_property
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from phonenumbers import SUPPORTED_REGIONS
from pydantic import Field, HttpUrl, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from ui.config import checked_settings
from ui.config.client_address import networks_of
from ui.config.conventions import Conventions, conventions_of
from ui.config.zones import is_zone

PROJECT_ROOT = Path(__file__).parents[3]
UNUSABLE = 2  # the exit code of a process whose settings have to be corrected
LOOPBACK_HOSTS = ("localhost", "127.0.0.1")
LOOPBACK_ADDRESSES = ("127.0.0.1", "::1")


class Settings(BaseSettings):
    """Every setting has the name of its environment variable in lower case.

    Raises a `pydantic.ValidationError` that names the variable when a value cannot work.
    """

    model_config = SettingsConfigDict(
        env_file=PROJECT_ROOT / ".env",
        env_file_encoding=checked_settings.ENCODING,
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    app_env: Literal["development", "production"] = "development"
    api_url: str = "http://localhost:8000"
    public_url: str | None = None
    clinic_name: str = "Clinic"
    clinic_timezone: str = "UTC"
    clinic_country: str = "GB"
    frontend_host: str = "127.0.0.1"
    frontend_port: int = Field(8501, ge=1, le=65535)
    frontend_trusted_proxies: Annotated[tuple[str, ...], NoDecode] = LOOPBACK_ADDRESSES
    clinic_locale: str = "en_GB"

    @field_validator("api_url")
    @classmethod
    def _http_address(cls, address: str) -> str:
        HttpUrl(address)
        return address.rstrip("/")

    @field_validator("public_url")
    @classmethod
    def _public_address(cls, address: str | None) -> str | None:
        return address and checked_settings.public_address(address)

    @field_validator("frontend_trusted_proxies", mode="before")
    @classmethod
    def _split_at_commas(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("frontend_trusted_proxies")
    @classmethod
    def _addresses_of_proxies(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        try:
            networks_of(value)
        except ValueError:
            raise ValueError(
                "FRONTEND_TRUSTED_PROXIES must list addresses such as 10.0.0.5"
                " or networks such as 10.0.0.0/24"
            ) from None
        return value

    @field_validator("clinic_country")
    @classmethod
    def _known_country(cls, code: str) -> str:
        if code.upper() not in SUPPORTED_REGIONS:
            raise ValueError("CLINIC_COUNTRY must have two letters, such as GB")
        return code.upper()

    @field_validator("clinic_timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        if not is_zone(name):
            raise ValueError("CLINIC_TIMEZONE must be an IANA name such as Europe/London")
        return name

    @field_validator("clinic_locale")
    @classmethod
    def _known_locale(cls, name: str) -> str:
        conventions_of(name)
        return name

    @model_validator(mode="after")
    def _production_needs_tls(self) -> Self:
        if self.app_env == "production" and not self.secure:
            raise ValueError("APP_ENV=production needs a PUBLIC_URL that starts with https://")
        return self

    @property
    def secure(self) -> bool:
        """Whether browsers reach the frontend over TLS, so that cookies can be `Secure`."""
        return self.public_url is not None and self.public_url.startswith("https://")

    @property
    def session_cookie(self) -> str:
        """The name of the session cookie, the same as the API's."""
        return self._cookie_name("session")

    @property
    def device_cookie(self) -> str:
        """The name of the cookie by which the API recognises a browser."""
        return self._cookie_name("device")

    @property
    def browser_cookie(self) -> str:
        """The name of the cookie that identifies a browser before a login."""
        return self._cookie_name("browser")

    @property
    def public_origins(self) -> frozenset[str]:
        """The origins that may connect; empty when no public address is set.

        A public address on this machine includes both `localhost` and `127.0.0.1`.
        """
        if self.public_url is None:
            return frozenset()
        parts = urlsplit(self.public_url)
        host = parts.netloc.removesuffix(f":{parts.port}")
        hosts = LOOPBACK_HOSTS if host in LOOPBACK_HOSTS else (host,)
        port = f":{parts.port}" if parts.port else ""
        return frozenset(f"{parts.scheme}://{name}{port}".lower() for name in hosts)

    @cached_property
    def conventions(self) -> Conventions:
        """How dates and times are written."""
        return conventions_of(self.clinic_locale)

    def _cookie_name(self, name: str) -> str:
        return f"__Host-{name}" if self.secure else name


@cache
def settings() -> Settings:
    return Settings()


def refuse_unusable_settings() -> None:
    """End the process with a line for each setting that cannot work."""
    for doubt in checked_settings.doubts(Settings):
        sys.stderr.write(f"{doubt}\n")
    try:
        checked_settings.read_settings(Settings)
    except checked_settings.SettingsError as wrong:
        sys.stderr.write(f"{wrong}\n")
        sys.exit(UNUSABLE)
