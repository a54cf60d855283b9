"""The SQLite database as a file: made from a script, checked, backed up and brought back."""

import errno
import fcntl
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from sqlalchemy import make_url

from app.db import schema
from app.db.revision import STAMP, needed_revision
from app.db.sqlite.engine import litestream_folder
from app.db.sqlite.opening import (
    OWNER_ONLY,
    DatabaseFileError,
    create_private_file,
    existing_file,
    has_log,
    mark_start,
    refuse_foreign_log,
)

SqliteError = sqlite3.Error
SIDECARS = ("", "-wal", "-shm", "-mark")
LOCKED_BYTES = (512, 0x40000000)  # https://www.sqlite.org/fileformat.html#the_lock_byte_page
NO_STAMP = (sqlite3.OperationalError, TypeError)  # no table, no row
Check = Literal["quick_check", "integrity_check"]
HEADER = """\
-- The schema of a clinic's SQLite database at the newest revision, for an empty file.
-- Generated from the migrations by `clinic init-sql`: change those, not this.
PRAGMA journal_mode = WAL;
"""


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
    """Make the file by running a script where there is none, check it, and mark a start.

    Raises DatabaseFileError: for a file that is not sound, or whose log is not its own, and for a
    missing one that has a replica, because an empty clinic must not take its place unnoticed.
    """
    refuse_foreign_log(file)
    if not file.exists():
        if has_replica(replica):
            raise DatabaseFileError(
                f"{file} is missing, but {replica} has a replica of it. Bring it back with"
                f" `clinic restore`. For a new clinic, empty {replica} first."
            )
        create(file, script.read_text())
    check(file)
    mark_start(file)


def has_replica(replica: Path) -> bool:
    """Whether Litestream has put anything into its folder."""
    return any(replica.rglob("*.ltx"))


def create(file: Path, script: str) -> None:
    """Make the file by running a script. It appears whole or, after a failure, not at all."""
    with _drafted(file) as draft:
        with closing(sqlite3.connect(draft)) as connection:
            connection.executescript(script)
        draft.replace(file)


def check(file: Path, *, way: Check = "quick_check") -> None:
    """Raise DatabaseFileError unless the file is there and sound.

    `quick_check` reads every page. `integrity_check` finds also that an index lacks a row, which
    takes it several times as long.
    """
    try:
        with closing(sqlite3.connect(existing_file(file), uri=True)) as opened:
            findings = [str(row[0]) for row in opened.execute(f"PRAGMA {way}(1)")]
    except sqlite3.DatabaseError as error:
        findings = [str(error)]
    if findings != ["ok"]:
        raise DatabaseFileError(f"{file} cannot be used: {findings[0]}.")


def back_up(file: Path, target: Path) -> None:
    """Copy a database that may be in use, as it is at one instant, to a new file.

    The new file appears whole or, after a failure, not at all. Raises DatabaseFileError when it
    is there already or cannot be written, when the database is not at the schema of this version,
    and when the copy is not sound.
    """
    if target.exists():
        raise DatabaseFileError(f"{target} is there already: name a new file.")
    if not target.parent.is_dir():
        raise DatabaseFileError(f"{target.parent} is no folder: name a file in one that is there.")
    refuse_foreign_log(file)
    check(file)
    with _drafted(target) as draft:
        _copy(existing_file(file), draft)
        if _revision_of(draft) != needed_revision():
            raise DatabaseFileError(
                f"{file} is not at the schema of this version, and was not backed up."
                " Is DATABASE_URL right? Then run: clinic migrate"
            )
        draft.replace(target)


def restore(replica: Path, file: Path, *, until: datetime | None = None) -> Path | None:
    """Bring the file back from its Litestream replica, as it was last or at an instant.

    An existing file is renamed, and its new name is returned. Raises
    DatabaseFileError when the file is in use or the replica does not yield a sound database;
    then everything is as before.
    """
    _refuse_while_in_use(file)
    with _drafted(file) as draft:
        draft.unlink()  # Litestream insists on making it
        _run_litestream(replica, draft, until)
        draft.chmod(OWNER_ONLY)
        check(draft, way="integrity_check")
        return _put_in_place(draft, file)


