"""The API as it really runs: `clinic serve`, in processes that can be killed and paused."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path

from e2e.system import free_port
from tests.faults.waiting import wait_until

STOP_SECONDS = 30


class Server:
    """One API on a port of its own. `module` has the `serve` command, `settings` are variables."""

    def __init__(
        self, database_url: str, folder: Path, *, module: str = "app.cli", **settings: str
    ) -> None:
        port = free_port()
        self.address = f"http://127.0.0.1:{port}"
        self.port = port
        self.log = folder / "server.log"
        self._command = [sys.executable, "-m", module]
        self._folder = folder
        self.environment = os.environ | {
            "DATABASE_URL": database_url,
            "SECRET_KEY": "a-secret-that-only-the-tests-know",
            "API_PORT": str(port),
            "BCRYPT_COST": "4",
            "REGISTRATIONS_PER_HOUR": "1000",
            "WRITES_PER_MINUTE": "1000000",
            "NETWORK_WRITES_PER_MINUTE": "1000000",
            "ACCOUNT_CHANGES_PER_HOUR": "1000000",
            "REFUSALS_PER_HOUR": "1000000",
            "SAME_REFUSALS_PER_HOUR": "1000000",
            "OPEN_VISITS_PER_PATIENT": "100000",  # few people book thousands of visits
            "LOG_LEVEL": "ERROR",
            "PYTHONPATH": str(Path(__file__).parents[2]),
            **settings,
        }
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def process(self) -> subprocess.Popen[bytes]:
        assert self._process is not None, "The server was not started."
        return self._process

    def start(self) -> float:
        """Start it and wait until it is ready; the seconds that took."""
        began = time.monotonic()
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                [*self._command, "serve"],
                cwd=self._folder,
                env=self.environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        wait_until(self._is_ready)
        return time.monotonic() - began

    def run(self, *command: str) -> str:
        """Run another `clinic` command with the same settings; what it printed."""
        finished = subprocess.run(
            [*self._command, *command],
            cwd=self._folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert finished.returncode == 0, finished.stderr
        return finished.stdout

    def signal_all(self, number: signal.Signals) -> None:
        """Send a signal to every process of the server."""
        os.killpg(self.process.pid, number)

    def kill(self) -> None:
        """End every process at once, without a chance to tidy up."""
        self.signal_all(signal.SIGKILL)
        self.process.wait()

    def terminate(self) -> None:
        """Tell the first process to stop, as an orchestrator does, and wait until it has."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(STOP_SECONDS)

    def _is_ready(self) -> bool:
        assert self.process.poll() is None, f"The server ended:\n{self.log.read_text()[-4000:]}"
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=STOP_SECONDS)) as connection:
            try:
                connection.request("GET", "/readyz")
                return connection.getresponse().status == HTTPStatus.OK
            except OSError:
                return False


@contextmanager
def serving(
    database_url: str, folder: Path, *, module: str = "app.cli", **settings: str
) -> Iterator[Server]:
    """A server that is ready; whatever is left of it at the end is killed."""
    server = Server(database_url, folder, module=module, **settings)
    server.start()
    try:
        yield server
    finally:
        with suppress(ProcessLookupError):
            server.kill()


def careless(pragma: str) -> dict[str, str]:
    """What makes `serving` run a server whose SQLite has a setting that it must not have."""
    return {"module": "tests.faults.careless_server", "CARELESS_PRAGMA": pragma}
