"""The compose files hand every setting on, and say nothing that a container does not know."""

import re
from pathlib import Path

import pytest

import app.core.config
import ui.config

ROOT = Path(__file__).parents[1]
OF_THE_BACKEND_IMAGE = {"API_HOST", "API_PORT", "DATABASE_URL", "MIGRATION_DATABASE_URL"}
OF_THE_FRONTEND_IMAGE = {"FRONTEND_HOST", "FRONTEND_PORT"}
FIXED = {"API_URL", "DATABASE_URL", "MIGRATION_DATABASE_URL"}  # docs/containers.md says so
VARIABLE = re.compile(r"^ +([A-Z_]+):(.*)$", re.MULTILINE)


def environment_of(service: str) -> set[str]:
    """The variables of a service, those included that it shares by the anchor `clinic`."""
    text = (ROOT / "docker-compose.yml").read_text()
    shared = re.search(r"^x-clinic: &clinic\n((?:  .*\n)+)", text, re.MULTILINE)
    own = re.search(
        rf"^  {service}:\n(?:    .*\n)*?    environment:\n((?:      .*\n)+)", text, re.MULTILINE
    )
    assert shared is not None
    assert own is not None
    return set(re.findall(r"^ +([A-Z_]+):", shared[1] + own[1], re.MULTILINE))


def test_the_backend_gets_its_settings() -> None:
    settings = {name.upper() for name in app.core.config.Settings.model_fields}

    assert environment_of("backend") == settings - OF_THE_BACKEND_IMAGE


def test_the_frontend_gets_its_settings() -> None:
    settings = {name.upper() for name in ui.config.Settings.model_fields}

    assert environment_of("frontend") == settings - OF_THE_FRONTEND_IMAGE


def test_every_setting_that_a_clinic_may_change_reaches_the_containers() -> None:
    """As a variable that is passed on, or put in its place: a port, an image, a volume."""
    base = (ROOT / "docker-compose.yml").read_text()
    both = base + (ROOT / "docker-compose.postgres.yml").read_text()
    show_api_errors = re.findall(
        r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE
    )
    passed_on = {name for name, value in VARIABLE.findall(base) if not value}
    put_in = set(re.findall(r"\$\{([A-Z_]+)", both))

    assert set(show_api_errors) - passed_on - put_in == FIXED


@pytest.mark.parametrize(
    ("file", "fixed"),
    [
        ("docker-compose.yml", {"API_URL"}),
        (
            "docker-compose.postgres.yml",
            {"DATABASE_URL", "MIGRATION_DATABASE_URL", "POSTGRES_DB"},
        ),
    ],
)
def test_what_a_file_sets_gives_way_to_what_the_clinic_sets(file: str, fixed: set[str]) -> None:
    text = (ROOT / file).read_text()
    set_here = {name: value for name, value in VARIABLE.findall(text) if value}

    assert {name for name, value in set_here.items() if "${" not in value} == fixed
    assert {
        name
        for name, value in set_here.items()
        if "${" in value and name != "PGPASSWORD" and "${" + name not in value
    } == set()
