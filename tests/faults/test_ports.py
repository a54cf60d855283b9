"""What strangers send to the ports of both parts is cut off, refused or forgotten."""

import asyncio
import json
import os
import re
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from threading import Thread

import httpx2
import psutil  # type: ignore[import-untyped]
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from benchmarks.frontend import Page
from e2e.system import free_port
from tests.faults.conftest import new_database
from tests.faults.servers import serving
from tests.faults.waiting import wait_until

ROOT = Path(__file__).parents[2]
OWN = "http://localhost:8501"
GRACE_SECONDS = 60
ASSET = b"assets/fullcalendar-6.1.21/index.global.min.js"
LARGEST_HEAD = 65_536
REFUSED_HEAD = b"HTTP/1.1 431 Request Header Fields Too Large"
HEAD = b"Host: localhost:8501\r\nOrigin: http://localhost:8501\r\n"
JSON = b"Content-Type: application/json\r\n"
BROWSER = {"Host": "localhost:8501"}
GET = b"GET /%s HTTP/1.1\r\n" + HEAD


@dataclass(frozen=True)
class Port:
    """Where a part listens; addresses that answer, that answer at length, and that read a body."""

    number: int
    health: bytes
    large: bytes
    reading: bytes
    log: Path


@contextmanager
def frontend_at(folder: Path, **settings: str) -> Iterator[Port]:
    """The frontend as the Procfile starts it; without other settings it has no API."""
    port = Port(free_port(), b"healthz", ASSET, b"session/adopt", folder / "frontend.log")
    environment = os.environ | {
        "API_URL": "http://127.0.0.1:9",
        "PUBLIC_URL": OWN,
        "FRONTEND_HOST": "127.0.0.1",
        "FRONTEND_PORT": str(port.number),
        "HOME": str(folder),
        **settings,
    }
    with port.log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "app.py"],
            cwd=ROOT / "frontend",
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_until(lambda: status_of(port, GET % b"healthz" + b"\r\n") == b"HTTP/1.1 200 OK")
        yield port
    finally:
        process.terminate()
        process.wait(GRACE_SECONDS)


@pytest.fixture(scope="module")
def frontend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Port]:
    with frontend_at(tmp_path_factory.mktemp("frontend")) as port:
        yield port


@pytest.fixture(scope="module", params=["API", "frontend"])
def port(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Port]:
    if request.param == "frontend":
        yield request.getfixturevalue("frontend")
        return
    folder = tmp_path_factory.mktemp("api")
    with serving(new_database("sqlite", request, folder), folder) as server:
        yield Port(server.port, b"livez", b"openapi.json", b"api/v1/auth/login", server.log)


def opened(port: Port) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port.number), timeout=GRACE_SECONDS)


def status_of(port: Port, request: bytes) -> bytes:
    """The status line of the answer to these very bytes; empty where there is none."""
    try:
        with opened(port) as connection:
            for start in range(0, len(request), 4096):
                with suppress(OSError):  # the server has answered and closed
                    connection.sendall(request[start : start + 4096])
            return connection.recv(4096).partition(b"\r\n")[0]
    except OSError:
        return b""


def at_once(port: Port, request: bytes) -> bytes:
    """The status line of the answer to bytes that arrive together."""
    with opened(port) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2 * len(request))
        with suppress(OSError):
            connection.sendall(request)
        return connection.recv(4096).partition(b"\r\n")[0]


def wait_until_closed(connection: socket.socket) -> None:
    with suppress(ConnectionResetError):
        while connection.recv(65_536):
            pass


def serves(port: Port) -> bool:
    return status_of(port, GET % port.health + b"\r\n") == b"HTTP/1.1 200 OK"


CHUNKED = b"POST /%s HTTP/1.1\r\n" + HEAD + JSON + b"Transfer-Encoding: chunked\r\n\r\n"
ENDLESS = {
    "a header": GET + b"X-Huge: " + b"x" * 4_000_000,
    "many headers": GET + b"X-Many: x\r\n" * 400_000,
    "an address": GET.replace(b"%s", b"%s" + b"x" * 4_000_000),
    "a method": b"GET%s" + b"GET" * 2_000_000,
    "an extension of a chunk": CHUNKED + b"1;" + b"x" * 4_000_000,
    "a trailer": CHUNKED + b"0\r\nX-Huge: " + b"x" * 4_000_000,
    "many trailers": CHUNKED + b"0\r\n" + b"X-Many: x\r\n" * 400_000,
}


