"""A page of another origin that CORS_ORIGINS lists works with a person's session, in a browser."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from playwright.sync_api import Browser, Page

from e2e.clinic import PASSWORD, Clinic, Person
from e2e.system import System

CALL = """async ([url, method, body, token]) => {
    const headers = {'Content-Type': 'application/json', 'X-CSRF-Token': token,
                     'Idempotency-Key': 'a'.repeat(32)};
    const options = {method, headers, credentials: 'include'};
    if (body) options.body = JSON.stringify(body);
    try {
        const answer = await fetch(url, options);
        const text = await answer.text();
        return [answer.status, text ? JSON.parse(text) : null, answer.headers.get('X-Request-ID')];
    } catch (failure) {
        return ['refused', null, null];
    }
}"""


class Portal(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><link rel=icon href=data:,><title>Portal</title>")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class's name
        """Say nothing."""


@pytest.fixture(scope="module")
def portals() -> Iterator[tuple[str, str]]:
    """Two origins on the site of the API; the first one is listed."""
    with (
        ThreadingHTTPServer(("127.0.0.1", 0), Portal) as listed,
        ThreadingHTTPServer(("127.0.0.1", 0), Portal) as other,
    ):
        for server in (listed, other):
            Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{listed.server_port}", f"http://localhost:{other.server_port}"
        for server in (listed, other):
            server.shutdown()


@pytest.fixture(scope="module")
def system(portals: tuple[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    folder = tmp_path_factory.mktemp("portal")
    system = System(folder, folder, f"sqlite:///{folder / 'clinic.db'}")
    system.environment["CORS_ORIGINS"] = portals[0]
    try:
        system.clinic("migrate")
        system.backend.start()
        yield system
    finally:
        system.stop()


@pytest.fixture
def patient(clinic: Clinic) -> Person:
    return clinic.register("patient", "Jane Roe")


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    yield context.new_page()
    context.close()


def test_a_page_that_is_listed_logs_in_and_changes_something(
    page: Page, system: System, patient: Person, portals: tuple[str, str]
) -> None:
    page.goto(portals[0])
    api = f"{system.api_url}/api/v1"
    login = {"username": patient.username, "password": PASSWORD}
    status, signed_in, request_id = page.evaluate(CALL, [f"{api}/auth/login", "POST", login, ""])
    assert (status, len(request_id)) == (200, 16)

    token = signed_in["csrf_token"]
    change = [f"{api}/users/me", "PATCH", {"full_name": "Jane Doe"}]
    status, user, _ = page.evaluate(CALL, [*change, token])
    assert (status, user["full_name"]) == (200, "Jane Doe")
    status, problem, _ = page.evaluate(CALL, [*change, "wrong"])
    assert (status, problem["code"]) == (403, "csrf_failed")
    assert page.evaluate(CALL, [f"{api}/auth/logout", "POST", None, token])[0] == 204


def test_a_page_that_is_not_listed_gets_nothing_and_changes_nothing(
    page: Page, system: System, patient: Person, portals: tuple[str, str]
) -> None:
    api = f"{system.api_url}/api/v1"
    login = {"username": patient.username, "password": PASSWORD}
    page.goto(portals[0])
    token = page.evaluate(CALL, [f"{api}/auth/login", "POST", login, ""])[1]["csrf_token"]

    page.goto(portals[1])
    change = [f"{api}/users/me", "PATCH", {"full_name": "Mallory"}, token]
    assert page.evaluate(CALL, change) == ["refused", None, None]
    assert page.evaluate(CALL, [f"{api}/auth/me", "GET", None, ""]) == ["refused", None, None]

    page.goto(portals[0])
    status, me, _ = page.evaluate(CALL, [f"{api}/auth/me", "GET", None, ""])
    assert (status, me["user"]["full_name"]) == (200, "Jane Roe")
