"""Reads of patients' data go into the audit log."""

from dataclasses import asdict
from functools import partial

import structlog

from app.domain.people import Actor
from app.http.resources import Resources
from app.http.transactions import NOT_WRITTEN
from app.services import audit
from app.services.audit import AuditEvent

log = structlog.get_logger(__name__)


class ReadRecorder:
    """Writes into the audit log who read the data of which patients other than themselves.

    When nothing can be written a clinic still needs its day: the record goes to the log of the
    server then.
    """

    def __init__(self, app: Resources) -> None:
        self._app = app

    def __call__(self, event: AuditEvent, *, by: Actor) -> None:
        """Record a read before it is answered, unless it is recorded already."""
        now = self._app.clock()
        new = self._app.reader.read(partial(audit.unrecorded, event=event, by=by, now=now))
        if new is None:
            return
        try:
            with self._app.database.writing() as session:
                audit.record(session, new, by=by, now=now)
        except NOT_WRITTEN as error:
            self._app.readiness.note_failure(now)
            log.error(  # noqa: TRY400 - no bug
                "read_not_recorded", actor_id=by.id, **asdict(new), error=str(error)
            )
