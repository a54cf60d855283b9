"""Statements about login sessions."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.orm import Session

from app.db.statements import Parameter, RunQuery, Statement, Transaction
from app.db.transactions import execute
from app.db.writes import delete_some
from app.domain.people import Role
from app.models.models import LoginSession, User

_LIVE_LOGIN = Statement(
    select(
        LoginSession.id,
        LoginSession.user_id,
        User.role,
        LoginSession.last_seen_at,
        LoginSession.expires_at,
        LoginSession.user_agent,
    )
    .join(LoginSession.user)
    .where(
        LoginSession.token_digest == Parameter("token_digest", LoginSession.token_digest.type),
        LoginSession.expires_at > Parameter("now", LoginSession.expires_at.type),
        LoginSession.last_seen_at > Parameter("idle_since", LoginSession.last_seen_at.type),
        User.is_active,
    )
)
_TOUCH = Statement(
    update(LoginSession)
    .where(LoginSession.id == Parameter("session_id"))
    .values(last_seen_at=Parameter("now", LoginSession.last_seen_at.type))
)


class LiveLogin(NamedTuple):
    """A session that holds, with what is needed of its user."""

    id: int
    user_id: int
    role: Role
    last_seen_at: datetime
    expires_at: datetime
    user_agent: str | None


def create_login_session(session: Session, **values: Any) -> LoginSession:
    """Insert a login session."""
    login = LoginSession(**values)
    session.add(login)
    session.flush()
    return login


def find_live_login(
    query: RunQuery, *, token_digest: str, now: datetime, idle_since: datetime
) -> LiveLogin | None:
    """The session of a token, unless it expired, idled out or its user was deactivated."""
    rows = query(_LIVE_LOGIN, token_digest=token_digest, now=now, idle_since=idle_since)
    return LiveLogin(*rows[0]) if rows else None


def list_live_login_sessions(
    session: Session, *, user_id: int, now: datetime, idle_since: datetime
) -> Sequence[LoginSession]:
    """The live sessions of a person, the newest first."""
    return session.scalars(
        select(LoginSession)
        .where(*_live_login_sessions(user_id, now, idle_since))
        .order_by(LoginSession.created_at.desc(), LoginSession.id.desc())
    ).all()


def touch_login_session(session: Transaction, *, session_id: int, now: datetime) -> None:
    """Note that a session was used."""
    execute(session, _TOUCH, session_id=session_id, now=now)


def delete_login_session(session: Session, *, user_id: int, session_id: int) -> bool:
    """End one session of a person. False when it is not theirs or has gone."""
    deleted = session.execute(
        delete(LoginSession)
        .where(LoginSession.id == session_id, LoginSession.user_id == user_id)
        .returning(LoginSession.id)
    )
    return deleted.first() is not None


def delete_login_sessions(session: Session, *, user_id: int) -> None:
    """End every session of a person. The device cookies of the account are worthless from now."""
    generation = {"device_generation": User.device_generation + 1}
    session.execute(update(User).where(User.id == user_id).values(generation))
    session.execute(delete(LoginSession).where(LoginSession.user_id == user_id))


def find_oldest_expiry(session: Session, *, until: datetime) -> datetime | None:
    """When the first session expired of those that expired until an instant."""
    oldest = select(func.min(LoginSession.expires_at)).where(LoginSession.expires_at <= until)
    return session.scalar(oldest)


def delete_some_login_sessions(session: Session, *, until: datetime) -> int:
    """Delete some of the sessions that expired until an instant; returns how many."""
    return delete_some(session, LoginSession, LoginSession.expires_at <= until)


def keep_newest_login_sessions(
    session: Session, *, user_id: int, count: int, now: datetime, idle_since: datetime
) -> None:
    """End the sessions of a person beyond the `count` newest live ones."""
    live = _live_login_sessions(user_id, now, idle_since)
    newest_first = select(LoginSession.id).where(*live).order_by(LoginSession.id.desc())
    first_to_end = newest_first.offset(count).limit(1)
    session.execute(
        delete(LoginSession).where(
            LoginSession.user_id == user_id, LoginSession.id <= first_to_end.scalar_subquery()
        )
    )


def _live_login_sessions(
    user_id: int, now: datetime, idle_since: datetime
) -> Sequence[ColumnElement[bool]]:
    return (
        LoginSession.user_id == user_id,
        LoginSession.expires_at > now,
        LoginSession.last_seen_at > idle_since,
    )
