"""Single-use tickets that carry the cookies of a login from the script to the cookie route.

A Streamlit script cannot set a cookie. So the script issues a ticket,
the page posts it to `/session/adopt`, and that answer sets the HttpOnly cookies. A ticket is
valid only in the browser whose HttpOnly cookie it was issued for.
"""

import hmac
import secrets
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import ModuleType
from typing import Final, NamedTuple, cast

LIFETIME_SECONDS: Final = 30
MOST_TICKETS: Final = 4096


class LoginCookies(NamedTuple):
    """The values of the cookies that a login sets: its session, and the device as a known one."""

    session: str
    device: str | None = None


@dataclass(frozen=True)
class _Ticket:
    cookies: LoginCookies
    browser: str
    expires_at: float


@dataclass
class TicketStore:
    """The tickets of one process. `clock` gives monotonic seconds."""

    clock: Callable[[], float] = time.monotonic
    _tickets: dict[str, _Ticket] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def issue(self, cookies: LoginCookies, browser: str) -> str:
        """A ticket for the `cookies` of a login, valid for 30 seconds and only in this `browser`.

        At most `MOST_TICKETS` are stored; the oldest are dropped.
        """
        now = self.clock()
        ticket = secrets.token_urlsafe(32)
        with self._lock:
            self._tickets = {
                name: kept for name, kept in self._tickets.items() if kept.expires_at > now
            }
            if len(self._tickets) >= MOST_TICKETS:
                del self._tickets[next(iter(self._tickets))]
            self._tickets[ticket] = _Ticket(cookies, browser, now + LIFETIME_SECONDS)
        return ticket

    def redeem(self, ticket: str, browser: str) -> LoginCookies | None:
        """The cookies of the login, or None: unknown, used, too old, or from another browser."""
        with self._lock:
            found = self._tickets.pop(ticket, None)
        if found is None or found.expires_at <= self.clock():
            return None
        same_browser = hmac.compare_digest(found.browser.encode(), browser.encode())
        return found.cookies if browser and same_browser else None


def pinned_store() -> TicketStore:
    """The one store of this process.

    Streamlit's file watcher drops edited modules from `sys.modules`, after which script and
    server would each hold a store of their own. A module without a file is never dropped.
    """
    home = sys.modules.setdefault("_clinic_tickets", ModuleType("_clinic_tickets"))
    return cast("TicketStore", home.__dict__.setdefault("store", TicketStore()))