@pytest.mark.parametrize("request_", ENDLESS.values(), ids=ENDLESS)
def test_a_head_without_end_is_refused(port: Port, request_: bytes) -> None:
    assert status_of(port, request_ % port.reading) in {REFUSED_HEAD, b"HTTP/1.1 400 Bad Request"}
    assert serves(port)


@pytest.mark.parametrize(
    ("size", "status"),
    [(LARGEST_HEAD - 1000, b"HTTP/1.1 200 OK"), (LARGEST_HEAD + 1000, REFUSED_HEAD)],
)
def test_a_head_that_arrives_at_once_has_the_same_limit(
    port: Port, size: int, status: bytes
) -> None:
    assert at_once(port, GET % port.health + b"X-Large: " + b"x" * size + b"\r\n\r\n") == status


SILENT = {
    "nothing": b"",
    "half a head": GET % b"",
    "an empty line after a request": GET % b"" + b"\r\n\r\n",
    "half a body": b"POST /nowhere HTTP/1.1\r\n" + HEAD + JSON + b"Content-Length: 10\r\n\r\n{",
    "half a chunk": CHUNKED % b"nowhere" + b"a\r\nx",
    "half a handshake": GET % b"_stcore/stream" + b"Upgrade: websocket\r\n",
}


def test_silent_connections_are_closed(port: Port) -> None:
    with ExitStack() as stack:
        silent = {name: stack.enter_context(opened(port)) for name in SILENT}
        for name, sent in SILENT.items():
            silent[name].sendall(sent)
        assert serves(port)
        for connection in silent.values():
            wait_until_closed(connection)


def test_a_client_that_does_not_read_is_closed(port: Port) -> None:
    """Even one that asked for several answers at once."""
    with opened(port) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.sendall((GET % port.large + b"\r\n") * 100)
        client = ("127.0.0.1", connection.getsockname()[1])
        assert is_connected(client)
        wait_until(lambda: not is_connected(client))
    assert errors_in(port) == []


def is_connected(peer: tuple[str, int]) -> bool:
    """Whether a server on this machine still has a connection with a client at this address."""
    return any(
        found.raddr == peer and found.status == psutil.CONN_ESTABLISHED
        for found in psutil.net_connections("tcp4")
    )


MALFORMED = {
    "no HTTP": b"\x16\x03\x01\x02\x00\x01\r\n\r\n",
    "two lengths": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
    "a length that is none": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
    "a huge length": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: " + b"9" * 30 + b"\r\n\r\n",
    "no version": b"GET / HTTP/9.9\r\n\r\n",
}
UNUSUAL = {
    "no host": b"GET /%s HTTP/1.1\r\n\r\n",
    "half an IPv6 address as host": b"GET /%s HTTP/1.1\r\nHost: [\r\n\r\n",
    "a host that is not ASCII": b"GET /%s HTTP/1.1\r\nHost: \xff\xfe\r\n\r\n",
    "a cookie that is not ASCII": GET + b"Cookie: \xff=\xfe; session=\xe9; =; a\r\n\r\n",
    "a language that is not ASCII": GET + b"Accept-Language: \xff\r\nUser-Agent: \xff\r\n\r\n",
    "an origin that is none": GET + b"Origin: http://[\r\n\r\n",
    "a page that is wanted": GET + b"Accept: text/html\r\nCookie: \xff\r\n\r\n",
    "an address that was forwarded": GET + b"X-Forwarded-For: " + b"9" * 60_000 + b"\r\n\r\n",
    "garbage that was forwarded": GET + b"X-Forwarded-For: \xff, [, ::%%, 1.2.3.4:\r\n\r\n",
    "an address that is not UTF-8": GET.replace(b"%s", b"%%ff%%fe%s") + b"\r\n",
    "a NUL in the address": GET.replace(b"%s", b"%%00%s") + b"\r\n",
    "a query that is not UTF-8": GET.replace(b"%s", b"%s?a=%%ff&%%") + b"\r\n",
    "an encoding": GET + b"Accept-Encoding: gzip;q=x, \xff\r\n\r\n",
    "a range": GET + b"Range: bytes=99-1,x\r\n\r\n",
    "a date": GET + b"If-Modified-Since: \xff\r\nIf-None-Match: \xff\r\n\r\n",
    "parents": GET.replace(b"%s", b"../../../../etc/passwd%s") + b"\r\n",
    "parents, encoded": GET.replace(b"%s", b"..%%2f..%%2fetc%%2fpasswd%s") + b"\r\n",
}


