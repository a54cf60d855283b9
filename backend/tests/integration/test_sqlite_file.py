"""Preparing the SQLite file, and bringing it back from its replica."""

import os
import shutil
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

from app.core.config import PROJECT
from app.core.database import open_url
from app.db.revision import needed_revision
from app.db.sqlite import maintenance
from app.db.sqlite.opening import DatabaseFileError, mark_start, refuse_foreign_log

SCRIPT = f"""
PRAGMA journal_mode = WAL;
CREATE TABLE alembic_version (version_num TEXT);
INSERT INTO alembic_version VALUES ('{needed_revision()}');
CREATE TABLE visits (reason TEXT);
"""  # noqa: S608 - ours


class Place:
    """A folder with a database file, its script and its replica."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "data" / "clinic.db"
        self.script = folder / "init.sql"
        self.replica = folder / "backup"
        self.replica.mkdir()
        self.script.write_text(SCRIPT)

    def prepare(self) -> None:
        maintenance.prepare(self.file, script=self.script, replica=self.replica)

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
    parts = {part.name: part.stat().st_mode & 0o777 for part in place.file.parent.iterdir()}
    assert parts == {"clinic.db": 0o600, "clinic.db-mark": 0o600}
    assert place.file.parent.stat().st_mode & 0o777 == 0o700


def test_a_script_that_fails_leaves_no_file_and_is_no_hindrance_later(place: Place):
    place.script.write_text("CREATE TABLE visits (reason TEXT); CREATE NONSENSE;")
    with pytest.raises(DatabaseFileError, match='cannot be written: near "NONSENSE"'):
        place.prepare()
    assert list(place.file.parent.iterdir()) == []

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

    assert maintenance.restore(place.replica, place.file) is None
    assert place.reasons() == ["replicated"]


def test_replication_goes_on_after_a_restore(place: Place):
    place.prepare()
    place.write("before")
    place.replicate()
    place.lose()
    maintenance.restore(place.replica, place.file)
    place.write("after")
    place.replicate()
    place.lose()

    maintenance.restore(place.replica, place.file)
    assert place.reasons() == ["before", "after"]


def test_a_restore_keeps_the_file_that_was_there(place: Place):
    place.prepare()
    place.write("replicated")
    place.replicate()
    place.write("not replicated")

    kept = maintenance.restore(place.replica, place.file)

    assert place.reasons() == ["replicated"]
    assert place.reasons(kept) == ["replicated", "not replicated"]


def test_an_earlier_state_comes_back_and_replication_goes_on_from_there(place: Place):
    place.prepare()
    place.write("wanted")
    place.replicate()
    wanted = datetime.now(UTC)
    place.write("mistake")
    place.replicate()

    maintenance.restore(place.replica, place.file, until=wanted)
    assert place.reasons() == ["wanted"]

    place.write("afterwards")
    place.replicate()
    maintenance.restore(place.replica, place.file)
    assert place.reasons() == ["wanted", "afterwards"]


IN_ANOTHER_PROCESS = """
import os, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
for statement in sys.argv[2:]:
    connection.execute(statement).fetchall()
