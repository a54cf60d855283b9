"""`make run`: one command starts the clinic, and whatever ends it leaves no process behind."""

import fcntl
import os
import re
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
from tools.run_local import done_by_the_api, wait_until_answered

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
        2,
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

    assert clinic.returncode == 2


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (
            {"API_PORT": "abc"},
            "API_PORT: Input should be a valid integer, unable to parse string as an integer",
        ),
        ({"API_PORT": "99999"}, "API_PORT: Input should be less than or equal to 65535"),
        ({"API_PORT": "8000.0"}, "API_PORT must be a number from 1 to 65535."),
        (
            {"FRONTEND_PORT": "abc"},
            "FRONTEND_PORT: Input should be a valid integer, unable to parse string as an integer",
        ),
        ({"FRONTEND_PORT": "99999"}, "FRONTEND_PORT: Input should be less than or equal to 65535"),
        ({"FRONTEND_PORT": "0"}, "FRONTEND_PORT: Input should be greater than or equal to 1"),
        (
            {"FRONTEND_PORT": "٨٥"},
            "FRONTEND_PORT: Input should be a valid integer, unable to parse string as an integer",
        ),
        (
            {"API_PORT": "8765", "FRONTEND_PORT": "8765"},
            "API_PORT and FRONTEND_PORT are both 8765: set one of them to another port in .env.",
        ),
        ({"API_HOST": "192.0.2.7"}, "API_HOST=192.0.2.7 is no address of this machine."),
        (
            {"FRONTEND_HOST": "no-such.test"},
            "FRONTEND_HOST=no-such.test is no address of this machine.",
        ),
        (
            {"PUBLIC_URL": "clinic.example.org"},
            "PUBLIC_URL must be an address such as https://clinic.example.org",
        ),
        (
            {"PUBLIC_URL": "https://example.org/clinic"},
            (
                "PUBLIC_URL must not have a path, because the clinic cannot be served below one."
                " Give it a host name of its own, such as https://clinic.example.org"
            ),
        ),
        (
            {"API_URL": "localhost:8000"},
            "API_URL: URL scheme should be 'http' or 'https'",
        ),
        (
            {"DATABASE_URL": "postgresql://clinic@127.0.0.1:1/clinic"},
            (
                "The database does not answer. Is DATABASE_URL right, and the server running?"
                ' (connection failed: connection to server at "127.0.0.1", port 1 failed:'
                " Connection refused)"
            ),
        ),
        (
            {"DATABASE_URL": "mysql://clinic@localhost/clinic"},
            (
                "DATABASE_URL must be sqlite:///path/to/clinic.db or"
                " postgresql://user:password@host:5432/clinic"
            ),
        ),
    ],
    ids=lambda value: (
        " ".join(f"{k}={v}" for k, v in value.items()) if isinstance(value, dict) else ""
    ),
)
def test_what_cannot_work_is_said_in_a_sentence(
    start: Callable[..., subprocess.Popen[str]],
    environment: dict[str, str],
    settings: dict[str, str],
    sentence: str,
) -> None:
    environment.update(settings)
    clinic = start(LAUNCHER)
    output, _ = clinic.communicate(timeout=SLOW_MACHINE_SECONDS)

    assert (clinic.returncode, output.strip()) == (2, sentence)


@pytest.mark.parametrize("host", ["::1", "::"])
def test_it_listens_on_ipv6(
    start: Callable[..., subprocess.Popen[str]], environment: dict[str, str], host: str
) -> None:
    environment |= {"API_HOST": host, "FRONTEND_HOST": host}
    clinic = start(LAUNCHER)
    read_until(clinic, "API documentation")
    api, frontend = environment["API_PORT"], environment["FRONTEND_PORT"]
    both = {"::1": ["[::1]"], "::": ["[::1]", "127.0.0.1"]}[host]
    for each in ("[::1]", "127.0.0.1"):
        answers = [
            answers_at(f"http://{each}:{port}") for port in (f"{api}/readyz", f"{frontend}/healthz")
        ]
        assert answers == [each in both] * 2


