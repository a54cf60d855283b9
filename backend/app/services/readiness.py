"""Whether the database takes changes: what it answers does not tell that its disk is full."""

from datetime import datetime, timedelta

from app.crud import crud_attempt
from app.db.database import Database
from app.domain.errors import Unavailable

PAUSE = timedelta(seconds=5)


class Readiness:
    """What this process knows of it. A small change that works says little about larger ones."""

    def __init__(self) -> None:
        self._failed_at: datetime | None = None
        self._written_at: datetime | None = None

    def note_failure(self, now: datetime) -> None:
        """Remember that the database could not do what a request needed."""
        self._failed_at = now

    def check(self, database: Database, now: datetime) -> None:
        """Raise Unavailable for a while after a failure, else write something and take it back.

        Frequent requests do not make it write more often.

        Raises:
            Unavailable: the database failed within the last seconds.
            OperationalError: it takes no changes.
        """
        if _is_recent(self._failed_at, now):
            raise Unavailable("The database could not be used a moment ago: is its disk full?")
        if not _is_recent(self._written_at, now):
            with database.writing() as session:
                crud_attempt.try_to_write(session, now=now)
            self._written_at = now


def _is_recent(moment: datetime | None, now: datetime) -> bool:
    return moment is not None and timedelta() <= now - moment < PAUSE
