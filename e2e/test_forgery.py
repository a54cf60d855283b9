"""Pages of others cannot act for a person who is logged in, in a real browser with its cookies."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from e2e import actions
from e2e.clinic import Clinic
from e2e.conftest import NewVisitor
from e2e.system import System
from e2e.visitor import Visitor

SEND = """async ([url, body]) => {
    await fetch(url, {method: 'POST', mode: 'no-cors', credentials: 'include', body});
}"""
SEND_JSON = """async ([url, body]) => {
    const headers = {'Content-Type': 'application/json'};
    const request = {method: 'POST', credentials: 'include', headers, body};
    return fetch(url, request).then(() => 'answered', () => 'refused');
}"""
SUBMIT_FORM = """([url, body]) => {
    const form = document.createElement('form');
    Object.assign(form, {method: 'POST', action: url, enctype: 'text/plain'});
    form.append(Object.assign(document.createElement('input'), {name: body}));
    document.body.append(form);
    form.submit();
}"""
OPEN_SOCKET = """url => new Promise(resolve => {
    const socket = new WebSocket(url);
    socket.onopen = () => resolve('open');
    socket.onclose = () => resolve('refused');
})"""


class ForeignPage(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><link rel=icon href=data:,><title>Win a prize</title>")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class's name
        """Say nothing."""


@pytest.fixture(scope="module")
def foreign_port() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), ForeignPage) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.fixture
def victim(new_visitor: NewVisitor, clinic: Clinic) -> Visitor:
    visitor = new_visitor(tolerated=("status of 403", "CORS policy", "ERR_FAILED", "WebSocket"))
    visitor.open("/account")
    actions.log_in(visitor.page, clinic.register("patient", "Jane Roe").username)
    actions.expect_page(visitor.page, "Account")
    return visitor


@pytest.fixture
def foreign_addresses(foreign_port: int) -> tuple[str, str]:
    """Pages of somebody else; the victim uses `localhost`, and cookies ignore ports."""
    return (f"http://localhost:{foreign_port}/", f"http://127.0.0.1:{foreign_port}/")


def targets(system: System) -> list[tuple[str, str]]:
    """Where a forged request would do harm, with what it would say."""
    login = json.dumps({"username": "mallory", "password": "password123"})
    return [
        (f"{system.api_url}/api/v1/auth/logout", "{}"),
        (f"{system.api_url}/api/v1/auth/logout-all", "{}"),
        (f"{system.api_url}/api/v1/auth/login", login),
        (f"{system.url}/session/adopt", json.dumps({"ticket": "stolen"})),
        (f"{system.url}/session/clear", "{}"),
    ]


def statuses(victim: Visitor, address: str, system: System, how: str) -> list[tuple[str, int]]:
    """Send every request from the page of somebody else; return how each was answered."""
    answers = []
    for url, body in targets(system):
        page = victim.context.new_page()
        page.goto(address)
        with page.expect_response(url) as answer:
            page.evaluate(how, [url, body])
        answers.append((url, answer.value.status))
    return answers


@pytest.mark.parametrize("how", [SEND, SUBMIT_FORM], ids=["script", "form"])
def test_forged_requests_are_refused(
    victim: Visitor, foreign_addresses: tuple[str, str], system: System, how: str
) -> None:
    refused = [(url, 403) for url, _ in targets(system)]

    for address in foreign_addresses:
        assert statuses(victim, address, system, how) == refused

    victim.page.reload()
    actions.expect_page(victim.page, "Account")


def test_forged_json_never_leaves_the_browser(
    victim: Visitor, foreign_addresses: tuple[str, str], system: System
) -> None:
    for address in foreign_addresses:
        page = victim.context.new_page()
        page.goto(address)
        outcomes = [page.evaluate(SEND_JSON, list(target)) for target in targets(system)]
        assert outcomes == ["refused" for _ in targets(system)]

    victim.page.reload()
    actions.expect_page(victim.page, "Account")


def test_foreign_pages_get_no_websocket(
    victim: Visitor, foreign_addresses: tuple[str, str], system: System
) -> None:
    socket = system.url.replace("http://", "ws://") + "/_stcore/stream"

    for address in foreign_addresses:
        page = victim.context.new_page()
        page.goto(address)
        assert page.evaluate(OPEN_SOCKET, socket) == "refused"