def restore_copy(backup: Path, file: Path) -> Path | None:
    """Bring the file back from a copy of it, such as `back_up` makes, which stays as it is.

    The file itself may be named, in order to go on with it without the log beside it. A file that
    exists is renamed, with its log, and its new name is returned. Raises
    DatabaseFileError when the file is in use, or the copy is no sound database of a clinic; then
    everything is as before.
    """
    _refuse_while_in_use(file)
    with _drafted(file) as draft:
        is_complete = (file.exists() and backup.samefile(file)) or not has_log(backup)
        try:
            _copy(_as_it_stands(backup) if is_complete else existing_file(backup), draft)
            revision = _revision_of(draft)
        except sqlite3.DatabaseError as error:
            raise DatabaseFileError(f"{backup} cannot be used: {error}.") from error
        if revision is None:
            raise DatabaseFileError(f"{backup} is not the database of a clinic.")
        if revision > needed_revision():
            raise DatabaseFileError(f"{backup} is of a newer version than this one.")
        return _put_in_place(draft, file)


@contextmanager
def _drafted(file: Path) -> Iterator[Path]:
    """An empty file to write to before it replaces another, which nobody else may read.

    What is left of it in the end is removed. Raises DatabaseFileError for what keeps it from being
    written.
    """
    draft = file.with_name(f"{file.name}.draft")
    try:
        _remove(draft)
        create_private_file(draft)
        yield draft
    except OSError as error:
        raise DatabaseFileError(f"{file} cannot be written: {error.strerror}.") from error
    except sqlite3.OperationalError as error:
        raise DatabaseFileError(f"{file} cannot be written: {error}.") from error
    finally:
        with suppress(OSError):
            _remove(draft)


def _copy(source: str, draft: Path) -> None:
    """Copy a database at an address, as it is at one instant, and check the copy."""
    with (
        closing(sqlite3.connect(source, uri=True)) as original,
        closing(sqlite3.connect(draft)) as copy,
    ):
        original.backup(copy)
    check(draft, way="integrity_check")


def _as_it_stands(file: Path) -> str:
    """The address by which SQLite reads a file alone, and makes nothing beside it."""
    return f"{file.absolute().as_uri()}?immutable=1"


def _revision_of(file: Path) -> str | None:
    """The number of the schema of a clinic's file, None for any other."""
    with closing(sqlite3.connect(existing_file(file), uri=True)) as opened, suppress(*NO_STAMP):
        return str(opened.execute(f"SELECT version_num FROM {STAMP.name}").fetchone()[0])  # noqa: S608
    return None


def _put_in_place(draft: Path, file: Path) -> Path | None:
    """Replace the file with a draft. Returns the new name of the file that was there."""
    kept = _set_aside(file)
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
    """Raise DatabaseFileError when a process has the file open: it would go on in the old one.

    SQLite is not asked, because it would carry into the file what the log beside it has.
    """
    if not file.exists():
        return
    with file.open("r+b") as opened:
        try:
            fcntl.lockf(opened, fcntl.LOCK_EX | fcntl.LOCK_NB, *LOCKED_BYTES)
        except OSError as error:
            if error.errno not in {errno.EACCES, errno.EAGAIN}:
                raise
            raise DatabaseFileError(
                f"{file} is in use: stop the backend and the database first."
            ) from None


def _set_aside(file: Path) -> Path | None:
    """Give a file, and what is beside it, another name, which is returned; None without any."""
    kept = file.with_name(f"{file.name}.replaced-{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}")
    parts = [suffix for suffix in SIDECARS if file.with_name(file.name + suffix).exists()]
    for suffix in parts:
        file.with_name(file.name + suffix).replace(kept.with_name(kept.name + suffix))
    return kept if parts else None


def _remove(file: Path) -> None:
    for suffix in SIDECARS:
        file.with_name(file.name + suffix).unlink(missing_ok=True)
