"""Structured logs: one line an event, with the id of the request it belongs to."""

import logging
import re
from typing import TYPE_CHECKING

import structlog

from app.core.config import LogFormat

if TYPE_CHECKING:
    from structlog.typing import EventDict, Processor, WrappedLogger

DETAIL = re.compile(r"^(\s*DETAIL:).*$", re.MULTILINE)


def configure_logs(level: str, log_format: LogFormat) -> None:
    """Send our own events, and those of the libraries, through one formatter to stderr."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _without_rows,
    ]
    as_json = log_format is LogFormat.JSON
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer()
                if as_json
                else structlog.dev.ConsoleRenderer(colors=False),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    # It tells at every probe of /readyz which engine it talks to.
    logging.getLogger("alembic.runtime.migration").setLevel(logging.WARNING)


def _without_rows(_: "WrappedLogger", __: str, event: "EventDict") -> "EventDict":
    """Leave out of a traceback the row that PostgreSQL adds to a violated constraint."""
    if "exception" in event:
        event["exception"] = DETAIL.sub(r"\1 (left out)", event["exception"])
    return event