@pytest.mark.parametrize("request_", MALFORMED.values(), ids=MALFORMED)
def test_what_is_no_http_is_refused(port: Port, request_: bytes) -> None:
    assert status_of(port, request_) == b"HTTP/1.1 400 Bad Request"


@pytest.mark.parametrize("request_", UNUSUAL.values(), ids=UNUSUAL)
@pytest.mark.parametrize("path", [b"", b"healthz", b"assets/x", b"static/x", b"_stcore/health"])
def test_garbage_is_no_failure(port: Port, request_: bytes, path: bytes) -> None:
    status = status_of(port, request_ % path)
    assert re.fullmatch(rb"HTTP/1\.1 [234]\d\d .*", status), status
    assert errors_in(port) == []


def errors_in(port: Port) -> list[str]:
    """What a part wrote into its log that nobody should have to read."""
    return [
        line
        for line in port.log.read_text(errors="replace").splitlines()
        if re.search("Traceback|Exception|ERROR", line)
    ]


HANDSHAKE = (
    HEAD + b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: streamlit\r\n\r\n"
)
ABORTED = {
    "a ticket": b"POST /session/adopt HTTP/1.1\r\n"
    + HEAD
    + JSON
    + b'Content-Length: 60\r\n\r\n{"tick',
    "a ticket in chunks": b"POST /session/adopt HTTP/1.1\r\n"
    + HEAD
    + JSON
    + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{",
    "a logout": b"POST /session/clear HTTP/1.1\r\n" + HEAD + b"Content-Length: 60\r\n\r\nx",
    "a login at the API": b"POST /api/v1/auth/login HTTP/1.1\r\n"
    + HEAD
    + JSON
    + b'Content-Length: 60\r\n\r\n{"user',
    "a booking at the API": b"POST /api/v1/appointments/ HTTP/1.1\r\n"
    + HEAD
    + JSON
    + b"Cookie: session=x\r\nContent-Length: 60\r\n\r\n{",
    "a page": GET % b"" + b"Accept: text/html\r\n\r\n",
    "many pages": (GET % b"" + b"Accept: text/html\r\n\r\n") * 50,
    "an asset": GET % ASSET + b"\r\n",
    "a file": b"PUT /_stcore/upload_file/a/b HTTP/1.1\r\n" + HEAD + b"Content-Length: 60\r\n\r\nx",
    "a websocket": b"GET /_stcore/stream HTTP/1.1\r\n" + HANDSHAKE,
    "a websocket in a frame": b"GET /_stcore/stream HTTP/1.1\r\n" + HANDSHAKE + b"\x82\xfe\x00",
    "a websocket of nobody": b"GET /nowhere HTTP/1.1\r\n" + HANDSHAKE,
}


@pytest.mark.parametrize("request_", ABORTED.values(), ids=ABORTED)
def test_an_aborted_request_leaves_no_traceback(port: Port, request_: bytes) -> None:
    for seconds in (0.001, 0.2):  # before and after the server has begun to answer
        with opened(port) as connection:
            connection.sendall(request_)
            connection.settimeout(seconds)
            with suppress(TimeoutError):
                connection.recv(1)
            close_at_once = struct.pack("ii", 1, 0)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, close_at_once)
    assert serves(port)
    assert errors_in(port) == []


CLOSED = [
    "PUT /_stcore/upload_file/session/file",
    "POST /_stcore/upload_file/session/file",
    "DELETE /_stcore/upload_file/session/file",
    "OPTIONS /_stcore/upload_file/session/file",
    "GET /_stcore/metrics",
    "GET /_stcore/metrics/",
    "GET /_stcore/metrics?families=sessions",
    "GET //_stcore/metrics",
    "GET /%5Fstcore/metrics",
    "GET /_STCORE/metrics",
    "GET /_stcore/script-health-check",
    "GET /_stcore/bidi-components/clinic.calendar/x",
    "GET /_stcore/agent/openapi.json",
    "POST /_stcore/agent/interact",
    "POST /_stcore/agent/mcp",
    "GET /media/x",
    "GET /component/x",
    "GET /app/static/x",
    "GET /auth/login",
    "GET /auth/logout",
    "GET /oauth2callback",
]


