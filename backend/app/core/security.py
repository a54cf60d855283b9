"""Passwords, session tokens and the lane in which passwords are hashed."""

import asyncio
import contextvars
import hashlib
import hmac
import re
import secrets
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any, NamedTuple, TypeVar

import bcrypt
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from app.core.config import PasswordPolicy
from app.domain.errors import InvalidInput, ServerBusy

MAX_PASSWORD_BYTES = 72
MINIMUM_LENGTH = {PasswordPolicy.DOCUMENT: 7, PasswordPolicy.ASVS: 8, PasswordPolicy.NIST: 15}
BCRYPT_HASH = re.compile(r"\$2[aby]\$(0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{53}\Z")
COMMON_PASSWORDS = frozenset(FREQUENCY_LISTS["passwords"])

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


def check_password_rules(password: str, policy: PasswordPolicy, *, field: str = "password") -> None:
    """Raise InvalidInput, naming `field`, for a password that the policy does not accept.

    Length counts characters; ASVS 5.0 (6.2.1, 6.2.4) and NIST SP 800-63B-4 (3.1.1.2) ask for
    a minimum length and a list of common passwords, and forbid rules of composition. bcrypt
    reads 72 bytes: a longer password is refused, never shortened.
    """
    if len(password) < MINIMUM_LENGTH[policy]:
        raise InvalidInput(field, f"Use a password of {MINIMUM_LENGTH[policy]} characters or more.")
    if len(password.encode()) > MAX_PASSWORD_BYTES:
        raise InvalidInput(field, f"Use a password of at most {MAX_PASSWORD_BYTES} bytes.")
    if policy is not PasswordPolicy.DOCUMENT and password.lower() in COMMON_PASSWORDS:
        raise InvalidInput(field, "This password is among the most common ones.")


class PasswordHasher:
    """bcrypt at a given cost (2^cost rounds)."""

    def __init__(self, cost: int) -> None:
        self.cost = cost
        self._hash_of_nobody = bcrypt.gensalt(cost) + b"." * 31

    def hash(self, password: str) -> str:
        """Hash a password of at most 72 UTF-8 bytes."""
        return bcrypt.hashpw(password.encode(), bcrypt.gensalt(self.cost)).decode()

    def verify(self, password: str, hashed: str | None) -> bool:
        """Whether the password fits, at the price of exactly one hash whatever the answer.

        `hashed` is None for a user who does not exist. A password of over 72 bytes and a
        malformed stored hash fit nothing.
        """
        presented = password.encode()
        if not hashed or len(presented) > MAX_PASSWORD_BYTES or not BCRYPT_HASH.match(hashed):
            bcrypt.checkpw(b"nobody", self._hash_of_nobody)
            return False
        return bcrypt.checkpw(presented, hashed.encode())

    def is_outdated(self, hashed: str) -> bool:
        """Whether a hash was made at a lower cost than today's."""
        return int(hashed.split("$")[2]) < self.cost


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
        except BaseException as error:  # noqa: BLE001 - whoever waits for the result gets it
            future.set_exception(error)
