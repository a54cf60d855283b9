"""Free slots as they are sent, with an ETag for conditional requests."""

from importlib.metadata import version

from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from typing_extensions import override

from app.schemas.slots_json import slots_as_json
from app.services.slot_search import SlotSearchResult

VERSION = version("clinic-backend")


class SlotsAnswer(Response):
    """The answer to a slot search, or 304 to a request that names its ETag (RFC 9110).

    It may be sent any number of times.
    """

    def __init__(self, found: SlotSearchResult) -> None:
        first_start = found.slots[0].start if found.slots else ""
        # The answers of one revision to one search differ only in where they begin and end.
        etag = f'"{VERSION}.{found.revision:x}.{first_start}.{found.ends}"'
        super().__init__(
            slots_as_json(found.slots, found.zone),
            headers={"cache-control": "no-cache", "etag": etag},
            media_type="application/json",
        )
        self._etag = etag.encode()
        self._headers_of_304 = [
            (name, value) for name, value in self.raw_headers if name in {b"cache-control", b"etag"}
        ]

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_known = any(
            name == b"if-none-match" and (self._etag in value or value == b"*")
            for name, value in scope["headers"]
        )
        status, headers = (304, self._headers_of_304) if is_known else (200, self.raw_headers)
        await send({"type": "http.response.start", "status": status, "headers": [*headers]})
        await send({"type": "http.response.body", "body": b"" if is_known else self.body})
