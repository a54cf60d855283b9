"""What has to be true before SQLite opens a file: it is there, may be written, and its log is its.

SQLite makes a file that is missing. One that may not be written it opens for reading only, and so
stay its connections and the files that it makes beside it. And it carries what a write-ahead log
has into whatever file stands beside it: a log that a crash left behind spoils a backup that is
copied over the file. Nothing in the log identifies its file, so each start gives the file a new
mark (`PRAGMA user_version`) and notes it in a file of its own.

Imports little: `clinic serve` asks before its processes start.
"""

import os
import secrets
import sqlite3
import struct
from contextlib import closing, suppress
from pathlib import Path
from typing import NamedTuple

HEADER_BYTES = 100  # https://www.sqlite.org/fileformat.html#the_database_header
OWNER_ONLY = 0o600


class DatabaseFileError(Exception):
    """What is wrong with the file, as a sentence for those who run the clinic."""


class _Mark(NamedTuple):
    """What distinguishes a file from a copy of it: a random number, and two that only grow.

    A copy by SQLite's backup begins anew to count its schemas, one by VACUUM INTO its changes.
    """

    mark: int
    schemas: int
    changes: int


def existing_file(file: Path) -> str:
    """The address by which SQLite opens a file that is there.

    Raises sqlite3.OperationalError when it, or its folder, may not be written.
    """
    if file.exists() and not all(os.access(path, os.W_OK) for path in (file, file.parent)):
        raise sqlite3.OperationalError(f"{file}, or its folder, may not be written")
    return f"{file.absolute().as_uri()}?mode=rw"


def create_private_file(file: Path) -> None:
    """Make an empty file where there is none, and its folder, which nobody else may read.

    SQLite takes it for an empty database, and gives its write-ahead log the same rights.
    """
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with suppress(FileExistsError):
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, OWNER_ONLY))


def has_log(file: Path) -> bool:
    """Whether there are changes beside a file that SQLite would carry into it."""
    log = file.with_name(f"{file.name}-wal")
    return log.exists() and log.stat().st_size > 0


def refuse_foreign_log(file: Path) -> None:
    """Raise DatabaseFileError when the log beside a file was written for another one.

    Call it before SQLite opens the file, or a new one is made.
    """
    note = _note_of(file)
    if not has_log(file):
        return
    if not file.exists():
        raise DatabaseFileError(
            f"{file} is missing, but {file}-wal has its last changes. Put the file back, or run:"
            " clinic restore"
        )
    if not note.exists():
        return
    then, now = _Mark(*map(int, note.read_text().split())), _mark_of(file)
    if now.mark != then.mark or now.schemas < then.schemas or now.changes < then.changes:
        raise DatabaseFileError(
            f"{file}-wal has the last changes of another file than {file.name}: was a backup copied"
            " over it after a crash? Nothing was changed. To bring a backup back, run:"
            f" clinic restore --from BACKUP, or --from {file} to keep what stands there now."
        )


def mark_start(file: Path) -> None:
    """Give a file a new mark and note it, unless another process has the file open.

    What keeps SQLite from doing it will be told by who uses the file next.
    """
    note = _note_of(file)
    draft = note.with_name(f"{note.name}.draft")
    with suppress(OSError, sqlite3.Error), closing(_opened_alone(file)) as connection:
        note.unlink(missing_ok=True)  # no note is better than one that is not true
        connection.execute(f"PRAGMA user_version = {secrets.randbits(31)}")
        connection.execute("COMMIT")
        connection.close()
        draft.unlink(missing_ok=True)
        create_private_file(draft)
        draft.write_text(" ".join(map(str, _mark_of(file))))
        draft.replace(note)


def _opened_alone(file: Path) -> sqlite3.Connection:
    """A connection in a transaction that shuts everybody out. Raises sqlite3.Error."""
    connection = sqlite3.connect(existing_file(file), uri=True, timeout=0, isolation_level=None)
    try:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("BEGIN EXCLUSIVE")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _mark_of(file: Path) -> _Mark:
    with file.open("rb") as opened:
        header = opened.read(HEADER_BYTES).ljust(HEADER_BYTES, b"\0")
    changes, schemas, mark = (struct.unpack_from(">I", header, at)[0] for at in (24, 40, 60))
    return _Mark(mark, schemas, changes)


def _note_of(file: Path) -> Path:
    return file.with_name(f"{file.name}-mark")
