"""Statements about the stored replies to requests with an Idempotency-Key."""

from datetime import datetime
from typing import NamedTuple, cast

from sqlalchemy import Table, delete, insert, select

from app.core.database import try_lock
from app.core.prepared import Parameter, Prepared, Transaction, parameters_for, rows_in
from app.models import StoredReply

_REPLIES = cast("Table", StoredReply.__table__)
_since = Parameter("since", StoredReply.created_at.type)
_FIND = Prepared(
    select(StoredReply.fingerprint, StoredReply.body).where(
        StoredReply.user_id == Parameter("user_id"),
        StoredReply.key == Parameter("key", StoredReply.key.type),
        StoredReply.created_at > _since,
    )
)
_FORGET = Prepared(delete(_REPLIES).where(_REPLIES.c.created_at <= _since))
_STORE = Prepared(
    insert(_REPLIES).values(
        parameters_for(*(column for column in _REPLIES.c if not column.primary_key))
    )
)


class Reply(NamedTuple):
    """A reply as it was sent, and the digest of the request that it answered."""

    fingerprint: str
    body: str


def claim_key(session: Transaction, *, user_id: int, key: str) -> bool:
    """Whether nobody else is working on this key; if so, it is ours until the commit."""
    return try_lock(session, f"reply:{user_id}:{key}")


def find_reply(session: Transaction, *, user_id: int, key: str, since: datetime) -> Reply | None:
    """The reply that was stored under a person's key since an instant."""
    rows = rows_in(session, _FIND, user_id=user_id, key=key, since=since)
    return Reply(*rows[0]) if rows else None


def store_reply(
    session: Transaction, reply: Reply, *, user_id: int, key: str, now: datetime, since: datetime
) -> None:
    """Store a reply, and forget those from before `since`."""
    rows_in(session, _FORGET, since=since)
    rows_in(session, _STORE, user_id=user_id, key=key, created_at=now, **reply._asdict())
