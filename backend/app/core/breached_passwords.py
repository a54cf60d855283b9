"""Passwords known from data breaches, asked of a service that learns five letters of a hash."""

import hashlib
import http.client
import time
import urllib.error
import urllib.request
from typing import Any

import structlog

TIMEOUT_SECONDS = 2.0
PAUSE_SECONDS = 60.0
LONGEST_ANSWER = 1 << 20

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
    (fail open): nobody is kept out because another company's service is down. It is then left
    alone for a minute, so that passwords do not queue up behind it.
    """

    def __init__(self, url: str) -> None:
        self._url = url if url.endswith("/") else f"{url}/"
        self._asked_again_at = 0.0

    def __contains__(self, password: str) -> bool:
        digest = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper()
        if time.monotonic() < self._asked_again_at:
            return False
        try:
            answer = self._ask(digest[:5])
        except (OSError, http.client.HTTPException, UnicodeDecodeError) as failure:
            self._asked_again_at = time.monotonic() + PAUSE_SECONDS
            log.warning("breached_passwords_unavailable", error=type(failure).__name__)
            return False
        return _is_listed(digest[5:], answer)

    def _ask(self, prefix: str) -> str:
        request = urllib.request.Request(  # noqa: S310 - the setting is an http or https address
            f"{self._url}{prefix}", headers={"Add-Padding": "true", "User-Agent": "clinic"}
        )
        with WITHOUT_REDIRECTS.open(request, timeout=TIMEOUT_SECONDS) as answer:
            content: bytes = answer.read(LONGEST_ANSWER)
        return content.decode("ascii")


def _is_listed(rest: str, answer: str) -> bool:
    """Whether the answer has this hash, and not as padding, which occurs 0 times."""
    for line in answer.splitlines():
        suffix, _, count = line.partition(":")
        if suffix.strip().upper() == rest:
            return count.strip() != "0"
    return False
