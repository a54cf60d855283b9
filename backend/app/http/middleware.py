"""What every request passes before it is routed: a request id, headers, the cross-site check."""

import secrets
import time
from collections.abc import Iterable
from http import HTTPStatus
from urllib.parse import urlsplit, urlunsplit

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.domain.errors import DomainError
from app.http.authentication import SAFE_METHODS
from app.http.errors import CrossSiteRequest, UnsupportedMediaType
from app.http.metrics import BOOKINGS, count_request
from app.http.problems import guarded_response, internal_error_response

DOCUMENTATION_PATH = "/docs"
PROBES = {"/livez", "/readyz", "/metrics"}
REDIRECTS = {301, 302, 303, 307, 308}
HSTS = "max-age=63072000; includeSubDomains"
API_POLICY = "default-src 'none'; frame-ancestors 'none'"
DOCUMENTATION_POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)


class RequestLog:
    """Gives each request an id, and writes one line about it: never a query, body or header.

    Outside of all but the headers, so that an exception nobody expected leaves as a problem.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._log = structlog.get_logger("access").bind()  # once, not for every line

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = secrets.token_hex(8)
        scope.setdefault("state", {})["request_id"] = request_id
        status: int | None = None
        started = time.perf_counter()

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"].append((b"x-request-id", request_id.encode()))
            await send(message)

        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        try:
            await self.app(scope, receive, send_with_id)
        except Exception:
            self._log.exception("unhandled_exception")
            if status is not None:
                raise
            await internal_error_response()(scope, receive, send_with_id)
        finally:
            seconds = time.perf_counter() - started
            method, route = scope["method"], _route_of(scope)
            count_request(method, route, status, seconds)
            if status == HTTPStatus.CREATED and "has_booked" in scope["state"]:
                BOOKINGS.inc()
            if route not in PROBES:
                self._log.info(
                    "request",
                    method=method,
                    route=route,
                    status=status,
                    milliseconds=round(seconds * 1000, 1),
                )


class SecurityHeaders:
    """The headers of every answer (OWASP cheat sheets, REST Security).

    A redirect names a path: the router takes the host from the request, where anybody may write
    another one.
    """

    def __init__(self, app: ASGIApp, *, https: bool) -> None:
        self.app = app
        common = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
        if https:
            common["Strict-Transport-Security"] = HSTS
        self._usual = _as_sent({**common, "Content-Security-Policy": API_POLICY})
        self._of_docs = _as_sent({**common, "Content-Security-Policy": DOCUMENTATION_POLICY})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message["headers"]
                if message["status"] in REDIRECTS:
                    _name_path_only(MutableHeaders(raw=headers))
                if not any(name == b"cache-control" for name, _ in headers):
                    headers.append((b"cache-control", b"no-store"))
                headers += self._of_docs if scope["path"] == DOCUMENTATION_PATH else self._usual
            await send(message)

        await self.app(scope, receive, send_with_headers)


class CrossSiteGuard:
    """Refuses requests that another website makes a browser send, and bodies other than JSON.

    A listed origin may send them. For others fetch metadata decides where the browser sends it,
    else the Origin header (OWASP Cross-Site Request Forgery Prevention). A request with neither
    does not come from a page.
    """

    def __init__(self, app: ASGIApp, *, origins: Iterable[str]) -> None:
        self.app = app
        self.origins = frozenset(origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] not in SAFE_METHODS:
            refusal = self._refusal(Headers(scope=scope))
            if refusal is not None:
                response = await guarded_response(Request(scope), refusal)
                await response(scope, receive, send)
                return
        await self.app(scope, receive, send)

    def _refusal(self, headers: Headers) -> DomainError | None:
        if not self._is_own(headers):
            return CrossSiteRequest()
        if _has_body(headers) and not _is_json(headers):
            return UnsupportedMediaType()
        return None

    def _is_own(self, headers: Headers) -> bool:
        site, origin = headers.get("sec-fetch-site"), headers.get("origin")
        if origin is not None and origin.lower() in self.origins:
            return True
        return origin is None if site is None else site in {"same-origin", "none"}


class BodyLimit:
    """Refuses to read a body of more than `largest` bytes, whether it tells its size or not.

    FastAPI's `max_body_size` answers outside of all middleware: as text, without our headers.
    """

    def __init__(self, app: ASGIApp, *, largest: int) -> None:
        self.app = app
        self.largest = largest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        size = int(Headers(scope=scope).get("content-length", "0"))
        read = 0

        async def receive_within_limit() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if max(size, read) > self.largest:
                raise HTTPException(413)
            return message

        await self.app(scope, receive_within_limit, send)


def _name_path_only(headers: MutableHeaders) -> None:
    target = urlsplit(headers["location"])
    path = "/" + target.path.lstrip("/")
    headers["location"] = urlunsplit(("", "", path, target.query, target.fragment))


def _as_sent(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()]


def _has_body(headers: Headers) -> bool:
    return "transfer-encoding" in headers or headers.get("content-length", "0") != "0"


def _is_json(headers: Headers) -> bool:
    return headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json"


def _route_of(scope: Scope) -> str:
    """The template of the route, so that no identifier reaches the log."""
    return getattr(scope.get("route"), "path", "unrouted")
