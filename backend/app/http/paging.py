"""Pages of a list: an opaque cursor and the link to the next page (RFC 8288)."""

import base64
import binascii
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Query, Request, Response
from pydantic import BeforeValidator, WithJsonSchema

from app.domain.appointments import Position
from app.schemas.fields import LARGEST_ID, refusal


def _position(value: object) -> Position | None:
    if value is None:
        return None
    try:
        starts_at, identifier = base64.urlsafe_b64decode(str(value)).decode("ascii").split("/")
        position = Position(datetime.fromisoformat(starts_at).astimezone(UTC), int(identifier))
    except (ValueError, OverflowError, binascii.Error):
        raise refusal("Follow the link of the page before.") from None
    if not 0 < position.id <= LARGEST_ID:
        raise refusal("Follow the link of the page before.")
    return position


Cursor = Annotated[
    Position | None,
    BeforeValidator(_position),
    WithJsonSchema({"type": "string", "maxLength": 200}),
    Query(description="from the `Link` header of the page before"),
]


def set_next_link(request: Request, response: Response, after: Position) -> None:
    """Tell where the page behind this position is."""
    position = f"{after.starts_at.isoformat()}/{after.id}"
    cursor = base64.urlsafe_b64encode(position.encode()).decode()
    url = request.url.include_query_params(cursor=cursor)
    response.headers["Link"] = f'<{url.path}?{url.query}>; rel="next"'
