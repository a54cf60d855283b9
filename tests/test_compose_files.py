"""The compose files hand every setting on, and say nothing that a container does not know."""

import re
from pathlib import Path

import app.core.config
import ui.config

ROOT = Path(__file__).parents[1]
OF_THE_BACKEND_IMAGE = {"API_HOST", "API_PORT", "DATABASE_URL", "MIGRATION_DATABASE_URL"}
OF_THE_FRONTEND_IMAGE = {"FRONTEND_HOST", "FRONTEND_PORT"}


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
