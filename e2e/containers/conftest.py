"""The fixtures of the browser tests, with the clinic in containers as their system."""

import shutil
import subprocess
from collections.abc import Iterator

import pytest

from e2e.containers.compose import Compose


@pytest.fixture(scope="session", autouse=True)
def engine() -> None:
    """A Docker engine answers."""
    if (
        shutil.which("docker") is None
        or subprocess.run(["docker", "info"], capture_output=True, check=False).returncode
    ):
        pytest.fail("No Docker engine answers: start one, then try again.", pytrace=False)


@pytest.fixture(scope="session")
def system() -> Iterator[Compose]:
    """What `cp .env.example .env` and `docker-compose up --build` start."""
    compose = Compose()
    try:
        compose.up()
        yield compose
    finally:
        compose.down()
