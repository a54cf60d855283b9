"""PostgreSQL: commits of which nobody knows whether they will be there after a failover."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from fastapi.testclient import TestClient
from psycopg import sql
from sqlalchemy import text

from app.core.config import Settings
from app.core.database import open_url
from app.db.database import Database
from app.db.statements import Statement
from app.db.transactions import execute
from app.domain.errors import DomainError, OutcomeUnknown
from app.main import create_app
from tests.api.clinic import add_hours, booking
from tests.databases import Databases
from tests.integration.asking import with_writer
from tests.people import Visitor, code_of

LOCK_TIMEOUT_SECONDS = 120
TODAY = datetime.now(UTC).date()
COMING_MONDAY = str(TODAY + timedelta(days=7 - TODAY.weekday()))
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
CREATE = Statement(text("CREATE TABLE written (number int)"))
ENDING = "SELECT {}(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"


class Standby:
    """A synchronous standby that never answers, and what may happen to those who wait for it."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def set_name(self, name: str) -> None:
        self._connection.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{name}'")
        self._connection.execute("SELECT pg_reload_conf()")
        wait_until(lambda: self._ask("SHOW synchronous_standby_names") == name)

    def end_waits_by(self, function: str) -> None:
        wait_until(lambda: self._ask(WAITING) == 1)
        end = sql.SQL(ENDING).format(sql.Identifier(function))
        self._connection.execute(end)

    def _ask(self, question: str) -> object:
        row = self._connection.execute(question).fetchone()
        return row and row[0]


@pytest.fixture
def url(postgres_databases: Databases) -> str:
    return postgres_databases.create()


@pytest.fixture
def standby(url: str) -> Iterator[Standby]:
    with psycopg.connect(url, autocommit=True) as connection:
        named = Standby(connection)
        named.set_name("nobody")
        yield named
        named.set_name("")


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    with closing(open_url(url)) as opened:
        yield opened


def wait_until(condition: Callable[[], bool]) -> None:
    tick = threading.Event()
    for _ in range(LOCK_TIMEOUT_SECONDS * 50):
        if condition():
            return
        tick.wait(0.02)
    raise AssertionError("It did not happen in time.")


def write(database: Database) -> None:
    with database.writing() as session:
        execute(session, CREATE)


def write_in_event_loop(database: Database) -> None:
    with_writer(
        database, lambda write_queue: write_queue.submit(lambda work: execute(work, CREATE))
    )


def outcome(work: Callable[[], None]) -> type[Exception] | None:
    try:
        work()
    except DomainError as error:
        return type(error)
    return None


@pytest.mark.parametrize("written_by", [write, write_in_event_loop])
@pytest.mark.parametrize("function", ["pg_cancel_backend", "pg_terminate_backend"])
def test_a_commit_that_stops_waiting_for_the_standby_is_not_called_a_success(
    standby: Standby, database: Database, function: str, written_by: Callable[[Database], None]
):
    with ThreadPoolExecutor() as threads:
        written = threads.submit(outcome, lambda: written_by(database))
        standby.end_waits_by(function)
        assert written.result() is OutcomeUnknown


def test_the_connections_serve_on_afterwards(standby: Standby, database: Database):
    with ThreadPoolExecutor() as threads:
        written = threads.submit(outcome, lambda: write(database))
        standby.end_waits_by("pg_cancel_backend")
        assert written.result() is OutcomeUnknown
    standby.set_name("")

    with database.reading() as session:
        read = session.connection().exec_driver_sql("SELECT count(*) FROM written").scalar_one()
    assert read == 0  # the table is there: the commit was done, only not on the standby
    with database.writing() as session:
        session.connection().exec_driver_sql("INSERT INTO written VALUES (1)")


def test_it_is_answered_as_unknown_and_sending_it_again_books_once(url: str, standby: Standby):
    standby.set_name("")
    settings = Settings(_env_file=None, database_url=url, bcrypt_cost=4, log_level="CRITICAL")
    with TestClient(create_app(settings), base_url="http://testserver") as client:
        doctor = Visitor(client).another().register("dr_smith", role="doctor")
        patient = Visitor(client).another().register("john_patient")
        add_hours(doctor)
        request = {
            "json": booking(doctor, day=COMING_MONDAY, time="09:00"),
            "headers": {"Idempotency-Key": "once"},
        }
        standby.set_name("nobody")
        with ThreadPoolExecutor() as threads:
            first = threads.submit(patient.call, "POST", "/appointments/", **request)
            standby.end_waits_by("pg_cancel_backend")
            assert code_of(first.result()) == (503, "outcome_unknown")
            assert first.result().headers["retry-after"] == "5"
        standby.set_name("")

        again = patient.call("POST", "/appointments/", **request)
        assert again.status_code == 201, again.text
        assert patient.get("/appointments/my").json() == [again.json()]
