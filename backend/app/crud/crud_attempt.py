"""Statements about failed logins and registrations."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.db.writes import delete_some
from app.domain.throttling import CLOCK_TOLERANCE, AttemptKind, Limit
from app.models.models import Attempt


def add_attempt(
    session: Session, *, kind: AttemptKind, address: str, account_digest: str | None, now: datetime
) -> None:
    """Note an attempt."""
    session.add(
        Attempt(kind=kind, address=address, account_digest=account_digest, attempted_at=now)
    )
    session.flush()


def find_oldest_attempt(session: Session, *, until: datetime) -> datetime | None:
    """When the oldest attempt was made of those that were made until an instant."""
    oldest = select(func.min(Attempt.attempted_at)).where(Attempt.attempted_at <= until)
    return session.scalar(oldest)


def delete_some_attempts(session: Session, *, until: datetime) -> int:
    """Delete some of the attempts that were made until an instant; how many."""
    return delete_some(session, Attempt, Attempt.attempted_at <= until)


def try_to_write(session: Session, *, now: datetime) -> None:
    """Insert an attempt and take it back."""
    attempt = Attempt(kind=AttemptKind.LOGIN, address="", account_digest=None, attempted_at=now)
    session.add(attempt)
    session.flush()
    session.delete(attempt)
    session.flush()


def find_decisive_attempt(
    session: Session,
    *,
    limit: Limit,
    kind: AttemptKind,
    address: str | None = None,
    account_digest: str | None = None,
    now: datetime,
) -> datetime | None:
    """When the last attempt but `limit.attempts` - 1 within the window was made.

    None when there were fewer. Attempts of any address, or of any account, count where none is
    given; those in the future do not.
    """
    statement = select(Attempt.attempted_at).where(
        Attempt.kind == kind,
        Attempt.attempted_at > now - limit.window,
        Attempt.attempted_at <= now + CLOCK_TOLERANCE,
    )
    if address is not None:
        statement = statement.where(Attempt.address == address)
    if account_digest is not None:
        statement = statement.where(Attempt.account_digest == account_digest)
    return session.scalars(
        statement.order_by(Attempt.attempted_at.desc()).offset(limit.attempts - 1).limit(1)
    ).first()
