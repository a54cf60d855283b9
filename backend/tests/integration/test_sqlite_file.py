"""Preparing the SQLite file, and bringing it back from its replica."""

import os
import sqlite3
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from app.core import sqlite_file
from app.core.database import Database
from app.core.sqlite_file import DatabaseFileError

SCRIPT = "PRAGMA journal_mode = WAL; CREATE TABLE visits (reason TEXT);"


class Place:
    """A folder with a database file, its script and its replica."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "data" / "clinic.db"
        self.script = folder / "init.sql"
        self.replica = folder / "backup"
        self.replica.mkdir()
        self.script.write_text(SCRIPT)

    def prepare(self) -> None:
        sqlite_file.prepare(self.file, script=self.script, replica=self.replica)

    def replicate(self) -> None:
        """Bring the replica up to date, as the container does all the time."""
        subprocess.run(
            ["litestream", "replicate", "-once", self.file, self.replica.as_uri()],
            check=True,
            capture_output=True,
        )

    def lose(self) -> None:
        for part in self.file.parent.iterdir():
            if part.is_file():
                part.unlink()

    @contextmanager
    def opened(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.file, isolation_level=None)) as connection:
            yield connection

    def write(self, reason: str) -> None:
        with self.opened() as connection:
            connection.execute("INSERT INTO visits VALUES (?)", [reason])

    def reasons(self, file: Path | None = None) -> list[str]:
        with closing(sqlite3.connect(file or self.file)) as connection:
            return [row[0] for row in connection.execute("SELECT reason FROM visits")]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
    return Place(tmp_path)


def test_a_missing_file_is_made_and_one_that_is_there_is_kept(place: Place):
    place.prepare()
    place.write("first")
    place.prepare()

    assert place.reasons() == ["first"]
    assert [part.name for part in place.file.parent.iterdir()] == ["clinic.db"]


def test_a_script_that_fails_leaves_no_file_and_is_no_hindrance_later(place: Place):
    place.script.write_text("CREATE TABLE visits (reason TEXT); CREATE NONSENSE;")
    with pytest.raises(sqlite3.OperationalError):
        place.prepare()
    assert not place.file.exists()

    place.script.write_text(SCRIPT)
    place.prepare()
    assert place.reasons() == []


def test_a_damaged_file_is_refused(place: Place):
    place.prepare()
    for number in range(500):
        place.write(f"{number:0200d}")
    damaged = bytearray(place.file.read_bytes())
    damaged[8192:20480] = bytes(12288)
    place.file.write_bytes(damaged)

    with pytest.raises(DatabaseFileError, match=r"clinic\.db cannot be used: "):
        place.prepare()


def test_what_is_no_database_is_refused(place: Place):
    place.file.parent.mkdir()
    place.file.write_text("no database at all" * 100)

    with pytest.raises(DatabaseFileError, match=r"cannot be used: file is not a database\."):
        place.prepare()


def test_an_empty_clinic_never_takes_the_place_of_one_that_has_a_replica(place: Place):
    place.prepare()
    place.write("first")
    place.replicate()
    place.lose()

    with pytest.raises(DatabaseFileError, match="Bring it back with `clinic restore`"):
        place.prepare()
    assert not place.file.exists()


def test_a_lost_file_comes_back_with_everything_that_was_replicated(place: Place):
    place.prepare()
    place.write("replicated")
    place.replicate()
    place.write("too late")
    place.lose()

    assert sqlite_file.restore(place.replica, place.file) is None
    assert place.reasons() == ["replicated"]


def test_replication_goes_on_after_a_restore(place: Place):
    place.prepare()
    place.write("before")
    place.replicate()
    place.lose()
    sqlite_file.restore(place.replica, place.file)
    place.write("after")
    place.replicate()
    place.lose()

    sqlite_file.restore(place.replica, place.file)
    assert place.reasons() == ["before", "after"]


def test_a_restore_keeps_the_file_that_was_there(place: Place):
    place.prepare()
    place.write("replicated")
    place.replicate()
    place.write("not replicated")

    kept = sqlite_file.restore(place.replica, place.file)

    assert place.reasons() == ["replicated"]
    assert place.reasons(kept) == ["replicated", "not replicated"]


def test_an_earlier_state_comes_back_and_replication_goes_on_from_there(place: Place):
    place.prepare()
    place.write("wanted")
    place.replicate()
    wanted = datetime.now(UTC)
    place.write("mistake")
    place.replicate()

    sqlite_file.restore(place.replica, place.file, until=wanted)
    assert place.reasons() == ["wanted"]

    place.write("afterwards")
    place.replicate()
    sqlite_file.restore(place.replica, place.file)
    assert place.reasons() == ["wanted", "afterwards"]


def test_a_file_in_use_is_not_replaced(place: Place):
    place.prepare()
    place.write("first")
    place.replicate()
    with place.opened() as backend:
        backend.execute("SELECT count(*) FROM visits").fetchone()
        with pytest.raises(DatabaseFileError, match="is in use: stop the backend"):
            sqlite_file.restore(place.replica, place.file)

    assert place.reasons() == ["first"]


def test_a_damaged_file_can_be_replaced(place: Place):
    place.prepare()
    place.write("first")
    place.replicate()
    place.file.write_bytes(b"no database at all" * 500)

    sqlite_file.restore(place.replica, place.file)
    assert place.reasons() == ["first"]


def empty_the_index(place: Place, name: str) -> None:
    """Leave an index of one page without entries, as if a page had never been copied."""
    with place.opened() as connection:
        query = "SELECT rootpage, page_size FROM sqlite_schema, pragma_page_size WHERE name = ?"
        page, size = connection.execute(query, [name]).fetchone()
    content = bytearray(place.file.read_bytes())
    start = (page - 1) * size
    content[start + 3 : start + 7] = struct.pack(">HH", 0, size)  # no cells, which begin at the end
    place.file.write_bytes(content)


def test_a_replica_whose_index_lacks_a_row_is_refused(place: Place):
    place.script.write_text(f"{SCRIPT} CREATE INDEX ix_visits_reason ON visits (reason);")
    place.prepare()
    place.write("first")
    empty_the_index(place, "ix_visits_reason")
    place.replicate()

    with pytest.raises(DatabaseFileError, match="row 1 missing from index ix_visits_reason"):
        sqlite_file.restore(place.replica, place.file)


def test_checkpoints_of_a_replicated_file_are_left_to_litestream(place: Place):
    def checkpoint_pages() -> int:
        with (
            closing(Database(f"sqlite:///{place.file}")) as database,
            database.reading() as session,
        ):
            return int(session.scalar(text("PRAGMA wal_autocheckpoint")))

    place.prepare()
    before = checkpoint_pages()
    place.replicate()

    assert (before, checkpoint_pages()) == (1000, 0)


def test_without_a_replica_the_file_stays(place: Place):
    place.prepare()
    place.write("first")

    with pytest.raises(DatabaseFileError, match="cannot be restored: "):
        sqlite_file.restore(place.replica, place.file)
    assert place.reasons() == ["first"]


def test_without_litestream_it_says_so(place: Place, monkeypatch: pytest.MonkeyPatch):
    place.prepare()
    monkeypatch.setenv("PATH", "")

    with pytest.raises(DatabaseFileError, match="The program litestream is not installed here"):
        sqlite_file.restore(place.replica, place.file)


def test_a_backup_of_a_file_in_use_has_everything_until_then(place: Place, tmp_path: Path):
    place.prepare()
    with place.opened() as backend:
        backend.execute("INSERT INTO visits VALUES ('committed')")
        backend.execute("BEGIN IMMEDIATE")
        backend.execute("INSERT INTO visits VALUES ('under way')")
        sqlite_file.back_up(place.file, tmp_path / "backup.db")
        backend.execute("COMMIT")

    assert place.reasons(tmp_path / "backup.db") == ["committed"]
    assert place.reasons() == ["committed", "under way"]


def test_a_backup_replaces_no_file(place: Place, tmp_path: Path):
    place.prepare()
    (tmp_path / "backup.db").write_text("precious")

    with pytest.raises(DatabaseFileError, match="is there already: name a new file"):
        sqlite_file.back_up(place.file, tmp_path / "backup.db")
    assert (tmp_path / "backup.db").read_text() == "precious"


def test_a_missing_file_is_not_backed_up(place: Place, tmp_path: Path):
    with pytest.raises(DatabaseFileError, match="cannot be used: unable to open"):
        sqlite_file.back_up(place.file, tmp_path / "backup.db")
    assert not (tmp_path / "backup.db").exists()


def test_postgresql_has_no_file():
    with pytest.raises(DatabaseFileError, match=r"This is for SQLite.*pg_dump"):
        sqlite_file.file_of("postgresql://clinic@database/clinic")
