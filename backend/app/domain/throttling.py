"""How often something may be tried before one has to wait (security specification, Passwords)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from ipaddress import IPv6Address, IPv6Network, ip_address

NETWORK_BITS = 64
LONGEST_ADDRESS = 64


class AttemptKind(StrEnum):
    """What is counted.

    LOGIN: failed logins. REGISTRATION: registrations. PROOF: wrong passwords in an open session.
    EMAIL: changes of an e-mail address.
    """

    LOGIN = "login"
    REGISTRATION = "registration"
    PROOF = "proof"
    EMAIL = "email"


@dataclass(frozen=True, slots=True)
class Limit:
    """So many attempts within a window of time; the next one has to wait."""

    attempts: int
    window: timedelta

    def wait(self, decisive: datetime | None, now: datetime) -> timedelta:
        """How long to wait, when `decisive` is the last attempt but `attempts` - 1.

        That attempt decides: once it leaves the window there is room for another one. It is None
        when there were fewer. Nobody waits longer than the window, whatever the clocks say.
        """
        if decisive is None:
            return timedelta(0)
        return min(max(decisive + self.window - now, timedelta(0)), self.window)


LOGINS_PER_ACCOUNT_AND_ADDRESS = Limit(10, timedelta(minutes=5))
LOGINS_PER_ADDRESS = Limit(30, timedelta(minutes=5))
LOGINS_PER_ACCOUNT = Limit(50, timedelta(hours=1))
PROOFS = (Limit(10, timedelta(minutes=5)), Limit(50, timedelta(hours=1)))
HOUR = timedelta(hours=1)
EMAIL_CHANGES_PER_ADDRESS = Limit(20, HOUR)
LONGEST_WINDOW = HOUR
CLOCK_TOLERANCE = timedelta(minutes=1)
"""How far in the future an attempt still counts: the clocks of several hosts differ, and a request
is answered after the moment it came. Attempts beyond were made before a clock was set back."""


def network_of(address: str) -> str:
    """What attempts are counted by: an IPv4 address, or the /64 network of an IPv6 address.

    Providers give every customer a /64 at least (RFC 6177). An IPv4 address that is mapped into
    IPv6, or the one of a 6to4 address, counts as itself. What is no address counts as it stands.
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return address[:LONGEST_ADDRESS]
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    embedded = parsed.ipv4_mapped or parsed.sixtofour
    return str(embedded or IPv6Network((int(parsed), NETWORK_BITS), strict=False))
