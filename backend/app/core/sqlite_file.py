"""The SQLite database as a file: made from a script, checked, backed up and brought back."""

import shutil
import sqlite3
import subprocess
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from sqlalchemy import make_url

from app.core import schema
from app.core.database import litestream_folder

SIDECARS = ("", "-wal", "-shm")
Check = Literal["quick_check", "integrity_check"]
HEADER = """\
-- The schema of a clinic's SQLite database at the newest revision, for an empty file.
-- Generated from the migrations by `clinic init-sql`: change those, not this.
PRAGMA journal_mode = WAL;
"""


class DatabaseFileError(Exception):
    """What is wrong with the file, as a sentence for those who run the clinic."""


def file_of(database_url: str) -> Path:
    """The file of a URL like `sqlite:////data/clinic.db`. Raises DatabaseFileError for others."""
    url = make_url(database_url)
    if url.get_backend_name() != "sqlite" or not url.database:
        raise DatabaseFileError(
            "This is for SQLite: DATABASE_URL must name a file."
            " PostgreSQL has its own tools: pg_dump and pg_restore."
        )
    return Path(url.database)


def schema_script() -> str:
    """SQL that makes of an empty file what the migrations make of it, their stamp included."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "clinic.db"
        schema.upgrade(f"sqlite:///{file}")
        with closing(sqlite3.connect(file)) as connection:
            statements = "\n".join(connection.iterdump())
    return HEADER + "".join(f"{line.rstrip()}\n" for line in statements.splitlines())


def prepare(file: Path, *, script: Path, replica: Path) -> None:
    """Make the file by running a script where there is none, then check it.

    Raises DatabaseFileError: for a file that is not sound, and for a missing one that has a
    replica, because an empty clinic must not take its place unnoticed.
    """
    if not file.exists():
        if has_replica(replica):
            raise DatabaseFileError(
                f"{file} is missing, but {replica} has a replica of it. Bring it back with"
                f" `clinic restore`. For a new clinic, empty {replica} first."
            )
        create(file, script.read_text())
    check(file)


def has_replica(replica: Path) -> bool:
    """Whether Litestream has put anything into its folder."""
    return any(replica.rglob("*.ltx"))


def create(file: Path, script: str) -> None:
    """Make the file by running a script. It appears whole or, after a failure, not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f"{file.name}.draft")
    _remove(draft)
    with closing(sqlite3.connect(draft)) as connection:
        connection.executescript(script)
    draft.replace(file)


def check(file: Path, *, way: Check = "quick_check") -> None:
    """Raise DatabaseFileError unless the file is there and sound.

    `quick_check` reads every page. `integrity_check` finds also that an index lacks a row, which
    takes it several times as long.
    """
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=rw", uri=True)) as opened:
            findings = [str(row[0]) for row in opened.execute(f"PRAGMA {way}(1)")]
    except sqlite3.DatabaseError as error:
        findings = [str(error)]
    if findings != ["ok"]:
        raise DatabaseFileError(f"{file} cannot be used: {findings[0]}.")


def back_up(file: Path, target: Path) -> None:
    """Copy a database that may be in use, as it is at one instant, to a new file.

    The new file appears whole or, after a failure, not at all. Raises DatabaseFileError when it
    is there already, or when the copy is not sound.
    """
    if target.exists():
        raise DatabaseFileError(f"{target} is there already: name a new file.")
    check(file)
    draft = target.with_name(f"{target.name}.draft")
    _remove(draft)
    with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(draft)) as copy:
        source.backup(copy)
    check(draft, way="integrity_check")
    draft.replace(target)


def restore(replica: Path, file: Path, *, until: datetime | None = None) -> Path | None:
    """Bring the file back from its Litestream replica, as it was last or at an instant.

    A file that is in the way is kept under another name, which is returned. Raises
    DatabaseFileError when the file is in use or the replica does not yield a sound database;
    then everything is as before.
    """
    _refuse_while_in_use(file)
    draft = file.with_name(f"{file.name}.draft")
    _remove(draft)
    _run_litestream(replica, draft, until)
    check(draft, way="integrity_check")
    kept = _set_aside(file) if file.exists() else None
    draft.replace(file)
    shutil.rmtree(litestream_folder(file), ignore_errors=True)
    return kept


def _run_litestream(replica: Path, output: Path, until: datetime | None) -> None:
    program = shutil.which("litestream")
    if program is None:
        raise DatabaseFileError("The program litestream is not installed here.")
    instant = ["-timestamp", until.astimezone(UTC).isoformat()] if until else []
    finished = subprocess.run(  # noqa: S603 - the program and its arguments are our own
        [program, "restore", "-o", output, *instant, replica.absolute().as_uri()],
        capture_output=True,
        text=True,
        check=False,
    )
    if finished.returncode:
        reason = finished.stderr.strip().rpartition("\n")[2]
        raise DatabaseFileError(f"The replica in {replica} cannot be restored: {reason}")


def _refuse_while_in_use(file: Path) -> None:
    """Raise DatabaseFileError when a process has the file open: it would go on in the old one."""
    if not file.exists():
        return
    try:
        with closing(sqlite3.connect(file, timeout=0, isolation_level=None)) as connection:
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("ROLLBACK")
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorname.startswith("SQLITE_BUSY"):
            raise DatabaseFileError(
                f"{file} is in use: stop the backend and the database first."
            ) from None


def _set_aside(file: Path) -> Path:
    kept = file.with_name(f"{file.name}.replaced-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
    for suffix in SIDECARS:
        part = file.with_name(file.name + suffix)
        if part.exists():
            part.replace(kept.with_name(kept.name + suffix))
    return kept


def _remove(file: Path) -> None:
    for suffix in SIDECARS:
        file.with_name(file.name + suffix).unlink(missing_ok=True)
