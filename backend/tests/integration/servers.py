"""Real servers of the API, as processes of their own."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2

BACKEND = Path(__file__).parents[2]
SECRET_KEY = "a-secret-that-the-tests-know-and-the-server-too"
OPEN_VISITS = 20  # some races are those of one patient
START_SECONDS = 120
STOP_SECONDS = 30


@contextmanager
def serving(module: str, database_url: str, folder: Path, workers: str) -> Iterator[str]:
    """Run `python -m module serve`; gives the address, stops it at the end."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    log = folder / "server.log"
    environment = os.environ | {
        "APP_ENV": "development",
        "DATABASE_URL": database_url,
        "SECRET_KEY": SECRET_KEY,
        "API_PORT": str(port),
        "WEB_CONCURRENCY": workers,
        "BCRYPT_COST": "4",
        "OPEN_VISITS_PER_PATIENT": str(OPEN_VISITS),
        "LOG_LEVEL": "WARNING",
        "WRITES_PER_MINUTE": "1000000",
        "NETWORK_WRITES_PER_MINUTE": "1000000",
        "ACCOUNT_CHANGES_PER_HOUR": "1000000",
        "REFUSALS_PER_HOUR": "1000000",
        "SAME_REFUSALS_PER_HOUR": "1000000",
        "PYTHONPATH": str(BACKEND),
    }
    with (
        log.open("w") as output,
        subprocess.Popen(
            [sys.executable, "-m", module, "serve"],
            cwd=folder,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        ) as server,
    ):
        try:
            wait_until_ready(address, server, log)
            yield address
        finally:
            server.terminate()
            server.wait(STOP_SECONDS)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_ready(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    """Send requests until the server answers. Raises AssertionError with its log otherwise."""
    tick = threading.Event()
    with httpx2.Client(base_url=address, trust_env=False) as client:
        for _ in range(START_SECONDS * 10):
            try:
                if client.get("/readyz").status_code == 200:
                    return
            except httpx2.TransportError:
                pass
            if server.poll() is not None:
                break
            tick.wait(0.1)
    raise AssertionError(f"The server does not answer:\n{log.read_text()}")
