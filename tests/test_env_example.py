"""`.env.example` is complete, and copied unchanged it is a working clinic."""

import re
from pathlib import Path

import pytest

import app.core.config
import ui.config

ROOT = Path(__file__).parents[1]
ENV_EXAMPLE = ROOT / ".env.example"
OF_COMPOSE = {
    "BACKUP_DIRECTORY",
    "CLINIC_NETWORK",
    "POSTGRES_IMAGE",
    "POSTGRES_PASSWORD",
    "PYTHON_IMAGE",
}
OF_THE_SETTINGS = {
    name.upper()
    for settings in (app.core.config.Settings, ui.config.Settings)
    for name in settings.model_fields
}


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in OF_THE_SETTINGS:
        monkeypatch.delenv(name, raising=False)


def test_it_explains_every_setting_once() -> None:
    names = re.findall(r"^#?([A-Z_]+)=", ENV_EXAMPLE.read_text(), re.MULTILINE)

    assert sorted(names) == sorted(OF_THE_SETTINGS | OF_COMPOSE)


def test_copied_unchanged_it_changes_only_what_a_clinic_is_called_and_where_it_is() -> None:
    copied = app.core.config.Settings(_env_file=ENV_EXAMPLE)
    default = app.core.config.Settings(_env_file=None)

    assert copied.model_dump() == {
        **default.model_dump(),
        "clinic_name": "City Clinic",
        "clinic_timezone": "Europe/London",
    }


def test_both_parts_agree_on_the_clinic() -> None:
    backend = app.core.config.Settings(_env_file=ENV_EXAMPLE)
    frontend = ui.config.Settings(_env_file=ENV_EXAMPLE)

    shared = ("clinic_name", "clinic_timezone", "clinic_country")
    assert [getattr(frontend, name) for name in shared] == [
        getattr(backend, name) for name in shared
    ]
