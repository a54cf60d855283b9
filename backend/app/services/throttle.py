"""Slows down those who guess passwords or register without end.

The counts are in the database: counts in memory would multiply by the number of processes.
Addresses count by network: see `domain.throttling.network_of`.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from app.core.devices import Device
from app.core.security import token_digest
from app.crud import crud_attempt
from app.domain.errors import TooManyAttempts
from app.domain.throttling import (
    EMAIL_CHANGES_PER_ADDRESS,
    HOUR,
    LOGINS_PER_ACCOUNT,
    LOGINS_PER_ACCOUNT_AND_ADDRESS,
    LOGINS_PER_ADDRESS,
    PROOFS,
    AttemptKind,
    Limit,
    network_of,
)


def check_logins(
    session: Session, *, account_key: str, address: str, device: Device | None, now: datetime
) -> None:
    """Raise TooManyAttempts when there were too many failed logins, for a right password too.

    The failures of others do not count for a device that has logged in to the account before.
    """
    if device is not None:
        digest = _device_digest(device)
        for limit in PROOFS:
            _check(session, limit, AttemptKind.LOGIN, account_digest=digest, now=now)
        return
    account, network = token_digest(account_key), network_of(address)
    for limit, of_address, of_account in (
        (LOGINS_PER_ACCOUNT_AND_ADDRESS, network, account),
        (LOGINS_PER_ADDRESS, network, None),
        (LOGINS_PER_ACCOUNT, None, account),
    ):
        _check(
            session,
            limit,
            AttemptKind.LOGIN,
            address=of_address,
            account_digest=of_account,
            now=now,
        )


def note_failed_login(
    session: Session, *, account_key: str, address: str, device: Device | None, now: datetime
) -> None:
    """Count a failed login. Accounts that do not exist count alike."""
    digest = _device_digest(device) if device else token_digest(account_key)
    _note(session, AttemptKind.LOGIN, address=address, account_digest=digest, now=now)


def check_proofs(session: Session, *, session_id: int, now: datetime) -> None:
    """Raise TooManyAttempts when a session sent too many wrong passwords. No others count."""
    digest = _session_digest(session_id)
    for limit in PROOFS:
        _check(session, limit, AttemptKind.PROOF, account_digest=digest, now=now)


def note_wrong_proof(
    session: Session, *, session_id: int, account_key: str, address: str, now: datetime
) -> None:
    """Count a wrong password in an open session. For others it is a failed login as well."""
    digest = _session_digest(session_id)
    _note(session, AttemptKind.PROOF, address=address, account_digest=digest, now=now)
    note_failed_login(session, account_key=account_key, address=address, device=None, now=now)


def check_registrations(session: Session, *, address: str, hourly: int, now: datetime) -> None:
    """Raise TooManyAttempts when `hourly` registrations came from an address within an hour."""
    limit = Limit(hourly, HOUR)
    _check(session, limit, AttemptKind.REGISTRATION, address=network_of(address), now=now)


def note_registration(session: Session, *, address: str, now: datetime) -> None:
    """Count a registration, whether it succeeds or not."""
    _note(session, AttemptKind.REGISTRATION, address=address, account_digest=None, now=now)


def check_email_changes(
    session: Session, *, user_id: int, address: str, hourly: int, now: datetime
) -> None:
    """Raise TooManyAttempts when an account, or an address, asked for too many e-mail addresses."""
    digest = _user_digest(user_id)
    _check(session, Limit(hourly, HOUR), AttemptKind.EMAIL, account_digest=digest, now=now)
    network = network_of(address)
    _check(session, EMAIL_CHANGES_PER_ADDRESS, AttemptKind.EMAIL, address=network, now=now)


def note_email_change(session: Session, *, user_id: int, address: str, now: datetime) -> None:
    """Count a change of an e-mail address, whether it succeeds or not."""
    digest = _user_digest(user_id)
    _note(session, AttemptKind.EMAIL, address=address, account_digest=digest, now=now)


def _user_digest(user_id: int) -> str:
    return token_digest(f"user:{user_id}")


def _device_digest(device: Device) -> str:
    return token_digest(f"device:{device.nonce}")


def _session_digest(session_id: int) -> str:
    return token_digest(f"session:{session_id}")


def _note(
    session: Session,
    kind: AttemptKind,
    *,
    address: str,
    account_digest: str | None,
    now: datetime,
) -> None:
    crud_attempt.add_attempt(
        session, kind=kind, address=network_of(address), account_digest=account_digest, now=now
    )


def _check(
    session: Session,
    limit: Limit,
    kind: AttemptKind,
    *,
    address: str | None = None,
    account_digest: str | None = None,
    now: datetime,
) -> None:
    decisive = crud_attempt.find_decisive_attempt(
        session, limit=limit, kind=kind, address=address, account_digest=account_digest, now=now
    )
    wait = limit.wait(decisive, now)
    if wait:
        raise TooManyAttempts(wait)
