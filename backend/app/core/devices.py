"""Device cookies: in which accounts a browser has logged in before.

Failed logins of such a browser count for it alone, so that nobody can lock it out of its accounts
(OWASP, Slow Down Online Guessing Attacks with Device Cookies). A cookie proves no login: it only
chooses whose failures count.
"""

import hmac
import re
import secrets
from datetime import datetime, timedelta
from typing import NamedTuple, Self

ACCOUNTS_PER_BROWSER = 5
LIFETIME = timedelta(days=180)
SEPARATOR = "~"
TOKEN = re.compile(
    r"(\d{1,19})\.(\d{1,10})\.(\d{1,11})\.([A-Za-z0-9_-]{22})\.([0-9a-f]{64})\Z", re.ASCII
)


class Device(NamedTuple):
    """A browser's earlier login. `expires_at` counts seconds since 1970."""

    user_id: int
    generation: int
    expires_at: int
    nonce: str

    @classmethod
    def read(cls, token: str, key: bytes) -> Self | None:
        """What a token says, or None when it was not signed with the key."""
        match = TOKEN.match(token)
        if match is None:
            return None
        user_id, generation, expires_at, nonce, _ = match.groups()
        device = cls(int(user_id), int(generation), int(expires_at), nonce)
        return device if hmac.compare_digest(device.signed(key), token) else None

    def signed(self, key: bytes) -> str:
        """The token of this login."""
        text = ".".join(map(str, self))
        return f"{text}.{hmac.new(key, text.encode(), 'sha256').hexdigest()}"


class Devices:
    """Reads and writes device cookies: signed tokens, the account that logged in last first."""

    def __init__(self, secret_key: str) -> None:
        self._key = hmac.new(secret_key.encode(), b"device", "sha256").digest()

    def read(self, cookie: str, *, now: datetime) -> list[Device]:
        """The logins that a cookie proves; forged and expired ones are left out."""
        tokens = cookie.split(SEPARATOR, ACCOUNTS_PER_BROWSER)[:ACCOUNTS_PER_BROWSER]
        found = (Device.read(token, self._key) for token in tokens)
        return [device for device in found if device and device.expires_at > now.timestamp()]

    def remember(self, cookie: str, *, user_id: int, generation: int, now: datetime) -> str:
        """The cookie after a login. Only the last few accounts of a browser are remembered."""
        expires_at = int((now + LIFETIME).timestamp())
        newest = Device(user_id, generation, expires_at, secrets.token_urlsafe(16))
        others = [device for device in self.read(cookie, now=now) if device.user_id != user_id]
        remembered = [newest, *others][:ACCOUNTS_PER_BROWSER]
        return SEPARATOR.join(device.signed(self._key) for device in remembered)
