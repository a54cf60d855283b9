"""The web server around the script: the cookie routes, the guard, the headers."""

import asyncio
import subprocess
import sys
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from ui import server
from ui.api.errors import SENTENCES, UNREACHABLE, Unreachable
from ui.config import settings as current_settings
from ui.login.tickets import LoginCookies, pinned_store

FRONTEND = Path(__file__).parents[1]
OWN = "http://localhost:8501"
PAGE = {"Accept": "text/html"}
FOREIGN_ORIGINS = [
    "http://localhost:9999",
    "https://localhost:8501",
    "http://evil.example",
    "http://localhost:8501.evil.example",
    "null",
    "",
]


async def streamlit_page(request: Request) -> PlainTextResponse:
    return PlainTextResponse("page", headers={"Content-Type": "text/html"})


async def streamlit_socket(socket: WebSocket) -> None:
    await socket.accept()


def build_app() -> Starlette:
    """The routes and the guard of the product, with a stand-in for Streamlit's own."""
    stand_in = [
        WebSocketRoute("/_stcore/stream", streamlit_socket),
        Route("/{page}", streamlit_page, methods=["GET", "POST"]),
    ]
    return Starlette(routes=[*server.routes(), *stand_in], middleware=server.middleware())


def use_public_url(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("PUBLIC_URL", address)
    current_settings.cache_clear()


def send(method: str, path: str, *, base_url: str = OWN, **request: Any) -> httpx.Response:
    async def exchange() -> httpx.Response:
        transport = httpx.ASGITransport(build_app())
        async with httpx.AsyncClient(transport=transport, base_url=base_url) as client:
            return await client.request(method, path, **request)

    return asyncio.run(exchange())


def post(path: str, *, origin: str = OWN, base_url: str = OWN, **request: Any) -> httpx.Response:
    headers = {"Origin": origin, **request.pop("headers", {})}
    return send("POST", path, base_url=base_url, headers=headers, **request)


def adopt(ticket: str, browser: str = "browser-1", **request: Any) -> httpx.Response:
    cookie = {"Cookie": f"{current_settings().browser_cookie}={browser}"}
    return post("/session/adopt", json={"ticket": ticket}, headers=cookie, **request)


def connect(**headers: str) -> list[str]:
    """What the server answers to a websocket handshake with these headers."""
    sent: list[str] = []

    async def receive() -> dict[str, str]:
        return {"type": "websocket.connect"}

    async def collect(message: MutableMapping[str, Any]) -> None:
        sent.append(message["type"])

    given = {"host": "localhost:8501", **headers}
    scope = {
        "type": "websocket",
        "path": "/_stcore/stream",
        "raw_path": b"/_stcore/stream",
        "root_path": "",
        "query_string": b"",
        "subprotocols": [],
        "headers": [
            (name.replace("_", "-").encode(), value.encode()) for name, value in given.items()
        ],
    }
    asyncio.run(build_app()(scope, receive, collect))
    return sent


def test_adopting_sets_the_session_cookie():
    ticket = pinned_store().issue(LoginCookies("the-token"), "browser-1")

    answer = adopt(ticket)

    assert (answer.status_code, answer.headers.get_list("set-cookie")) == (
        204,
        ["session=the-token; HttpOnly; Path=/; SameSite=lax"],
    )


def test_adopting_over_tls_sets_a_secure_cookie_of_the_host(monkeypatch: pytest.MonkeyPatch):
    use_public_url(monkeypatch, "https://clinic.example")
    ticket = pinned_store().issue(LoginCookies("the-token"), "browser-1")

    answer = adopt(ticket, origin="https://clinic.example", base_url="https://clinic.example")

    assert answer.headers.get_list("set-cookie") == [
        "__Host-session=the-token; HttpOnly; Path=/; SameSite=lax; Secure"
    ]


def test_adopting_makes_the_browser_a_known_device(monkeypatch: pytest.MonkeyPatch):
    use_public_url(monkeypatch, "https://clinic.example")
    ticket = pinned_store().issue(LoginCookies("the-token", "1.0.9.n.m~2.0.9.n.m"), "browser-1")

    answer = adopt(ticket, origin="https://clinic.example", base_url="https://clinic.example")

    _, device = answer.headers.get_list("set-cookie")
    attributes = "HttpOnly; Max-Age=15552000; Path=/; SameSite=lax; Secure"
    assert device == f"__Host-device=1.0.9.n.m~2.0.9.n.m; {attributes}"


@pytest.mark.parametrize("browser", ["browser-2", ""])
def test_a_ticket_of_another_browser_sets_nothing(browser: str):
    ticket = pinned_store().issue(LoginCookies("the-token"), "browser-1")

    answer = adopt(ticket, browser)

    assert (answer.status_code, answer.json(), answer.headers.get_list("set-cookie")) == (
        403,
        {"detail": "The ticket is unknown, used, too old, or from another browser."},
        [],
    )


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b'{"ticket": 1}',
        b'{"ticket": null}',
        b"\xff",
        b'{"ticket": "' + b"x" * 5000,
    ],
)
def test_a_body_that_is_no_ticket_is_refused(body: bytes):
    answer = post("/session/adopt", content=body)

    assert (answer.status_code, answer.json()) == (400, {"detail": "A ticket is expected."})


def test_clearing_deletes_the_session_cookie():
    answer = post("/session/clear")

    cookie = answer.headers["set-cookie"]
    assert (answer.status_code, cookie.split("; ")[:1], "Max-Age=0" in cookie) == (
        204,
        ['session=""'],
        True,
    )


