"""The way from the pages to the API: the real one, in this process, and what can go wrong on it."""

from dataclasses import dataclass, field

import httpx
from anyio.from_thread import BlockingPortal
from fastapi import FastAPI

from app.domain.errors import DomainError
from app.http.problems import refusal_response

FRONTEND = ("127.0.0.1", 50_000)  # where requests come from
PREFIX = "/api/v1"


class InProcess(httpx.BaseTransport):
    """Has an ASGI application answer in the event loop of `portal`."""

    def __init__(self, app: FastAPI, portal: BlockingPortal) -> None:
        self._asgi = httpx.ASGITransport(app, client=FRONTEND)
        self._portal = portal

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._portal.call(self._answer, request)

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        answer = await self._asgi.handle_async_request(request)
        body = await answer.aread()
        return httpx.Response(answer.status_code, headers=answer.headers, content=body)


@dataclass
class Gateway(httpx.BaseTransport):
    """Passes requests on to `api` and writes them down, unless a test wants it otherwise.

    `down` is an API that cannot be reached. `refusals` are answered in place of the API: only
    what it cannot be made to answer, such as that it is busy.
    """

    api: httpx.BaseTransport
    down: bool = False
    refusals: dict[tuple[str, str], DomainError] = field(default_factory=dict)
    requests: list[httpx.Request] = field(default_factory=list)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self.down:
            raise httpx.ConnectError("connection refused", request=request)
        self.requests.append(request)
        refusal = self.refusals.get((request.method, request.url.path.removeprefix(PREFIX)))
        if refusal is None:
            return self.api.handle_request(request)
        answer = refusal_response(refusal)
        return httpx.Response(
            answer.status_code, headers=dict(answer.headers), content=bytes(answer.body)
        )

    def queries(self, path: str) -> list[dict[str, str]]:
        """What was read from `path` since the last time, as the parameters of the queries."""
        found = [dict(one.url.params) for one in self.requests if one.url.path == PREFIX + path]
        self.requests.clear()
        return found
