"""Accounts and logins: who people are and how they prove it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from app.core.config import PasswordPolicy
from app.core.security import (
    PasswordHasher,
    check_password_rules,
    new_session_token,
    token_digest,
)
from app.crud import crud_appointment, crud_user
from app.domain.errors import AppointmentsAffected, InvalidCredentials, InvalidInput, NotFound
from app.domain.people import Actor, Role, identity_key
from app.models import LoginSession, User
from app.services import diary

KEY_LENGTH = 508
USER_AGENT_LENGTH = 200
TOUCH_INTERVAL = timedelta(minutes=1)
PROFESSIONAL_FIELDS = {"specialty", "timezone"}


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """How long a login lasts without use, and at the most."""

    idle: timedelta
    absolute: timedelta


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A person with the session that proves who they are."""

    user: User
    login: LoginSession
    token: str

    @property
    def actor(self) -> Actor:
        return Actor(self.user.id, self.user.role)


def register(
    session: Session,
    *,
    hasher: PasswordHasher,
    policy: PasswordPolicy,
    now: datetime,
    username: str,
    email: str,
    password: str,
    **profile: Any,
) -> User:
    """Create an account.

    Raises:
        InvalidInput: the password does not meet the policy, or a name is too long to compare.
        UsernameTaken, EmailTaken: in any spelling, whatever its case or Unicode form.
    """
    check_password_rules(password, policy)
    return crud_user.create_user(
        session,
        username=username,
        username_key=_key("username", username),
        email=email,
        email_key=_key("email", email),
        hashed_password=hasher.hash(password),
        created_at=now,
        **profile,
    )


def log_in(
    reading: Session,
    writing: Session,
    *,
    hasher: PasswordHasher,
    limits: SessionLimits,
    now: datetime,
    login: str,
    password: str,
    user_agent: str | None,
    replaced: SignedIn | None,
) -> SignedIn:
    """Open a session for a user name, or an e-mail address, and its password.

    The password is checked before the writing transaction begins, so that nobody waits for a
    hash. A session that the request came with ends.

    Raises:
        InvalidCredentials: whichever of the two is wrong, after exactly one hash.
    """
    user = crud_user.find_user_by_login(reading, key=identity_key(login))
    fits = hasher.verify(password, user.hashed_password if user else None)
    if user is None or not fits or not user.is_active:
        raise InvalidCredentials
    if hasher.is_outdated(user.hashed_password):
        stronger = {"hashed_password": hasher.hash(password)}
        crud_user.update_user(writing, user.id, changes=stronger)
    if replaced is not None:
        log_out(writing, replaced)
    crud_user.delete_dead_login_sessions(
        writing, user_id=user.id, now=now, idle_since=now - limits.idle
    )
    return _open_session(writing, user, limits=limits, now=now, user_agent=user_agent)


def authenticate(
    session: Session, *, token: str, limits: SessionLimits, now: datetime
) -> SignedIn | None:
    """Who a session token belongs to, or None when it is unknown or over."""
    login = crud_user.find_live_login_session(
        session, token_digest=token_digest(token), now=now, idle_since=now - limits.idle
    )
    return None if login is None else SignedIn(login.user, login, token)


def needs_touch(who: SignedIn, now: datetime) -> bool:
    """Whether the last use of a session is worth writing down: at most once a minute."""
    return now - who.login.last_seen_at >= TOUCH_INTERVAL


def log_out(session: Session, who: SignedIn) -> None:
    """End the session that the request came with."""
    crud_user.delete_login_session(session, user_id=who.user.id, session_id=who.login.id)


def revoke_session(session: Session, who: SignedIn, *, session_id: int) -> None:
    """End one of one's own sessions. Raises NotFound."""
    if not crud_user.delete_login_session(session, user_id=who.user.id, session_id=session_id):
        raise NotFound("There is no such session among yours.")


def live_sessions(
    session: Session, who: SignedIn, *, limits: SessionLimits, now: datetime
) -> Sequence[LoginSession]:
    """Where a person is logged in."""
    return crud_user.list_live_login_sessions(
        session, user_id=who.user.id, now=now, idle_since=now - limits.idle
    )


def change_password(
    writing: Session,
    who: SignedIn,
    *,
    hasher: PasswordHasher,
    policy: PasswordPolicy,
    limits: SessionLimits,
    now: datetime,
    current_password: str,
    new_password: str,
) -> SignedIn:
    """Set a new password, end every session of the account and open a new one.

    Raises:
        InvalidInput: the present password is wrong, or the new one does not meet the policy.
    """
    check_password_rules(new_password, policy)
    if not hasher.verify(current_password, who.user.hashed_password):
        raise InvalidInput("current_password", "This is not your present password.")
    changes = {"hashed_password": hasher.hash(new_password)}
    user = crud_user.update_user(writing, who.user.id, changes=changes)
    crud_user.delete_login_sessions(writing, user_id=user.id)
    return _open_session(writing, user, limits=limits, now=now, user_agent=who.login.user_agent)


def update_profile(
    session: Session, who: SignedIn, *, changes: dict[str, Any], now: datetime
) -> User:
    """Change one's own contact data and, for a doctor, the public profile.

    Raises:
        InvalidInput: only doctors have a specialty and a time zone.
        EmailTaken: another account has the address.
        AppointmentsAffected: a doctor with booked patients moves to another time zone.
    """
    for field in sorted(PROFESSIONAL_FIELDS & changes.keys()):
        if who.user.role is not Role.DOCTOR:
            raise InvalidInput(field, f"Only doctors have a {field}.")
    if changes.get("timezone", who.user.timezone) != who.user.timezone:
        crud_user.lock_diaries(session, user_ids={who.user.id})
        booked = crud_appointment.list_upcoming(session, doctor_id=who.user.id, now=now)
        if booked:
            raise AppointmentsAffected([diary.as_booked_visit(row) for row in booked])
    if "email" in changes:
        changes = {**changes, "email_key": _key("email", changes["email"])}
    return crud_user.update_user(session, who.user.id, changes=changes)


def _open_session(
    session: Session, user: User, *, limits: SessionLimits, now: datetime, user_agent: str | None
) -> SignedIn:
    token = new_session_token()
    login = crud_user.create_login_session(
        session,
        user_id=user.id,
        token_digest=token_digest(token),
        user_agent=user_agent[:USER_AGENT_LENGTH] if user_agent else None,
        created_at=now,
        last_seen_at=now,
        expires_at=now + limits.absolute,
    )
    return SignedIn(user, login, token)


def _key(field: str, name: str) -> str:
    key = identity_key(name)
    if len(key) > KEY_LENGTH:
        raise InvalidInput(field, "This is too long.")
    return key
