"""Load from wrk: a list of requests, sent in turn over a number of connections."""

import json
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.servers import Server

SCRIPT = Path(__file__).with_name("load.lua")


class LoadFailedError(Exception):
    """A server did not answer as it should: there is no figure then."""


@dataclass(frozen=True, slots=True)
class Load:
    """What a run gave: requests a second, milliseconds, and the server's µs of CPU a request."""

    rate: float
    p50: float
    p99: float
    cpu: float


class Requests:
    """Raw HTTP requests that are sent one after the other, over all runs."""

    def __init__(self, requests: Sequence[bytes], file: Path, *, expected: int = 200) -> None:
        self.expected = expected
        self.number = len(requests)
        self.place = 0
        self.sent_a_second = 0.0
        self.file = file
        file.write_bytes(b"\0".join(requests))

    def suffice_for(self, seconds: int) -> bool:
        """Whether a run of this length will hardly ask anything again."""
        return self.place + 1.5 * self.sent_a_second * seconds <= self.number

    def rewind(self) -> None:
        self.place = 0

    def note_sent(self, place: int, seconds: int) -> None:
        self.sent_a_second = (place - self.place) / seconds
        self.place = place


def run(server: Server, requests: Requests, *, connections: int, seconds: int) -> Load:
    """Load a server for some seconds.

    Raises LoadFailedError when an answer has another status than the expected one.
    """
    cpu_before = server.cpu_seconds()
    finished = subprocess.run(
        [
            *("wrk", "-t1", f"-c{connections}", f"-d{seconds}", "--timeout=10", "-s", SCRIPT),
            *(server.url, "--", requests.file, str(requests.place)),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    cpu = server.cpu_seconds() - cpu_before
    server.resolve()
    told = json.loads(finished.stdout.splitlines()[-1])
    requests.note_sent(told["place"], seconds)
    if set(told["statuses"]) - {str(requests.expected)} or told["lost"]:
        raise LoadFailedError(
            f"{requests.file.stem}: expected {requests.expected},"
            f" got {told['statuses']}, {told['lost']} without an answer"
        )
    return Load(
        rate=told["requests"] / told["microseconds"] * 1e6,
        p50=told["p50"] / 1e3,
        p99=told["p99"] / 1e3,
        cpu=cpu / max(told["requests"], 1) * 1e6,
    )


def has_wrk() -> bool:
    return shutil.which("wrk") is not None