print("done", flush=True)
sys.stdin.read()
os.kill(os.getpid(), 9)
"""


@contextmanager
def another_process(place: Place, *statements: str) -> Iterator[None]:
    """A process that has the file open, and is killed at the end."""
    with subprocess.Popen(
        [sys.executable, "-c", IN_ANOTHER_PROCESS, place.file, *statements],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "done\n"
        yield


def crash(place: Place, *statements: str) -> None:
    """Write, and die before what was written is in the file."""
    with another_process(place, *statements):
        pass


def test_a_file_in_use_is_not_replaced(place: Place, tmp_path: Path):
    place.prepare()
    place.write("first")
    place.replicate()
    maintenance.back_up(place.file, tmp_path / "backup.db")
    with another_process(place, "SELECT count(*) FROM visits"):
        with pytest.raises(DatabaseFileError, match="is in use: stop the backend"):
            maintenance.restore(place.replica, place.file)
        with pytest.raises(DatabaseFileError, match="is in use: stop the backend"):
            maintenance.restore_copy(tmp_path / "backup.db", place.file)

    assert place.reasons() == ["first"]
    assert maintenance.restore(place.replica, place.file) is not None


WRITE_MORE = [f"INSERT INTO visits VALUES ('more {number}')" for number in range(50)]  # noqa: S608


@pytest.fixture
def crashed(place: Place, tmp_path: Path) -> Place:
    """A file whose last changes a crash left in the log; `backup.db` was made before them."""
    place.prepare()
    place.write("first")
    maintenance.back_up(place.file, tmp_path / "backup.db")
    crash(place, *WRITE_MORE)
    assert place.file.with_name("clinic.db-wal").stat().st_size > 0
    return place


def test_a_copy_comes_back_after_a_crash_and_the_log_is_set_aside(crashed: Place, tmp_path: Path):
    kept = maintenance.restore_copy(tmp_path / "backup.db", crashed.file)

    assert kept is not None
    assert crashed.reasons() == ["first"]
    assert crashed.reasons(kept) == ["first", *(f"more {number}" for number in range(50))]
    assert crashed.reasons(tmp_path / "backup.db") == ["first"]
    maintenance.check(crashed.file, way="integrity_check")
    assert crashed.file.stat().st_mode & 0o777 == 0o600
    crashed.prepare()
    crash(crashed, *WRITE_MORE)
    crashed.prepare()
    assert len(crashed.reasons()) == 51


def test_after_a_crash_the_log_belongs_to_the_file(crashed: Place):
    """The control of the refusals below."""
    crashed.prepare()
    assert len(crashed.reasons()) == 51


@pytest.mark.parametrize("statement", ["VACUUM", "CREATE INDEX i ON visits (reason)", "ANALYZE"])
def test_what_an_administrator_does_to_the_file_leaves_it_the_same(place: Place, statement: str):
    place.prepare()
    crash(place, *WRITE_MORE, statement, *WRITE_MORE, "PRAGMA wal_checkpoint", *WRITE_MORE)
    place.prepare()
    assert len(place.reasons()) == 150


@pytest.mark.parametrize(
    "way", ["backup", "backup of sqlite3", "VACUUM INTO", "copy while stopped"]
)
@pytest.mark.parametrize("bring", [shutil.copyfile, shutil.copy2, os.replace])
def test_a_log_beside_a_copy_is_refused(place: Place, tmp_path: Path, way: str, bring):
    place.prepare()
    place.write("first")
    copy = tmp_path / "copy.db"
    if way == "backup":
        maintenance.back_up(place.file, copy)
    elif way == "backup of sqlite3":
        with place.opened() as connection, closing(sqlite3.connect(copy)) as target:
            connection.backup(target)
    elif way == "VACUUM INTO":
        with place.opened() as connection:
            connection.execute("VACUUM INTO ?", [str(copy)])
    else:
        shutil.copyfile(place.file, copy)
        place.prepare()
    crash(place, *WRITE_MORE)
    bring(copy, place.file)
    before = place.file.read_bytes()

    for attempt in (place.prepare, lambda: maintenance.back_up(place.file, tmp_path / "new.db")):
        with pytest.raises(
            DatabaseFileError, match=r"clinic\.db-wal has the last changes of anoth"
        ):
            attempt()
    assert place.file.read_bytes() == before

    maintenance.restore_copy(place.file, place.file)
    place.prepare()
    assert place.reasons() == ["first"]


def test_a_start_while_the_file_is_in_use_leaves_its_mark(place: Place):
    place.prepare()
    note = place.file.with_name("clinic.db-mark")
    before = note.read_text()
    with another_process(place, *WRITE_MORE):
        mark_start(place.file)
        assert note.read_text() == before
    refuse_foreign_log(place.file)
    mark_start(place.file)
    assert note.read_text() != before


def test_only_a_sound_database_of_a_clinic_comes_back(place: Place, tmp_path: Path):
    place.prepare()
    place.write("first")
    strange, newer, torn = (tmp_path / f"{name}.db" for name in ("strange", "newer", "torn"))
    with closing(sqlite3.connect(strange)) as connection:
        connection.execute("CREATE TABLE visits (reason TEXT)")
    shutil.copyfile(place.file, newer)
    with closing(sqlite3.connect(newer, isolation_level=None)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    torn.write_bytes(place.file.read_bytes()[:5000])

    for copy, sentence in (
        (strange, r"strange\.db is not the database of a clinic"),
        (newer, r"newer\.db is of a newer version than this one"),
        (torn, r"torn\.db cannot be used"),
    ):
        with pytest.raises(DatabaseFileError, match=sentence):
            maintenance.restore_copy(copy, place.file)
    assert sorted(part.name for part in place.file.parent.iterdir()) == [
        "clinic.db",
        "clinic.db-mark",
    ]
    assert place.reasons() == ["first"]


def test_a_copy_takes_the_place_of_a_file_that_is_lost(crashed: Place, tmp_path: Path):
    crashed.file.unlink()
    with pytest.raises(DatabaseFileError, match=r"clinic\.db is missing, but .*clinic\.db-wal has"):
        crashed.prepare()
    assert not crashed.file.exists()

    assert maintenance.restore_copy(tmp_path / "backup.db", crashed.file) is not None
    assert crashed.reasons() == ["first"]


def test_a_damaged_file_can_be_replaced(place: Place):
    place.prepare()
    place.write("first")
    place.replicate()
    place.file.write_bytes(b"no database at all" * 500)

    maintenance.restore(place.replica, place.file)
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
        maintenance.restore(place.replica, place.file)


def test_checkpoints_of_a_replicated_file_are_left_to_litestream(place: Place):
    def checkpoint_pages() -> int:
        with (
            closing(open_url(f"sqlite:///{place.file}")) as database,
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
        maintenance.restore(place.replica, place.file)
    assert place.reasons() == ["first"]


def test_without_litestream_it_says_so(place: Place, monkeypatch: pytest.MonkeyPatch):
    place.prepare()
    monkeypatch.setenv("PATH", "")

    with pytest.raises(DatabaseFileError, match="The program litestream is not installed here"):
        maintenance.restore(place.replica, place.file)


def test_a_backup_of_a_file_in_use_has_everything_until_then(place: Place, tmp_path: Path):
    place.prepare()
    with place.opened() as backend:
        backend.execute("INSERT INTO visits VALUES ('committed')")
        backend.execute("BEGIN IMMEDIATE")
        backend.execute("INSERT INTO visits VALUES ('under way')")
        maintenance.back_up(place.file, tmp_path / "backup.db")
        backend.execute("COMMIT")

    assert place.reasons(tmp_path / "backup.db") == ["committed"]
    assert place.reasons() == ["committed", "under way"]


def test_a_backup_replaces_no_file(place: Place, tmp_path: Path):
    place.prepare()
    (tmp_path / "backup.db").write_text("precious")

    with pytest.raises(DatabaseFileError, match="is there already: name a new file"):
        maintenance.back_up(place.file, tmp_path / "backup.db")
    assert (tmp_path / "backup.db").read_text() == "precious"


def test_a_backup_is_for_its_owner_only(place: Place, tmp_path: Path):
    place.prepare()
    maintenance.back_up(place.file, tmp_path / "backup.db")
    assert (tmp_path / "backup.db").stat().st_mode & 0o777 == 0o600


def test_what_is_not_at_the_schema_is_not_backed_up(place: Place, tmp_path: Path):
    place.prepare()
    for change in (
        "UPDATE alembic_version SET version_num = '0001'",
        "DELETE FROM alembic_version",
        "DROP TABLE alembic_version",
    ):
        with place.opened() as connection:
            connection.execute(change)
        with pytest.raises(DatabaseFileError, match="is not at the schema of this version, and"):
            maintenance.back_up(place.file, tmp_path / "backup.db")
    assert not list(tmp_path.glob("backup.db*"))


def test_a_backup_makes_no_folder(place: Place, tmp_path: Path):
    place.prepare()
    with pytest.raises(DatabaseFileError, match="nowhere is no folder"):
        maintenance.back_up(place.file, tmp_path / "nowhere" / "backup.db")
    assert not (tmp_path / "nowhere").exists()


def test_a_missing_file_is_not_backed_up(place: Place, tmp_path: Path):
    with pytest.raises(DatabaseFileError, match="cannot be used: unable to open"):
        maintenance.back_up(place.file, tmp_path / "backup.db")
    assert not (tmp_path / "backup.db").exists()


def test_postgresql_has_no_file():
    with pytest.raises(DatabaseFileError, match=r"This is for SQLite.*pg_dump"):
        maintenance.file_of("postgresql://clinic@database/clinic")


def test_a_replica_made_as_in_the_container_is_for_its_owner_only(place: Place):
    """`database/keep-database` sets this mask before Litestream starts."""
    place.prepare()
    place.write("first")
    before = os.umask(0o077)
    try:
        place.replicate()
    finally:
        os.umask(before)
    modes = {part.stat().st_mode & 0o077 for part in place.replica.rglob("*")}
    assert modes == {0}
    assert "umask 077" in (PROJECT / "database" / "keep-database").read_text()
