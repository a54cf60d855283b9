"""Passwords, session tokens and the lane in which passwords are hashed."""

import asyncio
import contextvars
import hashlib
import hmac
import re
import secrets
import threading
import unicodedata
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any, NamedTuple, TypeVar

import bcrypt

from app.domain.errors import ServerBusy

MAX_PASSWORD_BYTES = 72
BCRYPT_HASH = re.compile(r"\$2[aby]\$(0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{53}\Z")

Result = TypeVar("Result")


class _Waiting(NamedTuple):
    future: Future[Any]
    work: Callable[[], Any]


def new_session_token() -> str:
    """An unguessable token of 256 bits."""
    return secrets.token_urlsafe(32)


def token_digest(token: str) -> str:
    """What the database keeps of a token: its SHA-256, in hexadecimal."""
    return hashlib.sha256(token.encode()).hexdigest()


def csrf_token_for(session_token: str, secret_key: str) -> str:
    """The synchronizer token of a session, which changes with every new session token."""
    return hmac.new(secret_key.encode(), b"csrf:" + session_token.encode(), "sha256").hexdigest()


def same_token(presented: str, expected: str) -> bool:
    """Compare two tokens in constant time."""
    return hmac.compare_digest(presented.encode(), expected.encode())


def normalized(password: str) -> str:
    """The one form of a password in which it is hashed, however its characters were composed.

    NFKC, as NIST SP 800-63B (5.1.1.2 of revision 3) recommends.
    """
    return unicodedata.normalize("NFKC", password)


class PasswordHasher:
    """bcrypt at a given cost (2^cost rounds)."""

    def __init__(self, cost: int) -> None:
        self.cost = cost
        self._hash_of_nobody = bcrypt.gensalt(cost) + b"." * 31

    def hash(self, password: str) -> str:
        """Hash a password, of at most 72 UTF-8 bytes in its normalized form."""
        return bcrypt.hashpw(normalized(password).encode(), bcrypt.gensalt(self.cost)).decode()

    def verify(self, password: str, hashed: str | None) -> bool:
        """Whether the password fits, at a price that does not depend on the answer.

        `hashed` is None for a user who does not exist. A password of over 72 bytes and a
        malformed stored hash fit nothing. The price is one hash, or two for a password that is
        not in its normalized form: hashes of old are of what was typed.
        """
        stored = hashed if hashed and BCRYPT_HASH.match(hashed) else None
        forms = dict.fromkeys((normalized(password), password))
        return any([self._fits(form.encode(), stored) for form in forms])  # noqa: C419 - all of them

    def is_outdated(self, hashed: str, password: str) -> bool:
        """Whether the hash that a password fits has a lower cost, or is of another form of it."""
        kept = normalized(password)
        return int(hashed.split("$")[2]) < self.cost or (
            kept != password and not self._fits(kept.encode(), hashed)
        )

    def _fits(self, presented: bytes, hashed: str | None) -> bool:
        if hashed is None or len(presented) > MAX_PASSWORD_BYTES:
            bcrypt.checkpw(b"nobody", self._hash_of_nobody)
            return False
        return bcrypt.checkpw(presented, hashed.encode())


class HashingLane:
    """One thread with bounded queues, so that a storm of logins never starves bookings.

    People in an open session, or in a browser that has logged in to the account before, have a
    queue of their own. The thread takes from both in turn: whatever strangers send, the next of
    these people waits for one hash of theirs at the most.
    """

    def __init__(self, queue_size: int) -> None:
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="hashing")
        self._queues: dict[bool, deque[_Waiting]] = {True: deque(), False: deque()}
        self._places = dict.fromkeys(self._queues, queue_size)
        self._takes_known = True
        self._lock = threading.Lock()

    async def run(self, work: Callable[[], Result], *, is_known: bool = False) -> Result:
        """Run `work` when its turn comes. Raises ServerBusy at once when its queue is full."""
        future: Future[Result] = Future()
        with self._lock:
            if len(self._queues[is_known]) >= self._places[is_known]:
                raise ServerBusy
            self._queues[is_known].append(
                _Waiting(future, partial(contextvars.copy_context().run, work))
            )
        self._executor.submit(self._do_next)
        return await asyncio.wrap_future(future)

    def close(self) -> None:
        """Finish the hash under way and drop those that wait: nobody waits for them any more."""
        self._executor.shutdown(cancel_futures=True)
        for queue in self._queues.values():
            for waiting in queue:
                waiting.future.cancel()

    def _do_next(self) -> None:
        with self._lock:
            is_known = (
                self._takes_known if self._queues[self._takes_known] else not self._takes_known
            )
            future, work = self._queues[is_known].popleft()
            self._takes_known = not is_known
        if not future.set_running_or_notify_cancel():
            return
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001 - it is raised where the result is awaited
            future.set_exception(error)
