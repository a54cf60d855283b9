"""The web server around the Streamlit script: the session cookie, its guard, the static files."""

import base64
import hashlib
import html
import logging
import re
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit, urlunsplit

import streamlit as st
from pydantic import BaseModel, ValidationError
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request, cookie_parser
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import file_util

from ui.api.errors import SENTENCES, ApiFailure
from ui.config import Settings, settings
from ui.config.client_address import ClientAddress
from ui.login.tickets import pinned_store

SCRIPT: Final = Path(__file__).parents[1] / "main.py"
ASSETS: Final = Path(__file__).parents[1] / "assets"
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
# The pages need three of Streamlit's own routes. The others store files, report internals, or start
# a login elsewhere.
STREAMLIT_ROUTES: Final = re.compile(
    r"/+(_stcore|media|component|app/static|auth|oauth2callback)(/|\Z)", re.IGNORECASE
)
OPEN_STREAMLIT_ROUTES: Final = frozenset(
    {"/_stcore/health", "/_stcore/host-config", "/_stcore/stream"}
)
SCRIPT_TYPES: Final = frozenset({"application/javascript", "text/javascript"})
MAX_BODY_BYTES: Final = 1024
DEVICE_COOKIE_SECONDS: Final = 180 * 24 * 3600  # the API refuses older ones
POLICY_VIOLATION: Final = 1008

log = logging.getLogger(__name__)


class Adoption(BaseModel):
    ticket: str


async def adopt(request: Request) -> Response:
    """Exchange a ticket for the cookies of a login: 204, or 403 when the ticket is not valid."""
    try:
        adoption = Adoption.model_validate_json(await _small_body(request))
    except ValidationError:
        return _refusal(400, "A ticket is expected.")
    browser = request.cookies.get(settings().browser_cookie, "")
    cookies = pinned_store().redeem(adoption.ticket, browser)
    if cookies is None:
        return _refusal(403, "The ticket is unknown, used, too old, or from another browser.")
    answer = Response(status_code=204)
    secure = settings().secure
    answer.set_cookie(
        settings().session_cookie,
        cookies.session,
        httponly=True,
        samesite="lax",
        secure=secure,
    )
    if cookies.device:
        answer.set_cookie(
            settings().device_cookie,
            cookies.device,
            max_age=DEVICE_COOKIE_SECONDS,
            httponly=True,
            samesite="lax",
            secure=secure,
        )
    return answer


async def clear(request: Request) -> Response:  # noqa: ARG001 - a route is called with the request
    """Delete the session cookie; the device cookie stays."""
    answer = Response(status_code=204)
    answer.delete_cookie(
        settings().session_cookie, httponly=True, samesite="lax", secure=settings().secure
    )
    return answer


async def healthz(request: Request) -> Response:  # noqa: ARG001 - a route is called with the request
    """Answer 200 while this process runs; the API has a health check of its own."""
    return JSONResponse({"status": "ok"})


def routes() -> list[BaseRoute]:
    return [
        Route("/session/adopt", adopt, methods=["POST"]),
        Route("/session/clear", clear, methods=["POST"]),
        Route("/healthz", healthz),
        Mount("/assets", StaticFiles(directory=ASSETS)),
    ]


def middleware() -> list[Middleware]:
    return [
        Middleware(ClientAddress, trusted=settings().frontend_trusted_proxies),
        Middleware(Guard, settings=settings()),
    ]


def on_script_error(error: Exception) -> bool:
    """Log an unexpected error of a page, and show a sentence instead of a traceback."""
    log.error("A page failed", exc_info=error)
    st.error(error.sentence if isinstance(error, ApiFailure) else SENTENCES["unexpected_answer"])
    return True