@pytest.mark.parametrize("request_", CLOSED)
def test_routes_that_no_page_needs_are_closed_for_own_pages_too(
    frontend: Port, request_: str
) -> None:
    line = f"{request_} HTTP/1.1\r\n".encode()
    body = b"Content-Length: 2\r\n\r\n{}"
    assert status_of(frontend, line + HEAD + body) == b"HTTP/1.1 404 Not Found"


@pytest.mark.parametrize(
    "path", [b"", b"account", b"healthz", b"_stcore/health", b"_stcore/host-config"]
)
def test_what_pages_need_is_open(frontend: Port, path: bytes) -> None:
    assert status_of(frontend, GET % path + b"\r\n") == b"HTTP/1.1 200 OK"


def test_answers_name_their_charset_and_set_no_cookie_that_is_not_ours(frontend: Port) -> None:
    address = f"http://127.0.0.1:{frontend.number}"
    page = httpx2.get(address, headers=BROWSER).text
    (script,) = re.findall(r'src="[./]*(static/js/index[^"]+)"', page)
    types = {}
    for path in ("", "_stcore/health", "healthz", script, ASSET.decode(), "assets/none"):
        answer = httpx2.get(f"{address}/{path}", headers=BROWSER)
        types[path] = answer.headers["content-type"]
        assert [cookie.name for cookie in answer.cookies.jar] in ([], ["browser"])
    assert types == {
        "": "text/html; charset=utf-8",
        "_stcore/health": "text/plain; charset=utf-8",
        "healthz": "application/json",  # is UTF-8 and has no such parameter (RFC 8259)
        script: "application/javascript; charset=utf-8",
        ASSET.decode(): "application/javascript; charset=utf-8",
        "assets/none": "text/plain; charset=utf-8",
    }


@pytest.mark.parametrize("path", ["/", "/account", "/healthz", "/static/x", "/assets/x"])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_nothing_is_sent_to_a_page(frontend: Port, method: str, path: str) -> None:
    request = f"{method} {path} HTTP/1.1\r\n".encode() + HEAD + b"Content-Length: 2\r\n\r\n{}"
    assert status_of(frontend, request) == b"HTTP/1.1 405 Method Not Allowed"


def test_a_file_is_not_kept(frontend: Port) -> None:
    (process,) = (
        psutil.Process(found.pid)
        for found in psutil.net_connections("tcp4")
        if found.laddr[1:] == (frontend.number,) and found.status == psutil.CONN_LISTEN
    )
    before = process.memory_info().rss
    for _ in range(8):
        client = HTTPConnection("127.0.0.1", frontend.number, timeout=GRACE_SECONDS)
        with suppress(OSError):
            client.request(
                "PUT",
                "/_stcore/upload_file/session/file",
                body=b"x" * 8_000_000,
                headers={"Origin": OWN, "Host": "localhost:8501"},
            )
        client.close()
    assert process.memory_info().rss - before < 16_000_000


def connected(port: Port, *, sender: str = "127.0.0.1", **headers: str) -> connect:
    """A websocket of a clinic's own page, from an address of this machine."""
    return connect(
        f"ws://127.0.0.1:{port.number}/_stcore/stream",
        origin=OWN,  # type: ignore[arg-type]
        subprotocols=["streamlit"],  # type: ignore[list-item]
        additional_headers=headers,
        local_addr=(sender, 0),
        max_size=None,
        proxy=None,
    )


def is_accepted(port: Port, message: bytes) -> bool:
    """Whether a page still runs after a message; the server closes the connection otherwise.

    The close code (1009, "message too big") is not always received: TCP resets a connection that
    is closed with unread bytes.
    """

    async def exchange() -> bool:
        async with connected(port) as page:
            try:
                await page.send(message)
                await Page(page).run()
            except ConnectionClosed:
                return False
            return True

    return asyncio.run(exchange())


def message_of(size: int) -> bytes:
    """A message of Streamlit's with a field that it does not know; up to two million bytes."""
    length = size - 5
    groups = (length & 127 | 128, length >> 7 & 127 | 128, length >> 14)
    return b"\xaa\x06" + bytes(groups) + b"x" * length


@pytest.mark.parametrize(
    ("size", "accepted"), [(262_144, True), (262_145, False), (2_000_000, False)]
)
def test_a_message_has_a_largest_size(frontend: Port, size: int, accepted: bool) -> None:  # noqa: FBT001
    assert is_accepted(frontend, message_of(size)) == accepted


