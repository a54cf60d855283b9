"""Pages of others cannot act for a person who is logged in, in a real browser with its cookies."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from playwright.sync_api import Page

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


@pytest.fixture(params=["localhost", "127.0.0.1"], ids=["another port", "another site"])
def foreign_page(request: pytest.FixtureRequest, victim: Visitor, foreign_port: int) -> Page:
    """A page of somebody else, in the victim's browser; the victim uses `localhost`."""
    page = victim.context.new_page()
    page.goto(f"http://{request.param}:{foreign_port}/")
    return page


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


def expect_still_logged_in(victim: Visitor) -> None:
    victim.page.reload()
    actions.expect_page(victim.page, "Account")


def test_forged_requests_of_scripts_are_refused(
    victim: Visitor, foreign_page: Page, system: System
) -> None:
    statuses = []
    for url, body in targets(system):
        with foreign_page.expect_response(url) as answer:
            foreign_page.evaluate(SEND, [url, body])
        statuses.append((url, answer.value.status))

    assert statuses == [(url, 403) for url, _ in targets(system)]
    expect_still_logged_in(victim)


def test_forged_json_never_leaves_the_browser(
    victim: Visitor, foreign_page: Page, system: System
) -> None:
    outcomes = [foreign_page.evaluate(SEND_JSON, list(target)) for target in targets(system)]

    assert outcomes == ["refused" for _ in targets(system)]
    expect_still_logged_in(victim)


def test_forged_forms_are_refused(victim: Visitor, foreign_page: Page, system: System) -> None:
    statuses = []
    for url, body in targets(system):
        with foreign_page.expect_response(url) as answer:
            foreign_page.evaluate(SUBMIT_FORM, [url, body])
        statuses.append((url, answer.value.status))
        foreign_page.go_back()

    assert statuses == [(url, 403) for url, _ in targets(system)]
    expect_still_logged_in(victim)


def test_foreign_pages_get_no_websocket(foreign_page: Page, system: System) -> None:
    socket = system.url.replace("http://", "ws://") + "/_stcore/stream"

    assert foreign_page.evaluate(OPEN_SOCKET, socket) == "refused"
