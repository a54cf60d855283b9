"""Logins: how people prove who they are, and the sessions that remember it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.core.devices import Device
from app.core.security import (
    PasswordHasher,
    new_session_token,
    token_digest,
)
from app.crud import crud_login, crud_user
from app.crud.crud_login import LiveLogin
from app.db.statements import RunQuery
from app.domain.errors import (
    InvalidCredentials,
    NotFound,
    NotSignedIn,
    TooManyAttempts,
    WrongPresentPassword,
)
from app.domain.people import Actor, Origin, identity_key
from app.models.models import LoginSession, User
from app.services import audit, throttle
from app.services.audit import AuditEvent
from app.services.passwords import PasswordRules, check_password
from app.services.proofs import prove

USER_AGENT_LENGTH = 200
TOUCH_INTERVAL = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """How long a login lasts without use, and at the most; how many an account may have at once."""

    idle: timedelta
    absolute: timedelta
    parallel: int


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A person with the session that proves who they are."""

    actor: Actor
    login: LiveLogin
    token: str


class NewLogin(NamedTuple):
    """A session that was just opened, and the account it is for."""

    user: User
    who: SignedIn


@dataclass(frozen=True, slots=True)
class LoginRequest:
    """A login as it was sent: a user name or e-mail address, and the browser it comes from."""

    login: str
    origin: Origin
    devices: Sequence[Device] = ()
    user_agent: str | None = None


@dataclass(frozen=True, slots=True)
class LoginAttempt:
    """Whose password is going to be checked, and by whose failures the attempt is limited.

    `device` is None in a browser that has not logged in to this account before.
    """

    user: User | None
    account_key: str
    address: str
    device: Device | None


def attempt_login(reading: Session, request: LoginRequest, *, now: datetime) -> LoginAttempt:
    """What is known of a login before its password is checked. Raises TooManyAttempts."""
    key = identity_key(request.login)
    user = crud_user.find_user_by_login(reading, key=key)
    attempt = LoginAttempt(
        user=user,
        account_key=user.username_key if user else key,
        address=str(request.origin.address),
        device=_known_device(user, request.devices) if user else None,
    )
    _check_limits(reading, attempt, now=now)
    return attempt


def log_in(
    reading: Session,
    writing: Session,
    request: LoginRequest,
    *,
    hasher: PasswordHasher,
    limits: SessionLimits,
    now: datetime,
    password: str,
    replaced: SignedIn | None,
) -> NewLogin:
    """Open a session for a user name, or an e-mail address, and its password.

    The password is checked before the writing transaction begins, so that nobody waits for a
    hash. A session that the request came with ends.

    Raises:
        TooManyAttempts: too many logins of this account or from this address failed, or of this
            device, if it has logged in to the account before.
        InvalidCredentials: whichever of the two is wrong, after exactly one hash. The failure is
            counted.
    """
    attempt, origin = attempt_login(reading, request, now=now), request.origin
    user = prove(writing, attempt.user, hasher=hasher, password=password)
    if user is None or not user.is_active:
        _note_failure(writing, attempt, origin=origin, now=now)
        raise InvalidCredentials
    if replaced is not None:
        crud_login.delete_login_session(
            writing, user_id=replaced.actor.id, session_id=replaced.login.id
        )
    who = _open_session(
        writing, user, limits=limits, origin=origin, now=now, user_agent=request.user_agent
    )
    _record(writing, who, "login.open", now=now)
    return NewLogin(user, who)


def authenticate(
    query: RunQuery, *, token: str, limits: SessionLimits, origin: Origin, now: datetime
) -> SignedIn | None:
    """Who a session token belongs to, or None when it is unknown or over."""
    login = crud_login.find_live_login(
        query, token_digest=token_digest(token), now=now, idle_since=now - limits.idle
    )
    if login is None:
        return None
    return SignedIn(Actor(login.user_id, login.role, origin), login, token)


def needs_touch(who: SignedIn, now: datetime) -> bool:
    """Whether the last use of a session is worth writing down: at most once a minute."""
    return now - who.login.last_seen_at >= TOUCH_INTERVAL


def idle_end(who: SignedIn, limits: SessionLimits, now: datetime) -> datetime:
    """When a session that is used `now` ends if it is not used again: a minute early at most."""
    return (now if needs_touch(who, now) else who.login.last_seen_at) + limits.idle


def log_out(session: Session, who: SignedIn, *, now: datetime) -> None:
    """End the session that the request came with."""
    crud_login.delete_login_session(session, user_id=who.actor.id, session_id=who.login.id)
    _record(session, who, "login.close", now=now)


def log_out_everywhere(session: Session, who: SignedIn, *, now: datetime) -> None:
    """End every session of the person. No browser is a known device of theirs any more."""
    crud_login.delete_login_sessions(session, user_id=who.actor.id)
    _record(session, who, "login.close-all", now=now)