def api_that_listens(seen: Queue[str | None]) -> type[BaseHTTPRequestHandler]:
    """An API that nobody is signed in at, and that says whom it was asked for."""

    class Api(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/api/v1/auth/me":
                seen.put(self.headers.get("X-Forwarded-For"))
            problem = {"status": 401, "code": "not_signed_in", "detail": "", "title": ""}
            self.send_response(401)
            self.send_header("Content-Type", "application/problem+json")
            self.end_headers()
            self.wfile.write(json.dumps(problem).encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base's name
            """Say nothing."""

    return Api


@pytest.fixture(scope="module")
def seen() -> Queue[str | None]:
    """The addresses that the frontend named to the API."""
    return Queue()


@pytest.fixture(scope="module")
def api(seen: Queue[str | None]) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), api_that_listens(seen)) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def behind_proxy(api: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Port]:
    """A frontend whose proxy is on another machine, 127.0.0.2."""
    folder = tmp_path_factory.mktemp("proxied")
    with frontend_at(folder, API_URL=api, FRONTEND_TRUSTED_PROXIES="127.0.0.2") as port:
        yield port


@pytest.fixture(scope="module")
def without_proxy(api: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Port]:
    with frontend_at(tmp_path_factory.mktemp("alone"), API_URL=api) as port:
        yield port


def open_page(port: Port, forwarded: bytes, sender: str, **more: str) -> None:
    """A page that somebody opens who has a session, with these headers from this address."""

    async def visit() -> None:
        headers = {"Cookie": "session=x", "X-Forwarded-For": forwarded.decode("latin-1")} | more
        async with connected(port, sender=sender, **headers) as page:
            await Page(page).run()

    asyncio.run(visit())


FORWARDED = {
    "an address": (b"203.0.113.9", "203.0.113.9"),
    "what a browser invents": (b"198.51.100.7, 203.0.113.9", "203.0.113.9"),
    "with a port": (b"203.0.113.9:4711", "203.0.113.9"),
    "IPv6 with a port": (b"[2001:db8::9]:4711", "2001:db8::9"),
    "mapped": (b"::ffff:203.0.113.9", "203.0.113.9"),
    "garbage": (b"\xff, <script>", "127.0.0.2"),
    "long": (b"9" * 5000, "127.0.0.2"),
    "nothing": (b"", "127.0.0.2"),
}


@pytest.mark.parametrize(("forwarded", "address"), FORWARDED.values(), ids=FORWARDED)
def test_a_proxy_elsewhere_names_the_browser(
    behind_proxy: Port, seen: Queue[str | None], forwarded: bytes, address: str
) -> None:
    open_page(behind_proxy, forwarded, "127.0.0.2")
    assert seen.get(timeout=GRACE_SECONDS) == address
    assert errors_in(behind_proxy) == []


def test_another_machine_is_not_believed(
    behind_proxy: Port, without_proxy: Port, seen: Queue[str | None]
) -> None:
    for port, sender in ((behind_proxy, "127.0.0.3"), (without_proxy, "127.0.0.2")):
        open_page(port, b"203.0.113.9", sender)
        assert seen.get(timeout=GRACE_SECONDS) == sender


def test_a_proxy_on_this_machine_is_believed(without_proxy: Port, seen: Queue[str | None]) -> None:
    open_page(without_proxy, b"203.0.113.9", "127.0.0.1")
    assert seen.get(timeout=GRACE_SECONDS) == "203.0.113.9"


BROWSERS = {
    "not ASCII": {"User-Agent": "B\xe4r \xff/1.0"},
    "long": {"User-Agent": "x" * 7000},
    "a tab": {"User-Agent": "Mozilla\t(X11)"},
    "a cookie that is not ASCII": {"Cookie": "session=\xe9\xff; browser=\xe9"},
    "a cookie with a quote": {"Cookie": 'session="x\\351"; browser='},
    "a language": {"Accept-Language": "\xff,q"},
}


@pytest.mark.parametrize("headers", BROWSERS.values(), ids=BROWSERS)
def test_whatever_a_browser_says_its_page_is_shown(
    without_proxy: Port, headers: dict[str, str]
) -> None:
    open_page(without_proxy, b"", "127.0.0.1", **headers)
    assert errors_in(without_proxy) == []
    assert "A page failed" not in without_proxy.log.read_text()
