# Copied from backend/app/domain/time/zones.py by `make generate`.
"""Which names are those of time zones, and the zones that they name.

The names are listed once a process: an update of the rules is seen after the next start.
"""

from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

NO_ZONES = {"localtime", "Factory", "posixrules"}
"""What stands among the zones: the one of this machine, and places for one that was not chosen."""
COPIES = ("posix/", "right/")


@cache
def zone_names() -> tuple[str, ...]:
    """The names of all zones, sorted, `UTC` among them."""
    names = available_timezones() - NO_ZONES
    return tuple(sorted(name for name in names if not name.startswith(COPIES)))


def is_zone(name: str) -> bool:
    """Whether a zone has this very name, written in this way."""
    return name in _names()


def find_zone(name: str) -> ZoneInfo | None:
    """The zone of a name; None when there is none, or its rules cannot be read.

    A name that was stored may have gone since: zones are renamed and removed.
    """
    if not is_zone(name):
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


@cache
def _names() -> frozenset[str]:
    return frozenset(zone_names())
