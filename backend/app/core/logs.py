"""Structured logs: one line an event, with the id of the request it belongs to."""

import logging
import re
import sys
from functools import partial
from typing import TYPE_CHECKING, TextIO

import structlog

from app.core.config import LogFormat

if TYPE_CHECKING:
    from structlog.typing import EventDict, Processor, WrappedLogger

DETAIL = re.compile(r"^(\s*DETAIL:).*$", re.MULTILINE)


def configure_logs(level: str, log_format: LogFormat) -> None:
    """Send our own events, and those of the libraries, to stderr in one format.

    Our own go there directly: the standard library's way costs as much again as the event.
    """
    own: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _without_rows,
    ]
    is_json = log_format is LogFormat.JSON
    renderer = (
        structlog.processors.JSONRenderer()
        if is_json
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    structlog.configure(
        processors=[*own, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=partial(_NamedLogger, sys.stderr),
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=own,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    # It tells at every probe of /readyz which engine it talks to.
    logging.getLogger("alembic.runtime.migration").setLevel(logging.WARNING)


class _NamedLogger(structlog.WriteLogger):
    """Writes lines to a stream; `add_logger_name` asks for its name."""

    def __init__(self, stream: TextIO, name: str) -> None:
        super().__init__(stream)
        self.name = name


def _without_rows(_: "WrappedLogger", __: str, event: "EventDict") -> "EventDict":
    """Leave out of a traceback the row that PostgreSQL adds to a violated constraint."""
    if "exception" in event:
        event["exception"] = DETAIL.sub(r"\1 (left out)", event["exception"])
    return event