class Guard:
    """Refuses requests that other sites start, and adds security headers to every answer.

    Browsers send cookies with requests and websockets that other sites (or other ports of the
    same host) start, so everything but a plain read needs an `Origin` of the clinic's own.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.settings = settings
        self.answer_headers = _answer_headers(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope) if scope["type"] in {"http", "websocket"} else Headers()
        if scope["type"] == "websocket" and not self._is_own(headers):
            await receive()
            await send({"type": "websocket.close", "code": POLICY_VIOLATION})
        elif scope["type"] == "http":
            await self._http(scope, headers, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _http(self, scope: Scope, headers: Headers, receive: Receive, send: Send) -> None:
        app = self.app
        if scope["method"] not in SAFE_METHODS and not self._is_own(headers):
            app = _refusal(403, "This request did not come from the clinic's own pages.")
        elif _is_closed(scope["path"]):
            app = _refusal(404, "There is nothing at this address.")
        elif self._is_page_at_wrong_address(headers):
            app = self._wrong_address()

        async def send_marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._mark(MutableHeaders(scope=message), headers)
            await send(message)

        with suppress(ClientDisconnect):  # the client has gone
            await app(scope, receive, send_marked)

    def _is_own(self, headers: Headers) -> bool:
        origin = headers.get("origin", "").lower()
        if headers.get("sec-fetch-site", "same-origin") != "same-origin":
            return False
        if self.settings.public_origins:
            return origin in self.settings.public_origins
        host = headers.get("host", "").lower()
        return bool(host) and origin in {f"http://{host}", f"https://{host}"}

    def _is_page_at_wrong_address(self, headers: Headers) -> bool:
        """Whether a page is opened at an address where its websocket is refused."""
        origins = self.settings.public_origins
        if not origins or not _wants_page(headers):
            return False
        hosts = {origin.split("://")[1] for origin in origins}
        return headers.get("host", "").lower() not in hosts

    def _wrong_address(self) -> Response:
        address = html.escape(self.settings.public_url or "")
        return HTMLResponse(
            f"<!doctype html><title>Another address</title><p>The clinic is at "
            f'<a href="{address}">{address}</a>. (This address is the setting PUBLIC_URL.)</p>',
            status_code=421,
        )

    def _mark(self, answer: MutableHeaders, request: Headers) -> None:
        for name, value in self.answer_headers.items():
            answer[name] = value
        if answer.get("content-type") in SCRIPT_TYPES:
            answer["content-type"] += "; charset=utf-8"
        if "location" in answer:
            answer["location"] = _on_this_host(answer["location"])
        # Decided by the request, because a page in the browser's cache gets a 304 without a type.
        cookies = cookie_parser(request.get("cookie", ""))
        if _wants_page(request) and self.settings.browser_cookie not in cookies:
            answer.append("set-cookie", _browser_cookie(self.settings))


def _on_this_host(location: str) -> str:
    """The target of a redirect without its host, which comes from the request's Host header."""
    target = urlsplit(location)
    path = "/" + target.path.lstrip("/") if target.netloc else target.path
    return urlunsplit(("", "", path, target.query, target.fragment))


def _is_closed(path: str) -> bool:
    return STREAMLIT_ROUTES.match(path) is not None and path not in OPEN_STREAMLIT_ROUTES


def _wants_page(headers: Headers) -> bool:
    return "text/html" in headers.get("accept", "")


def _browser_cookie(settings: Settings) -> str:
    answer = Response()
    answer.set_cookie(
        settings.browser_cookie,
        secrets.token_urlsafe(24),
        httponly=True,
        samesite="lax",
        secure=settings.secure,
    )
    return answer.headers["set-cookie"]


def _answer_headers(settings: Settings) -> dict[str, str]:
    headers = {
        "Content-Security-Policy": _content_security_policy(settings),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
    }
    if settings.secure:
        headers["Strict-Transport-Security"] = "max-age=63072000; includeSubDomains"
    return headers


def _content_security_policy(settings: Settings) -> str:
    """Own files only, plus what Streamlit itself needs: blobs of components, styles in elements."""
    sockets = " ".join(
        sorted(origin.replace("http", "ws", 1) for origin in settings.public_origins)
    )
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self' blob: 'wasm-unsafe-eval' {_inline_script_hashes()}",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            f"connect-src 'self' {sockets}".strip(),
            "worker-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


def _inline_script_hashes() -> str:
    page = Path(file_util.get_static_dir()) / "index.html"
    scripts = re.findall(r"<script>(.*?)</script>", page.read_text(encoding="utf-8"), re.DOTALL)
    digests = (hashlib.sha256(script.encode()).digest() for script in scripts)
    return " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)


async def _small_body(request: Request) -> bytes:
    """The request's body, at most `MAX_BODY_BYTES` of it."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            break
    return body[:MAX_BODY_BYTES]


def _refusal(status: int, detail: str) -> JSONResponse:
    return JSONResponse({"detail": detail}, status_code=status)
