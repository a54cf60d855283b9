"""Statements about the stored replies to requests with an Idempotency-Key."""

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.core.database import try_lock
from app.models import StoredReply


def claim_key(session: Session, *, user_id: int, key: str) -> bool:
    """Whether nobody else is working on this key; if so, it is ours until the commit."""
    return try_lock(session, f"reply:{user_id}:{key}")


def find_reply(session: Session, *, user_id: int, key: str, since: datetime) -> StoredReply | None:
    """The reply that was stored under a person's key since an instant."""
    return session.scalars(
        select(StoredReply).where(
            StoredReply.user_id == user_id,
            StoredReply.key == key,
            StoredReply.created_at > since,
        )
    ).one_or_none()


def store_reply(session: Session, reply: StoredReply, *, since: datetime) -> None:
    """Store a reply, and forget those from before `since`."""
    session.execute(delete(StoredReply).where(StoredReply.created_at <= since))
    session.add(reply)
    session.flush()
