"""`make run`: one command starts the clinic, and whatever ends it leaves no process behind."""

import fcntl
import os
import signal
import socket
import subprocess
import sys
import termios
from array import array
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from e2e.system import free_port

ROOT = Path(__file__).parents[1]
LAUNCHER = [sys.executable, "-m", "tools.run_local"]
MAKE = ["make", "run"]
SLOW_MACHINE_SECONDS = 120
ALMOST_A_PIPE = 60_000  # bytes, of 65,536


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A shell's, in which Python buffers what it prints."""
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    return {
        **inherited,
        "DATABASE_URL": f"sqlite:///{tmp_path / 'clinic.db'}",
        "API_PORT": str(free_port()),
        "FRONTEND_PORT": str(free_port()),
    }


@pytest.fixture
def start(environment: dict[str, str]) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start a command with a process group of its own, as a shell does."""
    started: list[subprocess.Popen[str]] = []

    def start_one(command: list[str]) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield start_one
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
        process.communicate(timeout=SLOW_MACHINE_SECONDS)


def read_until(process: subprocess.Popen[str], sentence: str) -> list[str]:
    """Read the output up to the line that says the sentence, or to its end."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line.strip())
        if sentence in line:
            break
    return lines


def listens(port: str) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", int(port))) == 0


@pytest.mark.parametrize(
    ("command", "stop", "number"),
    [
        pytest.param(LAUNCHER, os.killpg, signal.SIGINT, id="Ctrl-C"),
        pytest.param(LAUNCHER, os.kill, signal.SIGHUP, id="terminal closed"),
        pytest.param(MAKE, os.kill, signal.SIGTERM, id="make ended"),
    ],
)
def test_it_opens_the_clinic_and_leaves_nothing_behind(
    start: Callable[..., subprocess.Popen[str]],
    environment: dict[str, str],
    command: list[str],
    stop: Callable[[int, int], None],
    number: int,
) -> None:
    api, frontend = environment["API_PORT"], environment["FRONTEND_PORT"]
    clinic = start(command)
    assert read_until(clinic, "open:")[-1] == f"The clinic is open:  http://localhost:{frontend}"
    assert read_until(clinic, "API")[-1] == f"API documentation:   http://localhost:{api}/docs"
    assert httpx.get(f"http://localhost:{api}/api/v1/users/doctors").json() == []

    stop(clinic.pid, number)
    clinic.communicate(timeout=SLOW_MACHINE_SECONDS)

    assert [listens(api), listens(frontend)] == [False, False]


def waits_for_a_reader(process: subprocess.Popen[str]) -> bool:
    """Whether what a process says fills its pipe, so that it cannot go on."""
    assert process.stdout is not None
    unread = array("i", [0])
    fcntl.ioctl(process.stdout.fileno(), termios.FIONREAD, unread)
    return unread[0] > ALMOST_A_PIPE


def test_it_can_be_stopped_in_the_middle_of_a_line(
    start: Callable[..., subprocess.Popen[str]], environment: dict[str, str]
) -> None:
    clinic = start(LAUNCHER)
    read_until(clinic, "API")
    with httpx.Client(base_url=f"http://localhost:{environment['API_PORT']}") as client:
        while not waits_for_a_reader(clinic):
            client.get("/api/v1/users/doctors")
        for _ in range(100):
            client.get("/api/v1/users/doctors")

    clinic.send_signal(signal.SIGTERM)
    clinic.communicate(timeout=SLOW_MACHINE_SECONDS)

    assert clinic.returncode == 0


def test_stopping_on_purpose_is_a_success(start: Callable[..., subprocess.Popen[str]]) -> None:
    clinic = start(LAUNCHER)
    read_until(clinic, "open:")

    clinic.send_signal(signal.SIGINT)
    clinic.communicate(timeout=SLOW_MACHINE_SECONDS)

    assert clinic.returncode == 0


@pytest.mark.parametrize("variable", ["API_PORT", "FRONTEND_PORT"])
def test_a_taken_port_is_said_in_a_sentence(
    start: Callable[..., subprocess.Popen[str]], environment: dict[str, str], variable: str
) -> None:
    port = environment[variable]
    with socket.create_server(("127.0.0.1", int(port))):
        clinic = start(LAUNCHER)
        output, _ = clinic.communicate(timeout=SLOW_MACHINE_SECONDS)

    assert (clinic.returncode, output.strip()) == (
        1,
        (
            f"Port {port} cannot be used (Address already in use). End the program that uses it,"
            f" or set {variable} to a free port in .env."
        ),
    )


def test_a_failing_migration_ends_it(
    start: Callable[..., subprocess.Popen[str]], environment: dict[str, str], tmp_path: Path
) -> None:
    environment["DATABASE_URL"] = f"sqlite:///{tmp_path}"
    clinic = start(LAUNCHER)

    clinic.communicate(timeout=SLOW_MACHINE_SECONDS)

    assert clinic.returncode == 1
