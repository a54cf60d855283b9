"""The servers under load, as processes of their own with production's settings."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx2
import psutil  # type: ignore[import-untyped]

ROOT = Path(__file__).parents[1]
SECRET_KEY = "a-secret-that-only-the-benchmarks-know"  # noqa: S105 - of invented people
COOKIE = "__Host-session"
START_SECONDS = 180
IDLE_SECONDS = 0.01
TICK = 0.05
STOP_SECONDS = 15
PRODUCTION = {
    "APP_ENV": "production",
    "SECRET_KEY": SECRET_KEY,
    "PUBLIC_URL": "https://clinic.example",
    "CLINIC_TIMEZONE": "Europe/London",
    "PASSWORD_POLICY": "asvs",
    "DOCTOR_REGISTRATION": "approval",
    "LOG_FORMAT": "json",
    "WRITES_PER_MINUTE": "1000000",  # a benchmark is one client at one address
    "NETWORK_WRITES_PER_MINUTE": "1000000",
    "REFUSALS_PER_HOUR": "1000000",
    "SAME_REFUSALS_PER_HOUR": "1000000",
    # One person books all slots of a doctor: see `questions.bookings`.
    "OPEN_VISITS_PER_PATIENT": "1000000",
}


class Server:
    """A server on a free port of this machine. `health` answers as soon as it is ready."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        port: int,
        health: str,
        log: Path,
        environment: dict[str, str] | None = None,
        folder: Path = ROOT,
    ) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self._command = command
        self._health = self.url + health
        self._log = log
        self._environment = os.environ | {"PYTHONPATH": str(ROOT)} | (environment or {})
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it is ready. Raises RuntimeError with the end of its log."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=self._folder,
                env=self._environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + START_SECONDS
        tick = threading.Event()
        while not _answers(self._health):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"It did not start:\n{self._log.read_text()[-4000:]}")
            tick.wait(TICK)

    def stop(self) -> None:
        """End it and its workers, and wait for them."""
        if self._process is None:
            return
        family = self._family()
        self._process.terminate()
        _, alive = psutil.wait_procs(family, STOP_SECONDS)
        for process in alive:
            process.kill()
        self._process.wait()
        self._process = None

    def resolve(self) -> None:
        """Wait until it has finished what clients no longer wait for."""
        tick = threading.Event()
        before, now = 0.0, self.cpu_seconds()
        while now - before > IDLE_SECONDS:
            tick.wait(TICK)
            before, now = now, self.cpu_seconds()

    def cpu_seconds(self) -> float:
        """The processor time that its processes have used."""
        times = [process.cpu_times() for process in self._family()]
        return float(sum(each.user + each.system for each in times))

    def resident_bytes(self) -> int:
        """Its memory; what processes share is counted once (PSS)."""
        return sum(process.memory_full_info().pss for process in self._family())

    def _family(self) -> list[psutil.Process]:
        assert self._process is not None, "The server was not started."  # noqa: S101
        first = psutil.Process(self._process.pid)
        return [first, *first.children(recursive=True)]


@contextmanager
def serving(server: Server) -> Iterator[Server]:
    """The server, started; it is stopped at the end."""
    try:
        server.start()
        yield server
    finally:
        server.stop()


def clinic_server(database_url: str, folder: Path, *, workers: int = 1, **settings: str) -> Server:
    """The clinic's API as in production. It logs into `folder`."""
    port = free_port()
    environment = {
        **PRODUCTION,
        "DATABASE_URL": database_url,
        "API_PORT": str(port),
        "WEB_CONCURRENCY": str(workers),
        **settings,
    }
    return Server(
        [sys.executable, "-m", "app.cli", "serve"],
        port=port,
        health="/readyz",
        log=folder / "clinic.log",
        environment=environment,
        folder=folder,
    )


def hello_server(folder: Path, *, workers: int = 1) -> Server:
    """The bare framework beside it."""
    port = free_port()
    return Server(
        [sys.executable, "-m", "benchmarks.hello", str(port), str(workers)],
        port=port,
        health="/",
        log=folder / "hello.log",
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(url: str) -> bool:
    try:
        return not httpx2.get(url, timeout=2, trust_env=False).is_server_error
    except httpx2.TransportError:
        return False
