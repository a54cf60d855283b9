"""The background work of a clinic: each job finds what is due by a query, does it and records it.

Any number of workers may run, and any of them may be killed at any point: what is due is a state of
the database, and each batch is one transaction.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

import structlog
from sqlalchemy.orm import Session

from app.crud import crud_attempt, crud_audit, crud_invitation, crud_job, crud_login, crud_reply
from app.domain.throttling import LONGEST_WINDOW
from app.models.models import JobRun
from app.services import sealing

THOROUGH_EVERY = timedelta(minutes=5)
HEAD_EVERY = timedelta(hours=1)
LATELY = timedelta(minutes=3)

log = structlog.get_logger(__name__)


class Job(Protocol):
    """Something that is done again and again, `pause_seconds` apart."""

    @property
    def name(self) -> str: ...

    @property
    def pause_seconds(self) -> float: ...

    def is_due(self, session: Session, now: datetime) -> bool:
        """Whether there is something to do."""

    def work(self, session: Session, now: datetime) -> int:
        """Do a batch of it in this transaction; how many things were done."""

    def due_since(self, session: Session, now: datetime) -> datetime | None:
        """Since when the oldest thing is due that is not done; None if nothing is."""


class Sealing(Job):
    """Seals the audit log. Now and then, and at first, it looks through all of it."""

    name = sealing.SEALING
    pause_seconds = 1.0

    def __init__(self) -> None:
        self._looked_through_at: datetime | None = None

    def is_due(self, session: Session, now: datetime) -> bool:
        is_thorough = self._is_thorough(now)
        is_due = bool(crud_audit.list_unsealed(session, limit=1, is_thorough=is_thorough))
        if is_thorough and not is_due:
            self._looked_through_at = now
        return is_due

    def work(self, session: Session, now: datetime) -> int:
        return sealing.seal(session, is_thorough=self._is_thorough(now))

    def due_since(self, session: Session, now: datetime) -> datetime | None:  # noqa: ARG002 - the contract's
        return crud_audit.find_next_to_seal(session)

    def _is_thorough(self, now: datetime) -> bool:
        last = self._looked_through_at
        return last is None or not timedelta() <= now - last < THOROUGH_EVERY


class HeadInLog(Job):
    """Writes the end of the audit log's chain to the application log, once an hour."""

    name = "audit-head"
    pause_seconds = 60.0

    def is_due(self, session: Session, now: datetime) -> bool:
        run = crud_job.find_run(session, self.name)
        return run is None or run.succeeded_at is None or run.succeeded_at <= now - HEAD_EVERY

    def work(self, session: Session, now: datetime) -> int:
        if not crud_job.claim_turn(session, self.name, now=now, since=now - HEAD_EVERY):
            return 0
        log.info("audit_head", **sealing.head_of(session)._asdict())
        return 1

    def due_since(self, session: Session, now: datetime) -> datetime | None:
        run = crud_job.find_run(session, self.name)
        written_at = run.succeeded_at if run else None
        if written_at is None or written_at > now - HEAD_EVERY:
            return None
        return written_at + HEAD_EVERY


class JobStatus(NamedTuple):
    """What is due of a job, and what all workers did of it so far."""

    job: str
    due_since: datetime | None
    ran_at: datetime | None
    done: int
    failures: int


class Find(Protocol):
    """Finds the oldest row of those until an instant."""

    def __call__(self, session: Session, *, until: datetime) -> datetime | None: ...


class Delete(Protocol):
    """Deletes some of the rows until an instant; how many."""

    def __call__(self, session: Session, *, until: datetime) -> int: ...


class CleanUp(Job):
    """Deletes the rows of a table that are of no use `lifetime` after their instant."""

    pause_seconds = 60.0

    def __init__(
        self, name: str, find: Find, delete: Delete, *, lifetime: timedelta = timedelta()
    ) -> None:
        self._name, self._find, self._delete, self._lifetime = name, find, delete, lifetime

    @property
    def name(self) -> str:
        return self._name

    def is_due(self, session: Session, now: datetime) -> bool:
        return self.due_since(session, now) is not None

    def work(self, session: Session, now: datetime) -> int:
        return self._delete(session, until=now - self._lifetime)

    def due_since(self, session: Session, now: datetime) -> datetime | None:
        oldest = self._find(session, until=now - self._lifetime)
        return None if oldest is None else oldest + self._lifetime


def all_jobs() -> Sequence[Job]:
    """Every job, for a worker of its own."""
    return (
        Sealing(),
        HeadInLog(),
        CleanUp("sessions", crud_login.find_oldest_expiry, crud_login.delete_some_login_sessions),
        CleanUp(
            "attempts",
            crud_attempt.find_oldest_attempt,
            crud_attempt.delete_some_attempts,
            lifetime=LONGEST_WINDOW,
        ),
        CleanUp(
            "replies",
            crud_reply.find_oldest_reply,
            crud_reply.delete_some_replies,
            lifetime=crud_reply.REPLY_LIFETIME,
        ),
        CleanUp(
            "invitations",
            crud_invitation.find_oldest_expiry,
            crud_invitation.delete_some_invitations,
        ),
    )


def has_run_lately(session: Session, now: datetime) -> bool:
    """Whether a worker noted within three minutes that it runs; it does every minute."""
    run = crud_job.find_run(session, sealing.SEALING)
    return run is not None and run.ran_at > now - LATELY


def list_statuses(session: Session, now: datetime) -> Sequence[JobStatus]:
    """The status of every job, of those too that never ran."""
    runs = {run.job: run for run in crud_job.list_runs(session)}
    return [_status(job, runs.get(job.name), session, now) for job in all_jobs()]


def _status(job: Job, run: JobRun | None, session: Session, now: datetime) -> JobStatus:
    due_since = job.due_since(session, now)
    if run is None:
        return JobStatus(job.name, due_since, None, 0, 0)
    return JobStatus(job.name, due_since, run.ran_at, run.done, run.failures)
