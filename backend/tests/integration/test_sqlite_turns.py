"""The threads of one process write to SQLite in turn, and nobody keeps a turn for ever."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Barrier

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from app.core.database import open_url
from app.db.database import Database
from app.db.sqlite import engine
from app.domain.errors import InvalidCredentials, NotFound
from tests.databases import Databases

WRITERS = 8
WRITES = 25
COUNT = text("SELECT done FROM job_runs")
BEGIN = text("INSERT INTO job_runs (job, ran_at, done) VALUES ('count', '2026', 0)")


@pytest.fixture
def sqlite(sqlite_databases: Databases) -> Iterator[Database]:
    with closing(open_url(sqlite_databases.create())) as database:
        yield database


def has_free_turn(database: Database, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether a writer gets its turn at once."""
    with monkeypatch.context() as impatient:
        impatient.setattr(engine, "LOCK_TIMEOUT_SECONDS", 0)
        with database.engine.connect() as connection:
            connection.begin()
            return list(connection.info.values()) == [True]


def test_each_writer_sees_what_the_one_before_has_written(sqlite: Database):
    together = Barrier(WRITERS)
    with sqlite.writing() as session:
        session.execute(BEGIN)

    def count_up(_: int) -> None:
        together.wait()
        for _ in range(WRITES):
            with sqlite.writing() as session:
                count = session.scalar(COUNT)
                session.execute(text("UPDATE job_runs SET done = :next"), {"next": count + 1})

    with ThreadPoolExecutor(WRITERS) as writers:
        list(writers.map(count_up, range(WRITERS)))
    with sqlite.reading() as session:
        assert session.scalar(COUNT) == WRITERS * WRITES


def test_a_second_transaction_of_one_connection_does_not_wait_for_itself(
    sqlite: Database, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(engine, "LOCK_TIMEOUT_SECONDS", 0)
    with sqlite.engine.connect() as connection:
        for _ in range(2):
            with connection.begin():
                assert list(connection.info.values()) == [True]
    assert has_free_turn(sqlite, monkeypatch)


@pytest.mark.parametrize("failure", [NotFound, InvalidCredentials, ZeroDivisionError])
def test_whoever_fails_gives_the_turn_back(
    sqlite: Database, monkeypatch: pytest.MonkeyPatch, failure: type[Exception]
):
    def write_and_fail() -> None:
        with sqlite.writing() as session:
            session.execute(COUNT)
            with pytest.raises(OperationalError, match="locked"):  # the control
                has_free_turn(sqlite, monkeypatch)
            raise failure

    with pytest.raises(failure):
        write_and_fail()
    assert has_free_turn(sqlite, monkeypatch)
