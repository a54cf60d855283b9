"""Requests that are sent twice and carried out once (the Idempotency-Key header).

Draft of the IETF HTTPAPI working group: "The Idempotency-Key HTTP Header Field".
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from app.crud import crud_reply
from app.crud.crud_reply import Reply
from app.db.statements import Transaction
from app.domain.errors import ServerBusy
from app.http.errors import KeyReused, RequestInFlight

MOST_IN_FLIGHT = 1024


class KeysInFlight:
    """The keys of the requests that this process is working on.

    The database knows those of every process, but SQLite lets nobody ask while it writes: there
    a second process waits, and answers with the first one's reply.
    """

    def __init__(self) -> None:
        self._claims: dict[tuple[int, str], object] = {}

    @contextmanager
    def claimed(self, user_id: int, key: str | None) -> Iterator[None]:
        """Keep others from working on this key meanwhile.

        Raises:
            RequestInFlight: somebody works on it.
            ServerBusy: this process works on too many keys.
        """
        if key is None:
            yield
            return
        if len(self._claims) >= MOST_IN_FLIGHT:
            raise ServerBusy
        claim, ours = (user_id, key), object()
        if self._claims.setdefault(claim, ours) is not ours:
            raise RequestInFlight
        try:
            yield
        finally:
            del self._claims[claim]


def run_once(
    session: Transaction,
    *,
    user_id: int,
    key: str,
    request: str,
    now: datetime,
    answer: Callable[[], str],
) -> str:
    """The stored reply to this key, or that of `answer`, stored in its transaction.

    `request` is the body that the key belongs to; only its digest is stored. A refusal undoes the
    transaction and is not stored: the same key may be tried again.

    Raises:
        KeyReused: the key came with another body before.
        RequestInFlight: the same request is being answered.
    """
    if not crud_reply.claim_key(session, user_id=user_id, key=key):
        raise RequestInFlight
    fingerprint = hashlib.sha256(request.encode()).hexdigest()
    stored = crud_reply.find_reply(
        session, user_id=user_id, key=key, since=now - crud_reply.REPLY_LIFETIME
    )
    if stored is not None:
        if stored.fingerprint != fingerprint:
            raise KeyReused
        return stored.body
    reply = Reply(fingerprint, answer())
    crud_reply.store_reply(session, reply, user_id=user_id, key=key, now=now)
    return reply.body
