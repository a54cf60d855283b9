"""`make check` looks for known holes, and goes on where the list cannot be reached."""

from pathlib import Path

import pytest

from tools import audit


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in for pip-audit."""
    file = tmp_path / "pip-audit"
    file.touch(mode=0o755)
    monkeypatch.setattr(audit, "PIP_AUDIT", str(file))
    return file


def test_a_known_hole_fails(program: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program.write_text("#!/bin/sh\necho 'Found 1 known vulnerability' >&2\nexit 1\n")
    assert audit.main() == 1
    assert capsys.readouterr().out == "Found 1 known vulnerability\n"


def test_what_cannot_be_asked_is_said_loudly(
    program: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program.write_text("#!/bin/sh\necho 'requests.exceptions.ConnectionError: …' >&2\nexit 1\n")
    assert audit.main() == 0
    printed = capsys.readouterr()
    frame, message, _, _, *_ = printed.err.strip().splitlines()
    assert printed.out == ""
    assert frame == "!" * 88
    assert message.startswith("NOT CHECKED: whether the libraries have known holes.")


def test_every_hashed_file_of_the_images_is_asked_about() -> None:
    hashed = {str(path.relative_to(audit.ROOT)) for path in audit.ROOT.glob("*/requirements.txt")}
    assert set(audit.REQUIREMENTS) == hashed
