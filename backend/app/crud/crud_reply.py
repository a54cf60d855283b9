"""Statements about the stored replies to requests with an Idempotency-Key."""

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.db.statements import Parameter, Statement, Transaction
from app.db.transactions import execute
from app.db.writes import delete_some, insert_unless_refused, try_lock
from app.models.models import StoredReply

REPLY_LIFETIME = timedelta(hours=24)

_OF_KEY = (
    StoredReply.user_id == Parameter("user_id"),
    StoredReply.key == Parameter("key", StoredReply.key.type),
)
_FIND = Statement(
    select(StoredReply.fingerprint, StoredReply.body).where(
        *_OF_KEY, StoredReply.created_at > Parameter("since", StoredReply.created_at.type)
    )
)
_RENEW = Statement(
    update(StoredReply)
    .where(*_OF_KEY)
    .values(
        fingerprint=Parameter("fingerprint", StoredReply.fingerprint.type),
        body=Parameter("body", StoredReply.body.type),
        created_at=Parameter("created_at", StoredReply.created_at.type),
    )
)


class Reply(NamedTuple):
    """A reply as it was sent, and the digest of the request that it answered."""

    fingerprint: str
    body: str


def claim_key(session: Transaction, *, user_id: int, key: str) -> bool:
    """Whether nobody else is working on this key; if so, it is ours until the commit.

    Of the works of one process, which may share a transaction, KeysInFlight lets in one.
    """
    return try_lock(session, f"reply:{user_id}:{key}")


def find_reply(session: Transaction, *, user_id: int, key: str, since: datetime) -> Reply | None:
    """The reply that was stored under a person's key since an instant."""
    rows = execute(session, _FIND, user_id=user_id, key=key, since=since)
    return Reply(*rows[0]) if rows else None


def store_reply(
    session: Transaction, reply: Reply, *, user_id: int, key: str, now: datetime
) -> None:
    """Store a reply, instead of an older one under its key."""
    values = {"user_id": user_id, "key": key, "created_at": now, **reply._asdict()}
    if insert_unless_refused(session, StoredReply, values) is None:
        execute(session, _RENEW, **values)


def find_oldest_reply(session: Session, *, until: datetime) -> datetime | None:
    """When the oldest reply was stored of those that were stored until an instant."""
    oldest = select(func.min(StoredReply.created_at)).where(StoredReply.created_at <= until)
    return session.scalar(oldest)


def delete_some_replies(session: Session, *, until: datetime) -> int:
    """Delete some of the replies that were stored until an instant; how many."""
    return delete_some(session, StoredReply, StoredReply.created_at <= until)
