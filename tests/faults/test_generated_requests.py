"""Requests that schemathesis makes up from the OpenAPI document."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from tests.faults.clinic import Person
from tests.faults.conftest import Figure, Scale
from tests.faults.servers import Server, serving

SCHEMATHESIS = Path(sys.executable).with_name("st")
ENDS_THE_SESSION = "logout,logout_all,revoke_session"
GENERATED = re.compile(r"^ *(\d+) generated", re.MULTILINE)
PERSONAS = ("patient", "doctor", "nobody")
LEAST_IN_FULL = 5_000  # on each engine


@contextmanager
def proof_of(persona: str, server: Server) -> Iterator[list[str]]:
    """The options that make schemathesis send a person's requests."""
    if persona == "nobody":
        yield []
        return
    with closing(Person(server.address, persona)) as person:
        yield [
            f"--header=Cookie: session={person.client.cookies['session']}",
            f"--header=X-CSRF-Token: {person.client.headers['X-CSRF-Token']}",
            *(f"--exclude-operation-id={name}" for name in ENDS_THE_SESSION.split(",")),
        ]


def send_generated(server: Server, persona: str, folder: Path, *options: str) -> int:
    """Send requests as somebody; how many. No answer is a 5xx or one that is not documented."""
    with proof_of(persona, server) as proof:
        finished = subprocess.run(
            [
                SCHEMATHESIS,
                "run",
                f"{server.address}/openapi.json",
                "--checks=not_a_server_error,status_code_conformance",
                "--generation-database=none",
                "--continue-on-failure",
                "--no-color",
                *proof,
                *options,
            ],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return sum(map(int, GENERATED.findall(finished.stdout)))


def test_generated_requests(
    database_url: str, tmp_path: Path, scale: Scale, figure: Figure
) -> None:
    personas = PERSONAS[: scale(len(PERSONAS), 1)]
    options = [f"--max-examples={scale(34, 3)}"]
    if scale(0, 1):
        options.append("--phases=fuzzing")
    with serving(database_url, tmp_path, WEB_CONCURRENCY="1") as server:
        sent = [send_generated(server, persona, tmp_path, *options) for persona in personas]
    assert sum(sent) >= scale(LEAST_IN_FULL, 50)
    figure(f"{sum(sent)} requests as {', '.join(personas)}: no 5xx, no undocumented status")
