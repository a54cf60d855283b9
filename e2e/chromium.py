"""Finds a Chromium to test with, or installs one."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PLACES = (
    "/usr/lib/chromium/chromium",
    "/snap/bin/chromium",
    "/opt/google/chrome/chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)


class NoChromiumError(Exception):
    """There is no browser to test with; the message says what to do."""


def executable(own_place: str) -> str:
    """Return the path of a Chromium; `own_place` is where Playwright keeps the one it installs.

    Raises `NoChromiumError`.
    """
    if named := os.environ.get("CHROMIUM"):
        if found := shutil.which(named):
            return found
        raise NoChromiumError(f"CHROMIUM is set to {named}, which is no program: correct it.")
    found = find(own_place)
    if found is None:
        install()
        found = find(own_place)
    if found is None:
        raise NoChromiumError(
            "No Chromium was found and none could be installed: install Chromium or Chrome,"
            " or set CHROMIUM to the path of one."
        )
    return found


def find(own_place: str) -> str | None:
    candidates = (*(shutil.which(name) for name in NAMES), *PLACES, own_place)
    return next((path for path in candidates if path and Path(path).is_file()), None)


def install() -> None:
    """Install Debian's package as root, and Playwright's own build where that does not work."""
    if os.geteuid() == 0 and shutil.which("apt-get"):
        quietly("apt-get", "update", "--quiet")
        if quietly("apt-get", "install", "--yes", "--quiet", "chromium"):
            return
    quietly(sys.executable, "-m", "playwright", "install", "chromium")


def quietly(*command: str) -> bool:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    finished = subprocess.run(
        command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    return finished.returncode == 0
