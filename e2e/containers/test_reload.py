"""docker-compose.dev.yml: what is changed in the folder is served without a restart."""

import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

from e2e.containers.compose import Compose
from e2e.system import ROOT
from e2e.visitor import Visitor

PARTS = ("backend", "frontend", "database")
LEFT_OUT = shutil.ignore_patterns("__pycache__", ".*_cache", "tests")


@pytest.fixture
def system(tmp_path: Path) -> Iterator[Compose]:
    """The clinic on a copy of the project, which a test may change."""
    for name in (".dockerignore", ".env.example", "docker-compose.yml", "docker-compose.dev.yml"):
        shutil.copy(ROOT / name, tmp_path)
    for part in PARTS:
        shutil.copytree(ROOT / part, tmp_path / part, ignore=LEFT_OUT)
    compose = Compose("docker-compose.dev.yml", folder=tmp_path)
    try:
        compose.up()
        yield compose
    finally:
        compose.down()


def replace(file: Path, old: str, new: str) -> None:
    """As an editor does it: nobody reads half a file."""
    text = file.read_text()
    assert old in text
    changed = file.with_suffix(".changed")
    changed.write_text(text.replace(old, new))
    changed.replace(file)


def wait_until(condition: Callable[[], bool], seconds: int = 60) -> bool:
    tick = threading.Event()
    return any(condition() or tick.wait(1) for _ in range(seconds))


def test_a_change_of_the_api_is_served(system: Compose) -> None:
    def description() -> str:
        try:
            document = httpx.get(f"{system.api_url}/openapi.json", timeout=30).json()
        except httpx.TransportError:
            return ""
        return str(document["info"]["description"])

    replace(system.folder / "backend/app/main.py", "Find a doctor,", "Look for a doctor,")

    assert wait_until(lambda: description().startswith("Look for a doctor,"))


def test_a_change_of_a_page_is_served(system: Compose, visitor: Visitor) -> None:
    visitor.open()
    expect(visitor.page.get_by_role("tab", name="Login")).to_be_visible()
    # Streamlit watches what a page was made of when its script has ended, not yet when it shows.
    script_state = "data-test-script-state"
    expect(visitor.page.get_by_test_id("stApp")).to_have_attribute(script_state, "notRunning")

    replace(system.folder / "frontend/ui/login/entrance.py", '("Login",', '("Come in",')

    expect(visitor.page.get_by_role("tab", name="Come in")).to_be_visible(timeout=60_000)
