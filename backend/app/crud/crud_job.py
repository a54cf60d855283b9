"""Statements about what the workers did."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from app.db.writes import insert_unless_refused
from app.models.models import JobRun


def find_run(session: Session, job: str) -> JobRun | None:
    """What was done of a job."""
    return session.scalars(select(JobRun).where(JobRun.job == job)).first()


def list_runs(session: Session) -> Sequence[JobRun]:
    """What was done of each job that ever ran, by name."""
    return session.scalars(select(JobRun).order_by(JobRun.job)).all()


def add_run(
    session: Session,
    job: str,
    *,
    ran_at: datetime,
    succeeded_at: datetime | None,
    done: int,
    failures: int,
) -> None:
    """Add to what was done of a job. Without `succeeded_at` that instant stays."""
    _create_missing(session, job, ran_at)
    values = {
        "ran_at": ran_at,
        "done": JobRun.done + done,
        "failures": JobRun.failures + failures,
    }
    if succeeded_at is not None:
        values["succeeded_at"] = succeeded_at
    session.execute(update(JobRun).where(JobRun.job == job).values(values))


def claim_turn(session: Session, job: str, *, now: datetime, since: datetime) -> bool:
    """Whether a job has not succeeded since an instant; if so, it has at the commit."""
    _create_missing(session, job, now)
    claimed = session.execute(
        update(JobRun)
        .where(JobRun.job == job, or_(JobRun.succeeded_at.is_(None), JobRun.succeeded_at <= since))
        .values(succeeded_at=now)
        .returning(JobRun.id)
    )
    return claimed.first() is not None


def _create_missing(session: Session, job: str, now: datetime) -> None:
    if session.scalar(select(JobRun.id).where(JobRun.job == job)) is None:
        values = {"job": job, "ran_at": now, "succeeded_at": None, "done": 0, "failures": 0}
        insert_unless_refused(session, JobRun, values)
