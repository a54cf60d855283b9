"""Runs the clinic on this machine: migrates the database, then starts the API and the frontend."""

import argparse
import io
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import TextIO

from dotenv import dotenv_values
from honcho.environ import parse_procfile
from honcho.manager import Manager
from honcho.printer import Printer

ROOT = Path(__file__).resolve().parents[1]
SECONDS_BETWEEN_LOOKS = 0.2


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--demo", action="store_true", help="fill an empty clinic with demo data")
    demo = parser.parse_args().demo
    os.chdir(ROOT)
    environment = local_environment()
    api, frontend = int(environment["API_PORT"]), int(environment["FRONTEND_PORT"])
    refuse_taken_ports({"API_PORT": api, "FRONTEND_PORT": frontend})
    prepare_database(environment, demo=demo)
    threading.Thread(target=announce, args=(api, frontend), daemon=True).start()
    return run_processes(environment)


def local_environment() -> dict[str, str]:
    """The environment of the processes: the variables that are set, then `.env`, then defaults."""
    chosen = {**dotenv_values(".env"), **os.environ}
    environment = {
        "API_PORT": "8000",
        "FRONTEND_HOST": "127.0.0.1",
        "FRONTEND_PORT": "8501",
        "PYTHONUNBUFFERED": "1",
        "TRUSTED_PROXIES": "127.0.0.1",
        **{name: value for name, value in chosen.items() if value},
    }
    environment.setdefault("API_URL", f"http://localhost:{environment['API_PORT']}")
    environment.setdefault("PUBLIC_URL", f"http://localhost:{environment['FRONTEND_PORT']}")
    environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), environment["PATH"]])
    return environment


def refuse_taken_ports(ports: dict[str, int]) -> None:
    for variable, port in ports.items():
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                sys.exit(
                    f"Port {port} cannot be used ({error.strerror}). End the program that uses it,"
                    f" or set {variable} to a free port in .env."
                )


def prepare_database(environment: dict[str, str], *, demo: bool) -> None:
    commands = [["clinic", "migrate"]]
    if demo:
        commands.append(["clinic", "demo-data", "--if-empty"])
    for command in commands:
        code = subprocess.run(command, env=environment, check=False).returncode
        if code:
            sys.exit(code)


def announce(api_port: int, frontend_port: int) -> None:
    """Waits until both parts answer, then prints where to find them."""
    wait_until_answered(f"http://127.0.0.1:{api_port}/readyz")
    wait_until_answered(f"http://127.0.0.1:{frontend_port}/_stcore/health")
    print(
        f"\n  The clinic is open:  http://localhost:{frontend_port}"
        f"\n  API documentation:   http://localhost:{api_port}/docs"
        "\n  Stop with Ctrl-C.\n",
        flush=True,
    )


def wait_until_answered(url: str) -> None:
    while True:
        try:
            with urllib.request.urlopen(url):  # noqa: S310  the address is our own
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(SECONDS_BETWEEN_LOOKS)


def run_processes(environment: dict[str, str]) -> int:
    """Runs the Procfile until a process ends or somebody stops us; returns the exit code.

    Being stopped on purpose is a success.
    """
    manager = Manager(Printer(unbuffered(sys.stdout)))
    for name, command in parse_procfile(Path("Procfile").read_text()).processes.items():
        manager.add_process(name, command, env=environment)
    signal.signal(signal.SIGHUP, lambda *_: os.kill(os.getpid(), signal.SIGTERM))
    manager.loop()
    stopped_on_purpose = manager.returncode in {128 + signal.SIGINT, 128 + signal.SIGTERM}
    return 0 if stopped_on_purpose else int(manager.returncode)


def unbuffered(stream: TextIO) -> TextIO:
    """Where a stream goes to, for a printer that a signal may interrupt in order to print itself.

    Python's buffers refuse to be written to while they are being written.
    """
    raw = io.FileIO(stream.fileno(), "w", closefd=False)
    return io.TextIOWrapper(raw, encoding=stream.encoding, write_through=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