def answers_at(url: str) -> bool:
    try:
        return httpx.get(url, timeout=SLOW_MACHINE_SECONDS).is_success
    except httpx.ConnectError:
        return False


@pytest.mark.parametrize("part", ["backend", "frontend"])
def test_a_part_that_was_killed_is_started_again_and_the_other_goes_on(
    start: Callable[..., subprocess.Popen[str]], environment: dict[str, str], part: str
) -> None:
    clinic = start(LAUNCHER)
    lines = read_until(clinic, "API documentation")
    pids = pids_in(lines)
    assert sorted(pids) == ["backend", "frontend"]
    (other,) = pids.keys() - {part}

    os.kill(pids[part], signal.SIGKILL)
    said = read_until(clinic, f"{part} started (pid=")

    assert f"{part} ended (rc=-9): it is started again in 0.5 seconds" in said[-2]
    assert pids_in(said).keys() == {part}
    os.kill(pids[other], 0)  # raises ProcessLookupError when it has ended
    port, path = {
        "backend": (environment["API_PORT"], "/readyz"),
        "frontend": (environment["FRONTEND_PORT"], "/healthz"),
    }[part]
    wait_until_answered(f"http://127.0.0.1:{port}{path}")
    clinic.send_signal(signal.SIGTERM)
    clinic.communicate(timeout=SLOW_MACHINE_SECONDS)
    assert clinic.returncode == 0
    assert [listens(environment["API_PORT"]), listens(environment["FRONTEND_PORT"])] == [False] * 2


def pids_in(lines: list[str]) -> dict[str, int]:
    """The process of each part that was started last."""
    started = (re.search(r"(\w+) started \(pid=(\d+)\)", line) for line in lines)
    return {found[1]: int(found[2]) for found in started if found}


def test_the_pauses_grow_and_can_be_interrupted(
    start: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    (tmp_path / "Procfile").write_text("backend: exit 7\nfrontend: exec sleep 600\n")
    script = (
        "import os; from tools.processes import run_processes;"
        f"os.chdir({str(tmp_path)!r}); raise SystemExit(run_processes(dict(os.environ)))"
    )
    group = start([sys.executable, "-c", script])

    said = [read_until(group, "again in")[-1].partition(": ")[2] for _ in range(3)]
    group.send_signal(signal.SIGINT)
    group.communicate(timeout=SLOW_MACHINE_SECONDS)

    assert said == [f"it is started again in {seconds} seconds" for seconds in ("0.5", "1", "2")]
    assert group.returncode == 0


def test_on_postgresql_a_worker_runs_beside_the_api() -> None:
    """On SQLite the API does its work."""
    started = set(re.findall(r"^(\w+):", (ROOT / "Procfile").read_text(), re.MULTILINE))
    assert started == {"backend", "frontend", "worker"}
    assert done_by_the_api({}) == {"worker"}
    assert done_by_the_api({"DATABASE_URL": "sqlite:///clinic.db"}) == {"worker"}
    assert done_by_the_api({"DATABASE_URL": "postgresql://clinic@localhost/clinic"}) == set()


def test_a_process_that_is_not_needed_is_not_started(
    start: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    (tmp_path / "Procfile").write_text("backend: exec sleep 600\nworker: echo started anyway\n")
    script = (
        "import os; from tools.processes import run_processes; "
        f"os.chdir({str(tmp_path)!r});"
        "raise SystemExit(run_processes(dict(os.environ), without={'worker'}))"
    )
    group = start([sys.executable, "-c", script])

    said = read_until(group, "backend started")
    group.send_signal(signal.SIGINT)
    said += group.communicate(timeout=SLOW_MACHINE_SECONDS)[0].splitlines()

    assert [line for line in said if "worker" in line] == []
    assert group.returncode == 0
