"""The audit log."""

from dataclasses import dataclass
from typing import Final

from pydantic import TypeAdapter

from ui.api.models import Audit
from ui.api.transport import Transport, given, parse

_RECORDS: Final = TypeAdapter(list[Audit])


@dataclass(frozen=True)
class AuditLog:
    transport: Transport

    def find(self, **filters: str | int | None) -> list[Audit]:
        """The records one may see, the newest first, by the filters of `GET audit/`.

        `before` is the last sequence of the page before, `limit` the size of a page (at most 200).
        """
        return parse(_RECORDS, self.transport.send("GET", "/audit/", params=given(filters)))
