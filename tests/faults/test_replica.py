"""Litestream replicates a file while patients book, and is asked all the time if all is well."""

import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from app.db import schema
from tests.faults.clinic import missing_and_double, rush, stored_bookings
from tests.faults.conftest import Figure, Scale
from tests.faults.servers import careless, serving
from tests.faults.waiting import wait_until

LITESTREAM = Path(sys.executable).with_name("litestream")
KEEPER = Path(__file__).parents[2] / "database" / "litestream.yml"
DOCTORS = 4
SECONDS_BETWEEN_PROBES = 0.2
MOST_TRIES = 10
SHORT = 120  # so many slots of each doctor make a write-ahead log that SQLite wants to be shorter


class Keeper:
    """Litestream as the container `database` runs it, with its folders in another place."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "clinic.db"
        self.replica = folder / "backup"
        self.url = f"sqlite:///{self.file}"
        self._log = folder / "litestream.log"
        self._socket = folder / "litestream.sock"
        self._settings = folder / "litestream.yml"
        places = {"/data/clinic.db": self.file, "/tmp/litestream.sock": self._socket}  # noqa: S108
        settings = KEEPER.read_text()
        for place, ours in places.items():
            assert place in settings
            settings = settings.replace(place, str(ours))
        self._settings.write_text(settings)

    @contextmanager
    def replicating(self) -> Iterator[None]:
        """Replicate, and probe all the time; in the end all that was written is in the replica."""
        with self._log.open("ab") as log:
            process = subprocess.Popen(
                [LITESTREAM, "replicate", "-config", self._settings],
                env=os.environ | {"CLINIC_REPLICA": str(self.replica)},
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        stopped = threading.Event()
        with ThreadPoolExecutor(1) as prober:
            try:
                wait_until(self._is_in_step)
                prober.submit(self._probe_until, stopped)
                yield
                assert self._is_in_step()
            finally:
                stopped.set()
                process.kill()
                process.wait()

    def restored(self) -> Path:
        """A new file, made from the replica alone."""
        copy = self.file.with_name("restored.db")
        subprocess.run(
            [LITESTREAM, "restore", "-o", copy, self.replica.as_uri()],
            check=True,
            capture_output=True,
        )
        return copy

    def _probe_until(self, stopped: threading.Event) -> None:
        while not stopped.wait(SECONDS_BETWEEN_PROBES):
            self._is_in_step()

    def _is_in_step(self) -> bool:
        """What the container's health check asks."""
        probe = ("sync", "-wait", "-timeout", "10", "-socket", self._socket, self.file)
        finished = subprocess.run([LITESTREAM, *probe], capture_output=True, check=False)
        return finished.returncode == 0


def what_is_wrong(folder: Path, *, slots: int, **mistake: str) -> list[str]:
    """What is wrong with the replica of a clinic that was booked out, and with its bookings."""
    folder.mkdir()
    keeper = Keeper(folder)
    schema.upgrade(keeper.url)
    with keeper.replicating(), serving(keeper.url, folder, **mistake) as server:
        with rush(server.address, doctors=DOCTORS, slots=slots) as ledger:
            ledger.wait_for(DOCTORS * slots)
        acknowledged = dict(ledger.acknowledged)
    copy = keeper.restored()
    with closing(sqlite3.connect(copy)) as connection:
        findings = [str(row[0]) for row in connection.execute("PRAGMA integrity_check")]
    if findings != ["ok"]:
        return findings
    missing, double = missing_and_double(acknowledged, stored_bookings(f"sqlite:///{copy}"))
    return ["missing"] * missing + ["double"] * double


def test_a_replica_is_whole(tmp_path: Path, scale: Scale, figure: Figure) -> None:
    rounds, slots = scale(5, 1), scale(250, SHORT)
    for number in range(rounds):
        assert what_is_wrong(tmp_path / str(number), slots=slots) == []
    figure(f"{rounds} times {DOCTORS * slots} bookings, 0 missing, 0 double, integrity ok")


def test_checkpoints_of_a_server_harm_the_replica(tmp_path: Path, figure: Figure) -> None:
    """The control: it is seen when a replica lacks pages."""
    for number in range(MOST_TRIES):
        wrong = what_is_wrong(
            tmp_path / str(number), slots=SHORT, **careless("wal_autocheckpoint = 1000")
        )
        if wrong:
            figure(f"in round {number + 1}: {wrong[0].splitlines()[-1]}")
            return
    pytest.fail(f"{MOST_TRIES} replicas were whole.")