@pytest.mark.parametrize("path", ["/session/adopt", "/session/clear", "/upload"])
@pytest.mark.parametrize("origin", FOREIGN_ORIGINS)
def test_forged_posts_are_refused(path: str, origin: str):
    ticket = pinned_store().issue(LoginCookies("the-token"), "browser-1")

    answer = post(
        path, origin=origin, json={"ticket": ticket}, headers={"Cookie": "browser=browser-1"}
    )

    assert (answer.status_code, answer.json(), answer.headers.get_list("set-cookie")) == (
        403,
        {"detail": "This request did not come from the clinic's own pages."},
        [],
    )
    assert pinned_store().redeem(ticket, "browser-1") == ("the-token", None)


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none"])
def test_what_the_browser_calls_foreign_is_refused(site: str):
    answer = post("/session/clear", headers={"Sec-Fetch-Site": site})

    assert (answer.status_code, answer.headers.get_list("set-cookie")) == (403, [])


@pytest.mark.parametrize("origin", FOREIGN_ORIGINS)
def test_websockets_of_other_pages_are_refused(origin: str):
    assert connect(origin=origin) == ["websocket.close"]


def test_a_websocket_without_an_origin_is_refused():
    assert connect() == ["websocket.close"]


@pytest.mark.parametrize("origin", [OWN, "http://127.0.0.1:8501", "HTTP://LOCALHOST:8501"])
def test_websockets_of_own_pages_are_accepted(origin: str):
    assert connect(origin=origin) == ["websocket.accept"]


@pytest.mark.parametrize(
    ("origin", "answer"),
    [
        ("http://clinic.test:8501", ["websocket.accept"]),
        ("https://clinic.test:8501", ["websocket.accept"]),
        ("http://clinic.test", ["websocket.close"]),
        (OWN, ["websocket.close"]),
    ],
)
def test_without_a_public_address_the_host_decides(
    monkeypatch: pytest.MonkeyPatch, origin: str, answer: list[str]
):
    use_public_url(monkeypatch, "")

    assert connect(origin=origin, host="clinic.test:8501") == answer


@pytest.mark.parametrize("status_path", ["/account", "/healthz"])
def test_a_page_tells_browsers_apart(status_path: str):
    answers = [send("GET", status_path, headers=PAGE) for _ in range(2)]

    cookies = [answer.headers["set-cookie"] for answer in answers]
    names = [cookie.partition("=")[0] for cookie in cookies]
    flags = [cookie.split("; ")[1:] for cookie in cookies]
    assert names == ["browser", "browser"]
    assert flags == [["HttpOnly", "Path=/", "SameSite=lax"]] * 2
    assert cookies[0] != cookies[1]


@pytest.mark.parametrize("headers", [{"Cookie": "browser=known", **PAGE}, {"Accept": "*/*"}])
def test_a_known_browser_and_a_mere_file_get_no_cookie(headers: dict[str, str]):
    assert send("GET", "/account", headers=headers).headers.get_list("set-cookie") == []


def test_a_page_at_another_address_says_which_is_the_right_one():
    answer = send("GET", "/account", base_url="http://192.0.2.1:8501", headers=PAGE)

    assert answer.status_code == 421
    assert '<a href="http://localhost:8501">http://localhost:8501</a>' in answer.text


def test_health_is_answered_at_any_address():
    answer = send("GET", "/healthz", base_url="http://192.0.2.1:8501")

    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(lambda: send("GET", "/account", headers=PAGE), id="page"),
        pytest.param(lambda: post("/session/clear"), id="cookie route"),
        pytest.param(lambda: post("/session/clear", origin="null"), id="refusal"),
        pytest.param(lambda: send("GET", "/assets/none.js"), id="missing file"),
    ],
)
def test_every_answer_carries_the_security_headers(answer):
    headers = answer().headers

    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    names = ("x-content-type-options", "x-frame-options", "referrer-policy")
    assert [headers[name] for name in names] == ["nosniff", "DENY", "same-origin"]
    assert policy["default-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert policy["base-uri"] == "'none'"
    assert "'unsafe-inline'" not in policy["script-src"]
    assert "'unsafe-eval'" not in policy["script-src"]
    assert policy["connect-src"] == "'self' ws://127.0.0.1:8501 ws://localhost:8501"


def test_a_redirect_follows_no_host_of_the_request():
    answer = send("GET", "/session/clear/?a=b", base_url="http://evil.example")

    assert (answer.status_code, answer.headers["location"]) == (307, "/session/clear?a=b")


def test_tls_is_remembered_by_browsers(monkeypatch: pytest.MonkeyPatch):
    plain = send("GET", "/account").headers.get("strict-transport-security")
    use_public_url(monkeypatch, "https://clinic.example")
    secured = send("GET", "/account").headers.get("strict-transport-security")

    assert (plain, secured) == (None, "max-age=63072000; includeSubDomains")


@pytest.mark.parametrize(
    ("error", "sentence"),
    [(Unreachable(), UNREACHABLE), (RuntimeError("secret"), SENTENCES["unexpected_answer"])],
)
def test_an_unforeseen_error_is_shown_as_a_sentence(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
    sentence: str,
):
    shown: list[str] = []
    monkeypatch.setattr(server.st, "error", shown.append)

    assert server.on_script_error(error) is True
    assert (shown, [record.getMessage() for record in caplog.records]) == (
        [sentence],
        ["A page failed"],
    )


def test_no_run_of_a_page_is_followed_by_a_search_for_garbage():
    ask = "from streamlit import config; print(config.get_option('runner.postScriptGC'))"
    answered = subprocess.run(
        [sys.executable, "-c", ask], cwd=FRONTEND, capture_output=True, text=True, check=True
    )
    assert answered.stdout.splitlines()[-1] == "False"
