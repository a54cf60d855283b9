"""The worker: what it does, what it survives, and what it leaves behind."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count as count_from
from pathlib import Path
from typing import Any

import pytest
import structlog
from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app import worker
from app.core.config import PasswordPolicy
from app.core.database import open_url
from app.core.security import PasswordHasher
from app.crud import (
    crud_attempt,
    crud_audit,
    crud_invitation,
    crud_job,
    crud_login,
    crud_reply,
)
from app.crud.crud_reply import Reply
from app.db import writes
from app.db.database import Database
from app.domain.people import COMMAND_LINE, Role
from app.domain.throttling import AttemptKind
from app.models.models import (
    Attempt,
    AuditSeal,
    Base,
    Invitation,
    JobRun,
    LoginSession,
    StoredReply,
)
from app.services import accounts, audit, jobs, sealing
from app.services.audit import AuditEvent
from app.services.passwords import PasswordRules
from app.worker import Worker, worker_beside_api
from tests.conftest import MONDAY_MORNING, FakeClock
from tests.databases import Databases
from tests.integration.servers import BACKEND, SECRET_KEY, serving

PATIENCE_SECONDS = 60


def count(database: Database, model: type[Base]) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def record(database: Database) -> None:
    with database.writing() as session:
        event = AuditEvent("diary.read", "user")
        audit.record(session, event, by=COMMAND_LINE, now=MONDAY_MORNING)


def wait_until(holds: Callable[[], bool]) -> None:
    tick = threading.Event()
    for _ in range(PATIENCE_SECONDS * 20):
        if holds():
            return
        tick.wait(0.05)
    raise AssertionError("It did not happen.")


def add_person(database: Database, clock: FakeClock) -> None:
    with database.writing() as session:
        accounts.create_account(
            session,
            hasher=PasswordHasher(4),
            rules=PasswordRules(PasswordPolicy.DOCUMENT),
            origin=COMMAND_LINE,
            now=clock.now,
            username="boss",
            email="boss@example.com",
            password="open-sesame-42",
            full_name="Ada Boss",
            role=Role.ADMIN,
            timezone="UTC",
        )


def add_rows(database: Database, number: int, now: datetime) -> None:
    """A session, an attempt, a stored reply and an invitation, made at an instant."""
    with database.writing() as session:
        crud_login.create_login_session(
            session,
            user_id=1,
            token_digest=f"{number}",
            created_at=now,
            last_seen_at=now,
            expires_at=now + timedelta(hours=12),
        )
        crud_attempt.add_attempt(
            session, kind=AttemptKind.LOGIN, address="10.0.0.1", account_digest=None, now=now
        )
        crud_reply.store_reply(session, Reply("", ""), user_id=1, key=f"{number}", now=now)
        crud_invitation.create_invitation(
            session,
            now=now,
            token_digest=f"{number}",
            created_by=1,
            expires_at=now + timedelta(days=14),
        )


TABLES = (LoginSession, Attempt, StoredReply, Invitation)
LIFETIMES = (timedelta(hours=12), timedelta(hours=1), timedelta(hours=24), timedelta(days=14))


@pytest.fixture
def lines() -> Iterator[list[Any]]:
    before = structlog.get_config()["wrapper_class"]
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("info"))
    with structlog.testing.capture_logs() as captured:
        yield captured
    structlog.configure(wrapper_class=before)


def test_what_has_expired_is_deleted_in_batches_and_nothing_else(
    database: Database, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
):
    """The newest invitation stays: its id would be given out again."""
    monkeypatch.setattr(writes, "DELETED_AT_ONCE", 4)
    add_person(database, clock)
    for number in range(9):
        add_rows(database, number, clock.now)
    clock.advance(minutes=5)
    add_rows(database, 9, clock.now)
    start = clock.now - timedelta(minutes=5)
    for model, lifetime in sorted(zip(TABLES, LIFETIMES, strict=True), key=lambda one: one[1]):
        clock.now = start + lifetime - timedelta(seconds=1)
        Worker(database, clock=clock).run_due()
        assert count(database, model) == 10
        clock.now = start + lifetime
        Worker(database, clock=clock).run_due()
        assert count(database, model) == 1
    clock.advance(days=30)
    Worker(database, clock=clock).run_due()
    assert [count(database, model) for model in TABLES] == [0, 0, 0, 1]


def test_rows_that_somebody_has_locked_are_left_for_later(
    postgres_databases: Databases, clock: FakeClock
):
    with closing(open_url(postgres_databases.create())) as database:
        add_person(database, clock)
        for number in range(2):
            add_rows(database, number, clock.now)
        clock.advance(hours=13)
        with database.writing() as session:
            session.execute(text("SELECT * FROM sessions WHERE token_digest = '0' FOR UPDATE"))
            Worker(database, clock=clock).run_due()
            assert count(database, LoginSession) == 1
        Worker(database, clock=clock).run_due()
        assert count(database, LoginSession) == 0


def test_a_worker_seals_reports_and_records_what_it_did(
    database: Database, clock: FakeClock, lines: list[Any]
):
    for _ in range(3):
        record(database)
    Worker(database, clock=clock).run_due()
    with database.reading() as session:
        runs = {run.job: run for run in crud_job.list_runs(session)}
        head = sealing.head_of(session)
    assert runs.keys() == {job.name for job in jobs.all_jobs()}
    sealed = runs["sealing"]
    assert (sealed.done, sealed.failures, sealed.ran_at, sealed.succeeded_at) == (
        3,
        0,
        clock.now,
        clock.now,
    )
    assert (runs["sessions"].done, runs["sessions"].succeeded_at) == (0, None)
    assert [line for line in lines if line["event"] == "audit_head"] == [
        {"event": "audit_head", "log_level": "info", **head._asdict()}
    ]
    assert [line for line in lines if line.get("job") == "sealing"] == [
        {
            "event": "job_report",
            "log_level": "info",
            "job": "sealing",
            "done": 3,
            "failures": 0,
            "oldest_due_seconds": None,
        }
    ]


def test_the_head_is_logged_once_an_hour_however_many_workers_there_are(
    database: Database, clock: FakeClock, lines: list[Any]
):
    def heads() -> int:
        for _ in range(3):
            Worker(database, clock=clock).run_due()
        return sum(line["event"] == "audit_head" for line in lines)

    assert heads() == 1
    clock.advance(minutes=59)
    assert heads() == 1
    clock.advance(minutes=1)
    assert heads() == 2


class BrokenJob:
    """Fails for as long as it is told to."""

    name = "broken"
    pause_seconds = 0.0

    def __init__(self) -> None:
        self.error: Exception | None = OperationalError("x", None, Exception("gone"))
        self.runs = 0

    def is_due(self, session: Session, now: datetime) -> bool:
        self.runs += 1
        if self.error is not None:
            raise self.error
        return False

    def work(self, session: Session, now: datetime) -> int:
        return 0

    def due_since(self, session: Session, now: datetime) -> datetime | None:
        return now - timedelta(seconds=90)


def test_a_job_that_fails_is_tried_again_less_and_less_often(
    database: Database,
    clock: FakeClock,
    lines: list[Any],
    monkeypatch: pytest.MonkeyPatch,
):
    seconds = count_from(0)
    monkeypatch.setattr(worker, "monotonic", lambda: float(next(seconds)))
    job = BrokenJob()
    working = Worker(database, clock=clock, jobs=[job, jobs.Sealing()])
    record(database)
    for _ in range(40):
        working.run_due()
    failures = [line for line in lines if line["event"] == "job_failed"]
    assert [line["retry_seconds"] for line in failures[:7]] == [1, 2, 4, 8, 16, 32, 60]
    assert len(failures) == job.runs < 12
    assert count(database, AuditSeal) == 1  # others are done meanwhile
    report = next(line for line in lines if line["event"] == "job_report" and line["failures"])
    assert (report["job"], report["oldest_due_seconds"]) == ("broken", 90)
    job.error = None
    before = job.runs
    for _ in range(60):
        working.run_due()
    assert job.runs > before + 5  # as often as before
    with database.reading() as session:
        run = crud_job.find_run(session, "broken")
    assert run is not None
    assert run.failures == len(failures)


def test_a_database_that_is_away_is_waited_for(databases: Databases, lines: list[Any]):
    """Its schema is missing at first, as while it is migrated."""
    with closing(open_url(databases.create_blank())) as blank:
        working = Worker(blank)
        assert [working.run_due() for _ in range(3)] == [2, 4, 8]
    assert {line["event"] for line in lines} == {"database_not_ready"}
    with closing(open_url("postgresql://nobody@127.0.0.1:1/none")) as away:
        working = Worker(away)
        assert [working.run_due() for _ in range(8)] == [2, 4, 8, 16, 32, 60, 60, 60]


def test_what_cannot_be_noted_is_noted_later(
    database: Database, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
):
    def fail(*_: object, **__: object) -> None:
        raise OperationalError("INSERT", None, Exception("no room"))

    record(database)
    working = Worker(database, clock=clock, jobs=[jobs.Sealing()])
    with monkeypatch.context() as full:
        full.setattr(crud_job, "add_run", fail)
        working.run_due()
    assert count(database, JobRun) == 0
    stop = threading.Event()
    stop.set()
    working.run(stop)
    with database.reading() as session:
        run = crud_job.find_run(session, "sealing")
    assert run is not None
    assert run.done == 1


def test_one_of_several_processes_works_beside_the_api(
    sqlite_databases: Databases, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
):
    """When it ends another takes over."""
    monkeypatch.setattr(worker, "CLAIM_SECONDS", 0.01)
    url = sqlite_databases.create()
    with closing(open_url(url)) as one, closing(open_url(url)) as other:
        record(one)
        with worker_beside_api(one, clock), worker_beside_api(other, clock):
            wait_until(lambda: count(one, AuditSeal) == 1)
            assert [one.claim_worker(), other.claim_worker()] in ([True, False], [False, True])
        one.close()
        other.close()
        assert other.claim_worker()


def test_on_postgresql_the_api_does_no_background_work(
    postgres_databases: Databases, clock: FakeClock
):
    with closing(open_url(postgres_databases.create())) as database:
        with worker_beside_api(database, clock):
            names = {thread.name for thread in threading.enumerate()}
        assert "worker" not in names
        assert not database.claim_worker()


def environment_of(url: str) -> dict[str, str]:
    return os.environ | {
        "APP_ENV": "development",
        "DATABASE_URL": url,
        "SECRET_KEY": SECRET_KEY,
        "LOG_LEVEL": "WARNING",
        "PYTHONPATH": str(BACKEND),
    }


@contextmanager
def working_process(url: str, folder: Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-m", "app.cli", "work"],
        cwd=folder,
        env=environment_of(url),
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_clinic_work_seals_until_it_is_told_to_stop(
    database: Database, database_url: str, tmp_path: Path, number: signal.Signals
):
    record(database)
    with working_process(database_url, tmp_path) as process:
        wait_until(lambda: count(database, AuditSeal) == 1)
        record(database)
        wait_until(lambda: count(database, AuditSeal) == 2)
        process.send_signal(number)
        assert (process.wait(PATIENCE_SECONDS), process.communicate()[1]) == (0, "")
    with database.reading() as session:
        run = crud_job.find_run(session, "sealing")
    assert run is not None
    assert run.done == 2


def check_of_workers(url: str, folder: Path) -> tuple[int, str]:
    finished = subprocess.run(
        [sys.executable, "-m", "app.cli", "work", "--check"],
        cwd=folder,
        env=environment_of(url),
        capture_output=True,
        text=True,
        check=False,
    )
    return finished.returncode, finished.stderr


def test_clinic_work_check_says_whether_a_worker_ran_lately(
    database: Database, database_url: str, tmp_path: Path
):
    none = (1, "No worker ran in the last three minutes. Run: clinic work\n")
    assert check_of_workers(database_url, tmp_path) == none
    now = datetime.now(UTC)
    for minutes, expected in ((4, none), (1, (0, ""))):
        with database.writing() as session:
            crud_job.add_run(
                session,
                "sealing",
                ran_at=now - timedelta(minutes=minutes),
                succeeded_at=None,
                done=0,
                failures=0,
            )
        assert check_of_workers(database_url, tmp_path) == expected


def test_workers_that_are_killed_leave_one_chain(
    database: Database, database_url: str, tmp_path: Path
):
    with working_process(database_url, tmp_path), working_process(database_url, tmp_path) as killed:
        for _ in range(50):
            record(database)
        wait_until(lambda: count(database, AuditSeal) > 0)
        killed.send_signal(signal.SIGKILL)
        wait_until(lambda: count(database, AuditSeal) == 50)
    secrets = [SECRET_KEY.encode(), b"unsigned"]
    with (
        closing(open_url(database_url, secrets=secrets)) as opened,
        opened.reading() as session,
    ):
        found = sealing.verify(session)
    assert (found.fault, found.head.sequence, found.unsealed) == (None, 50, 0)


@pytest.mark.parametrize("processes", ["1", "2"])
def test_serving_sqlite_seals(sqlite_databases: Databases, tmp_path: Path, processes: str):
    url = sqlite_databases.create()
    with closing(open_url(url)) as database:
        record(database)
        with serving("app.cli", url, tmp_path, processes):
            wait_until(lambda: count(database, AuditSeal) == 1)


def test_serving_postgresql_does_not_seal(postgres_databases: Databases, tmp_path: Path):
    """The control: it is the worker that does."""
    url = postgres_databases.create()
    with closing(open_url(url)) as database:
        record(database)
        with serving("app.cli", url, tmp_path, "1"):
            with working_process(url, tmp_path):
                wait_until(lambda: count(database, AuditSeal) == 1)
            record(database)
        with database.reading() as session:
            assert len(crud_audit.list_unsealed(session, limit=9, is_thorough=True)) == 1
