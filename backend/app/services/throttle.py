"""Slows down those who guess passwords or register without end.

The counts are in the database: counts in memory would multiply by the number of processes.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from app.core.security import token_digest
from app.crud import crud_attempt
from app.domain.errors import TooManyAttempts
from app.domain.throttling import (
    LOGINS_PER_ACCOUNT,
    LOGINS_PER_ACCOUNT_AND_ADDRESS,
    LOGINS_PER_ADDRESS,
    REGISTRATION_WINDOW,
    AttemptKind,
    Limit,
)


def check_logins(session: Session, *, account_key: str, address: str, now: datetime) -> None:
    """Raise TooManyAttempts when there were too many failed logins, for a right password too."""
    account = token_digest(account_key)
    for limit, of_address, of_account in (
        (LOGINS_PER_ACCOUNT_AND_ADDRESS, address, account),
        (LOGINS_PER_ADDRESS, address, None),
        (LOGINS_PER_ACCOUNT, None, account),
    ):
        decisive = crud_attempt.find_decisive_attempt(
            session,
            limit=limit,
            kind=AttemptKind.LOGIN,
            address=of_address,
            account_digest=of_account,
            now=now,
        )
        _check(limit, decisive, now)


def note_failed_login(session: Session, *, account_key: str, address: str, now: datetime) -> None:
    """Count a failed login. Accounts that do not exist count alike."""
    crud_attempt.add_attempt(
        session,
        kind=AttemptKind.LOGIN,
        address=address,
        account_digest=token_digest(account_key),
        now=now,
    )


def check_registrations(session: Session, *, address: str, hourly: int, now: datetime) -> None:
    """Raise TooManyAttempts when `hourly` registrations came from an address within an hour."""
    limit = Limit(hourly, REGISTRATION_WINDOW)
    decisive = crud_attempt.find_decisive_attempt(
        session, limit=limit, kind=AttemptKind.REGISTRATION, address=address, now=now
    )
    _check(limit, decisive, now)


def note_registration(session: Session, *, address: str, now: datetime) -> None:
    """Count a registration, whether it succeeds or not."""
    crud_attempt.add_attempt(
        session, kind=AttemptKind.REGISTRATION, address=address, account_digest=None, now=now
    )


def _check(limit: Limit, decisive: datetime | None, now: datetime) -> None:
    wait = limit.wait(decisive, now)
    if wait:
        raise TooManyAttempts(wait)
