"""The PostgreSQL engine for threads: how it connects, and what it takes for a commit."""

from typing import Any

import psycopg
from sqlalchemy import URL, Dialect, Engine, ExceptionContext, create_engine, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

from app.db.operations import name_failure
from app.db.postgres.operations import POSTGRES_OPERATIONS
from app.db.timeouts import LOCK_TIMEOUT_SECONDS
from app.domain.errors import OutcomeUnknown

STANDBY_WAIT = "SyncRepWaitForLSN"  # the function of PostgreSQL that warns when it is cancelled


def postgres_engine(url: URL, *, pool_size: int) -> Engine:
    """An engine for `postgresql://…` with at most `pool_size` connections."""
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        hide_parameters=True,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=LOCK_TIMEOUT_SECONDS,
        pool_pre_ping=True,
    )
    event.listen(engine, "do_connect", _connect)
    event.listen(engine, "handle_error", _name_failure, retval=True)
    event.listen(engine, "handle_error", _name_unknown_outcome, retval=True)
    return engine


class UnconfirmedCommitError(psycopg.OperationalError):
    """A commit that may or may not have happened, or that a failover may undo."""


class PostgresConnection(psycopg.Connection[Any]):
    """Raises UnconfirmedCommitError where psycopg would take a commit for done, or for undone.

    A backend that is cancelled while it waits for its synchronous standby reports success, with
    a warning that only its source identifies: the text is translated. And when the
    connection breaks, the server may have committed before it could say so.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._is_replicated = True
        self.add_notice_handler(self._look_at)

    def commit(self) -> None:
        self._is_replicated = True
        try:
            super().commit()
        except psycopg.OperationalError as error:
            if self.closed:
                raise UnconfirmedCommitError(*error.args) from error
            raise
        if not self._is_replicated:
            raise UnconfirmedCommitError("the wait for the synchronous standby was cancelled")

    def _look_at(self, notice: psycopg.errors.Diagnostic) -> None:
        if notice.source_function == STANDBY_WAIT:
            self._is_replicated = False


def _connect(
    _: Dialect, __: ConnectionPoolEntry, arguments: tuple[Any, ...], options: dict[str, Any]
) -> PostgresConnection:
    return PostgresConnection.connect(*arguments, **options)


def _name_unknown_outcome(context: ExceptionContext) -> OutcomeUnknown | None:
    unknown = isinstance(context.original_exception, UnconfirmedCommitError)
    return OutcomeUnknown() if unknown else None


def _name_failure(context: ExceptionContext) -> OperationalError | None:
    return name_failure(context, POSTGRES_OPERATIONS)
