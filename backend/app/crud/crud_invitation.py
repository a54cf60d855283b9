"""Statements about invitations.

The newest one stays although it ended: the audit log names invitations by their ids, and SQLite
would give the highest id out again once its row is deleted.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select, update
from sqlalchemy.orm import Session, joinedload

from app.db.writes import delete_some
from app.models.models import Invitation


def create_invitation(session: Session, *, now: datetime, **values: Any) -> Invitation:
    """Insert an invitation."""
    invitation = Invitation(created_at=now, **values)
    session.add(invitation)
    session.flush()
    return invitation


def find_open_invitation(session: Session, *, token_digest: str, now: datetime) -> int | None:
    """The id of the open invitation with this token, if there is one."""
    return session.scalar(
        select(Invitation.id).where(Invitation.token_digest == token_digest, _is_open(now))
    )


def list_open_invitations(session: Session, *, now: datetime) -> Sequence[Invitation]:
    """The open invitations with their authors, the newest first."""
    return session.scalars(
        select(Invitation)
        .where(_is_open(now))
        .options(joinedload(Invitation.author))
        .order_by(Invitation.id.desc())
    ).all()


def end_invitation(session: Session, *, invitation_id: int, now: datetime) -> bool:
    """End an invitation. False when it is not open."""
    return bool(_end(session, Invitation.id == invitation_id, now=now))


def end_invitations_of(session: Session, *, author_id: int, now: datetime) -> Sequence[int]:
    """End the open invitations of an author. Returns their ids, ascending."""
    return sorted(_end(session, Invitation.created_by == author_id, now=now))


def find_oldest_expiry(session: Session, *, until: datetime) -> datetime | None:
    """When the first invitation expired of those that can be deleted."""
    return session.scalar(select(func.min(Invitation.expires_at)).where(*_deletable(until)))


def delete_some_invitations(session: Session, *, until: datetime) -> int:
    """Delete some of the invitations that expired until an instant; how many."""
    return delete_some(session, Invitation, *_deletable(until))


def _deletable(until: datetime) -> Sequence[ColumnElement[bool]]:
    newest = select(func.max(Invitation.id)).correlate(None).scalar_subquery()
    return (Invitation.expires_at <= until, Invitation.id < newest)


def _end(session: Session, which: ColumnElement[bool], *, now: datetime) -> Sequence[int]:
    ended = update(Invitation).where(which, _is_open(now)).values(ended_at=now)
    return session.scalars(ended.returning(Invitation.id)).all()


def _is_open(now: datetime) -> ColumnElement[bool]:
    return and_(Invitation.ended_at.is_(None), Invitation.expires_at > now)
