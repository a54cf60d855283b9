"""How often something may be tried before one has to wait (security specification, Passwords)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class AttemptKind(StrEnum):
    """What is counted: failed logins, and registrations."""

    LOGIN = "login"
    REGISTRATION = "registration"


@dataclass(frozen=True, slots=True)
class Limit:
    """So many attempts within a window of time; the next one has to wait."""

    attempts: int
    window: timedelta

    def wait(self, decisive: datetime | None, now: datetime) -> timedelta:
        """How long to wait, when `decisive` is the last attempt but `attempts` - 1.

        That attempt decides: once it leaves the window there is room for another one. It is None
        when there were fewer.
        """
        if decisive is None:
            return timedelta(0)
        return max(decisive + self.window - now, timedelta(0))


LOGINS_PER_ACCOUNT_AND_ADDRESS = Limit(10, timedelta(minutes=5))
LOGINS_PER_ADDRESS = Limit(30, timedelta(minutes=5))
LOGINS_PER_ACCOUNT = Limit(50, timedelta(hours=1))
REGISTRATION_WINDOW = timedelta(hours=1)
LONGEST_WINDOW = timedelta(hours=1)
