"""Passwords known from data breaches: a service looks them up by five digits of a hash."""

import asyncio
import hashlib
import http.client
import threading
import time
import urllib.error
import urllib.request
from concurrent.futures import Future
from typing import Any

import structlog

TIMEOUT_SECONDS = 2.0
PAUSE_SECONDS = 60.0
LONGEST_ANSWER = 1 << 20
MOST_AT_ONCE = 4

log = structlog.get_logger(__name__)


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect is an error: the server connects to no address but the setting's."""

    def redirect_request(self, *_: Any) -> None:
        return None


WITHOUT_REDIRECTS = urllib.request.build_opener(_NoRedirects)


class BreachedPasswords:
    """The range search of Pwned Passwords, at its own address or at that of a copy.

    The service gets the first five digits of a password's SHA-1 and answers with the rest of all
    that begin so. When it does not answer within two seconds, no password counts as breached
    (fail open), and no other request is sent to it for a minute. Each request has a thread of its
    own: a slow service delays only the passwords that it is asked about.
    """

    def __init__(self, url: str) -> None:
        self._url = url if url.endswith("/") else f"{url}/"
        self._paused_until = 0.0
        self._places = asyncio.Semaphore(MOST_AT_ONCE)

    async def has(self, password: str) -> bool:
        """Return whether the service lists this password; False when it does not answer."""
        digest = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper()
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS), self._places:
                if time.monotonic() < self._paused_until:
                    return False
                answer = await asyncio.wrap_future(self._request(digest[:5]))
        except (OSError, http.client.HTTPException, UnicodeDecodeError) as failure:
            self._paused_until = time.monotonic() + PAUSE_SECONDS
            log.warning("breached_passwords_unavailable", error=type(failure).__name__)
            return False
        return _is_listed(digest[5:], answer)

    def _request(self, prefix: str) -> Future[str]:
        """Send a request in a thread that the end of the process does not wait for."""
        future: Future[str] = Future()

        def run() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(self._range_of(prefix))
            except Exception as error:  # noqa: BLE001 - the caller gets it
                future.set_exception(error)

        threading.Thread(target=run, name="breached-passwords", daemon=True).start()
        return future

    def _range_of(self, prefix: str) -> str:
        request = urllib.request.Request(  # noqa: S310 - the setting is an http or https address
            f"{self._url}{prefix}", headers={"Add-Padding": "true", "User-Agent": "clinic"}
        )
        try:
            with WITHOUT_REDIRECTS.open(request, timeout=TIMEOUT_SECONDS) as answer:
                content: bytes = answer.read(LONGEST_ANSWER)
        except urllib.error.HTTPError as refusal:
            refusal.close()
            raise
        return content.decode("ascii")


def _is_listed(rest: str, answer: str) -> bool:
    """Whether the answer has this hash, and not as padding, which occurs 0 times."""
    for line in answer.splitlines():
        suffix, _, count = line.partition(":")
        if suffix.strip().upper() == rest:
            return count.strip() != "0"
    return False