def revoke_session(session: Session, who: SignedIn, *, session_id: int, now: datetime) -> None:
    """End one of one's own sessions. Raises NotFound."""
    if not crud_login.delete_login_session(session, user_id=who.actor.id, session_id=session_id):
        raise NotFound("There is no such session among yours.")
    event = AuditEvent("login.revoke", "session", session_id)
    audit.record(session, event, by=who.actor, now=now)


def live_sessions(
    session: Session, who: SignedIn, *, limits: SessionLimits, now: datetime
) -> Sequence[LoginSession]:
    """Where a person is logged in."""
    return crud_login.list_live_login_sessions(
        session, user_id=who.actor.id, now=now, idle_since=now - limits.idle
    )


def change_password(
    reading: Session,
    writing: Session,
    who: SignedIn,
    *,
    hasher: PasswordHasher,
    rules: PasswordRules,
    limits: SessionLimits,
    now: datetime,
    current_password: str,
    new_password: str,
) -> NewLogin:
    """Set a new password, end every session of the account and open a new one.

    A session that somebody else got hold of is no way to guess the password: failures are limited
    by session. They count as failed logins too, but failed logins of others do not count here.

    Raises:
        InvalidInput: the new password does not meet the rules.
        TooManyAttempts: this session sent too many wrong passwords.
        WrongPresentPassword: the failure is counted.
        NotSignedIn: the account was deactivated meanwhile.
    """
    origin = who.actor.origin
    user = crud_user.get_user(reading, user_id=who.actor.id)
    names = (user.username, user.email, user.full_name)
    check_password(new_password, rules, names=names, field="new_password")
    throttle.check_proofs(reading, session_id=who.login.id, now=now)
    proven = prove(
        writing, user, hasher=hasher, password=current_password, new_password=new_password
    )
    if proven is None:
        throttle.note_wrong_proof(
            writing,
            session_id=who.login.id,
            account_key=user.username_key,
            address=str(origin.address),
            now=now,
        )
        raise WrongPresentPassword
    if not proven.is_active:
        raise NotSignedIn
    crud_login.delete_login_sessions(writing, user_id=user.id)
    user = crud_user.get_user(writing, user_id=user.id)
    renewed = _open_session(
        writing, user, limits=limits, origin=origin, now=now, user_agent=who.login.user_agent
    )
    _record(writing, renewed, "password.change", now=now, fields=("password",))
    return NewLogin(user, renewed)


def _check_limits(session: Session, attempt: LoginAttempt, *, now: datetime) -> None:
    throttle.check_logins(
        session,
        account_key=attempt.account_key,
        address=attempt.address,
        device=attempt.device,
        now=now,
    )


def _note_failure(
    session: Session, attempt: LoginAttempt, *, origin: Origin, now: datetime
) -> None:
    """Count and record a failed login, and that logins have to wait from now on if they do.

    Those that are refused while they wait write nothing: nobody fills the audit log with them.
    """
    throttle.note_failed_login(
        session,
        account_key=attempt.account_key,
        address=attempt.address,
        device=attempt.device,
        now=now,
    )
    event = AuditEvent("login.open", "user", attempt.user.id if attempt.user else None)
    audit.record(session, event, by=origin, now=now, outcome=InvalidCredentials.code)
    try:
        _check_limits(session, attempt, now=now)
    except TooManyAttempts as limit:
        audit.record(session, event, by=origin, now=now, outcome=limit.code)


def _known_device(user: User, devices: Iterable[Device]) -> Device | None:
    known = (user.id, user.device_generation)
    return next((one for one in devices if (one.user_id, one.generation) == known), None)


def _record(
    session: Session, who: SignedIn, action: str, *, now: datetime, fields: Iterable[str] = ()
) -> None:
    event = AuditEvent(action, "user", who.actor.id, fields=fields)
    audit.record(session, event, by=who.actor, now=now)


def _open_session(
    session: Session,
    user: User,
    *,
    limits: SessionLimits,
    origin: Origin,
    now: datetime,
    user_agent: str | None,
) -> SignedIn:
    token = new_session_token()
    opened = crud_login.create_login_session(
        session,
        user_id=user.id,
        token_digest=token_digest(token),
        user_agent=user_agent[:USER_AGENT_LENGTH] if user_agent else None,
        created_at=now,
        last_seen_at=now,
        expires_at=now + limits.absolute,
    )
    crud_login.keep_newest_login_sessions(
        session,
        user_id=user.id,
        count=limits.parallel,
        now=now,
        idle_since=now - limits.idle,
    )
    login = LiveLogin(opened.id, user.id, user.role, now, opened.expires_at, opened.user_agent)
    return SignedIn(Actor(user.id, user.role, origin), login, token)
