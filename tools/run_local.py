"""Runs the clinic on this machine: migrates the database, then starts the API and the frontend."""

import argparse
import errno
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import NoReturn

from dotenv import dotenv_values

from app.core import checked_settings
from app.core.config import Settings as BackendSettings
from tools.processes import run_processes
from ui.config import Settings as FrontendSettings

ROOT = Path(__file__).resolve().parents[1]
SECONDS_BETWEEN_LOOKS = 0.2
PORTS = ("API_PORT", "FRONTEND_PORT")
LARGEST_PORT = 65_535
UNUSABLE = 2  # the exit code where a setting has to be corrected first


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--demo", action="store_true", help="fill an empty clinic with demo data")
    demo = parser.parse_args().demo
    os.chdir(ROOT)
    refuse_unusable_settings()
    environment = local_environment()
    refuse_unusable_addresses(environment)
    prepare_database(environment, demo=demo)
    threading.Thread(target=announce, args=(environment,), daemon=True).start()
    return run_processes(environment, without=done_by_the_api(environment))


def refuse_unusable_settings() -> None:
    """End with a line for each setting of the two parts, or line of `.env`, that cannot work."""
    wrong: dict[str, None] = {}
    for part in (BackendSettings, FrontendSettings):
        try:
            checked_settings.read_settings(part)
        except checked_settings.SettingsError as error:
            wrong |= dict.fromkeys(str(error).splitlines())
    if wrong:
        fail("\n".join(wrong))


def done_by_the_api(environment: dict[str, str]) -> set[str]:
    """The processes of the Procfile that are not needed: on SQLite the API does background work."""
    url = environment.get("DATABASE_URL", BackendSettings.model_fields["database_url"].default)
    return {"worker"} if url.startswith("sqlite") else set()


def local_environment() -> dict[str, str]:
    """The environment of the processes: the variables that are set, then `.env`, then defaults."""
    chosen = {**dotenv_values(".env", encoding=checked_settings.ENCODING), **os.environ}
    environment = {
        "API_HOST": "127.0.0.1",
        "API_PORT": "8000",
        "FRONTEND_HOST": "127.0.0.1",
        "FRONTEND_PORT": "8501",
        "PYTHONUNBUFFERED": "1",
        "TRUSTED_PROXIES": "127.0.0.1,::1",
        **{name: value for name, value in chosen.items() if value},
    }
    environment.setdefault("API_URL", address_of("API", environment))
    environment.setdefault("PUBLIC_URL", address_of("FRONTEND", environment))
    environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), environment["PATH"]])
    return environment


def refuse_unusable_addresses(environment: dict[str, str]) -> None:
    """End with a sentence when the two parts cannot listen where they are told to."""
    for port in PORTS:
        value = environment[port]
        if not (value.isdecimal() and value.isascii() and 1 <= int(value) <= LARGEST_PORT):
            fail(f"{port} must be a number from 1 to {LARGEST_PORT}.")
    api, frontend = (int(environment[port]) for port in PORTS)
    if api == frontend:
        fail(f"API_PORT and FRONTEND_PORT are both {api}: set one of them to another port in .env.")
    refuse_taken("API", environment)
    refuse_taken("FRONTEND", environment)


def refuse_taken(part: str, environment: dict[str, str]) -> None:
    host, port = environment[f"{part}_HOST"], int(environment[f"{part}_PORT"])
    try:
        for family, kind, _, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            with socket.socket(family, kind) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(address)
    except (socket.gaierror, UnicodeError):
        fail(f"{part}_HOST={host} is no address of this machine.")
    except OSError as error:
        if error.errno == errno.EADDRNOTAVAIL:
            fail(f"{part}_HOST={host} is no address of this machine.")
        fail(
            f"Port {port} cannot be used ({error.strerror}). End the program that uses it,"
            f" or set {part}_PORT to a free port in .env."
        )


def address_of(part: str, environment: dict[str, str]) -> str:
    """Where this machine reaches a part that listens on its host: `::` is every address."""
    host = environment[f"{part}_HOST"]
    with suppress(ValueError):
        ip = ip_address(host)
        if ip.is_unspecified or ip == IPv4Address("127.0.0.1"):
            host = "localhost"
        elif isinstance(ip, IPv6Address):
            host = f"[{ip}]"
    return f"http://{host}:{environment[f'{part}_PORT']}"


def prepare_database(environment: dict[str, str], *, demo: bool) -> None:
    commands = [["clinic", "migrate"]]
    if demo:
        commands.append(["clinic", "demo-data", "--if-empty"])
    for command in commands:
        code = subprocess.run(command, env=environment, check=False).returncode
        if code:
            sys.exit(code)


def announce(environment: dict[str, str]) -> None:
    """Waits until both parts answer, then prints where to find them."""
    api, frontend = address_of("API", environment), address_of("FRONTEND", environment)
    wait_until_answered(f"{api}/readyz")
    wait_until_answered(f"{frontend}/_stcore/health")
    print(
        f"\n  The clinic is open:  {frontend}"
        f"\n  API documentation:   {api}/docs"
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


def fail(sentence: str) -> NoReturn:
    print(sentence, file=sys.stderr)
    sys.exit(UNUSABLE)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
