"""The current time: the one place where pages read the clock."""

from datetime import UTC, date, datetime

from ui.formatting import text as fmt


def now() -> datetime:
    """This instant, in UTC."""
    return datetime.now(UTC)


def today(zone: str) -> date:
    """The day it is in `zone`."""
    return fmt.now_in(zone, now()).date()
