"""The system under test: the processes of the Procfile, on free ports and a database of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import httpx
from dotenv import dotenv_values
from honcho.environ import parse_procfile
from sqlalchemy import select

from app.core.database import open_url
from app.models.models import Appointment

ROOT = Path(__file__).resolve().parents[1]
START_TIMEOUT = 180.0  # seconds
STOP_TIMEOUT = 30.0  # seconds
TIMEZONE = "Europe/London"


@dataclass
class Part:
    """One process of the system, which can be stopped and started again."""

    name: str
    command: str
    environment: dict[str, str]
    health: str
    log: Path
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self) -> None:
        """Start the process and wait until it answers.

        Raises `RuntimeError` with the end of its log when it ends or does not answer in time.
        """
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S602  a line of the Procfile is a shell command
                self.command,
                shell=True,
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_TIMEOUT
        while not answers(self.health):
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError(f"{self.name} did not start:\n{self.log.read_text()[-4000:]}")
            time.sleep(0.1)

    def stop(self) -> None:
        """End the process and its children, and wait for it."""
        if self.process is None:
            return
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.process = None

    def restart(self) -> None:
        self.stop()
        self.start()


class System:
    """The backend and the frontend of one clinic; `folder` is its home, `logs` gets its logs."""

    def __init__(self, folder: Path, logs: Path, database_url: str) -> None:
        api_port, frontend_port = free_port(), free_port()
        self.api_url = f"http://localhost:{api_port}"
        self.url = f"http://localhost:{frontend_port}"
        self.environment = {
            **{
                name: value for name, value in dotenv_values(ROOT / ".env.example").items() if value
            },
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            "HOME": str(folder),
            "PYTHONUNBUFFERED": "1",
            "DATABASE_URL": database_url,
            "CLINIC_TIMEZONE": TIMEZONE,
            "API_HOST": "127.0.0.1",
            "API_PORT": str(api_port),
            "API_URL": self.api_url,
            "FRONTEND_HOST": "127.0.0.1",
            "FRONTEND_PORT": str(frontend_port),
            "PUBLIC_URL": self.url,
            "BCRYPT_COST": "6",
            "REGISTRATIONS_PER_HOUR": "1000",
            "NETWORK_WRITES_PER_MINUTE": "100000",
            "OPEN_VISITS_PER_PATIENT": "20",  # lists have pages of ten
            "TRUSTED_PROXIES": "127.0.0.1",
        }
        logs.mkdir(parents=True, exist_ok=True)
        commands = parse_procfile((ROOT / "Procfile").read_text()).processes
        self.backend, self.frontend = (
            Part(name, commands[name], self.environment, health, logs / f"{name}.log")
            for name, health in (
                ("backend", f"{self.api_url}/readyz"),
                ("frontend", f"{self.url}/_stcore/health"),
            )
        )

    def start(self) -> None:
        self.backend.log.unlink(missing_ok=True)
        self.frontend.log.unlink(missing_ok=True)
        self.clinic("migrate")
        self.backend.start()
        self.frontend.start()

    def stop(self) -> None:
        self.frontend.stop()
        self.backend.stop()

    def set_back(self, day: date, *, weeks: int) -> None:
        """Have a day's visits take place so many weeks earlier: nobody can wait for them."""
        earlier = timedelta(weeks=weeks)
        url = self.environment["DATABASE_URL"]
        with closing(open_url(url)) as database, database.writing() as session:
            booked = select(Appointment).where(
                Appointment.appointment_date == day, Appointment.status == "scheduled"
            )
            for visit in session.scalars(booked).all():
                visit.appointment_date -= earlier
                visit.starts_at -= earlier
                visit.ends_at -= earlier

    def clinic(self, *arguments: str) -> None:
        """Run the `clinic` command on this system's database."""
        command = [str(Path(sys.executable).with_name("clinic")), *arguments]
        finished = subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False
        )
        if finished.returncode:
            raise RuntimeError(f"clinic {' '.join(arguments)} failed:\n{finished.stderr}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2).is_success
    except httpx.TransportError:
        return False
