"""What `make` says on a machine that lacks something."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture
def bare_project(tmp_path: Path) -> Path:
    """The project before anything was installed, on a machine with make and a shell only."""
    for name in ("Makefile", "uv.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    for part in ("backend", "frontend"):
        (tmp_path / part).mkdir()
        shutil.copy(ROOT / part / "pyproject.toml", tmp_path / part)
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("sh", "make"):
        (programs / name).symlink_to(shutil.which(name) or name)
    return tmp_path


def put_python(project: Path, name: str, *, succeeds_with: str) -> None:
    """Put a Python on the PATH that succeeds only when its first argument is the given one."""
    program = project / "bin" / name
    program.write_text(f'#!/bin/sh\n[ "$1" = "{succeeds_with}" ]\n')
    program.chmod(0o755)


def install(project: Path, *arguments: str) -> str:
    finished = subprocess.run(
        ["make", "install", *arguments],
        cwd=project,
        env={"PATH": str(project / "bin")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.stdout == ""
    return finished.stderr.splitlines()[0]


def test_without_python(bare_project: Path) -> None:
    assert install(bare_project) == (
        "Python 3.11 or newer is needed, and none was found: install it, or name it with"
        " make PYTHON=/path/to/python3"
    )


def test_with_a_python_that_is_too_old(bare_project: Path) -> None:
    put_python(bare_project, "python3.9", succeeds_with="nothing")

    assert install(bare_project, "PYTHON=python3.9") == (
        "Python 3.11 or newer is needed, and python3.9 is not: install it, or name it with"
        " make PYTHON=/path/to/python3"
    )


def test_without_the_venv_module(bare_project: Path) -> None:
    put_python(bare_project, "python3.11", succeeds_with="-c")

    assert install(bare_project) == (
        "python3.11 cannot make a virtual environment: install its venv module"
        " (Debian and Ubuntu: apt install python3-venv), or install uv."
    )
