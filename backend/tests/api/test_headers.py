"""The headers of every answer, of errors too."""

import pytest
from httpx2 import Response

from app.crud import crud_user
from tests.api.clinic import Clinic
from tests.people import API, Visitor, code_of

SAFE_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
}
JSON = {"Content-Type": "application/json"}
ANSWERS = {
    "a success": ("GET", f"{API}/users/doctors", {}, 200),
    "a probe": ("GET", "/livez", {}, 200),
    "the description of the API": ("GET", "/openapi.json", {}, 200),
    "not signed in": ("GET", f"{API}/auth/me", {}, 401),
    "cross-site": ("POST", f"{API}/auth/login", {"headers": {"Origin": "null"}}, 403),
    "no such address": ("GET", "/nowhere", {}, 404),
    "no such doctor": ("GET", f"{API}/users/doctors/1{'0' * 17}", {}, 404),
    "another method": ("PUT", f"{API}/users/doctors", {"json": {}}, 405),
    "too large": ("POST", f"{API}/auth/login", {"content": b"x" * 65_537, "headers": JSON}, 413),
    "too large, in pieces": (
        "POST",
        f"{API}/auth/login",
        {"content": (b"x" * 65_536, b"x"), "headers": JSON},
        413,
    ),
    "a form": ("POST", f"{API}/auth/login", {"data": {"username": "x"}}, 415),
    "invalid": ("POST", f"{API}/auth/login", {"json": {}}, 422),
}


def safe_headers_of(answer: Response) -> dict[str, str | None]:
    return {name: answer.headers.get(name) for name in SAFE_HEADERS}


@pytest.mark.parametrize(("method", "path", "request_", "status"), ANSWERS.values(), ids=ANSWERS)
def test_every_answer_has_them(
    visitor: Visitor, method: str, path: str, request_: dict[str, object], status: int
):
    answer = visitor.client.request(method, path, **request_)
    assert answer.status_code == status
    assert safe_headers_of(answer) == SAFE_HEADERS
    assert len(answer.headers["x-request-id"]) == 16
    assert "strict-transport-security" not in answer.headers


def test_a_personal_answer_has_them(clinic: Clinic):
    for path in ("/auth/me", "/appointments/my", "/users/me", f"/appointments/{clinic.visit}"):
        assert safe_headers_of(clinic.john.get(path)) == SAFE_HEADERS


def test_an_error_nobody_expected_says_nothing_about_itself(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
):
    def fail(*_: object) -> None:
        raise RuntimeError("the secret of the machine room")

    monkeypatch.setattr(crud_user, "list_doctors", fail)
    answer = visitor.get("/users/doctors")
    assert code_of(answer) == (500, "internal_error")
    assert answer.json() == {
        "type": "about:blank",
        "title": "Internal Server Error",
        "status": 500,
        "detail": "Something went wrong on our side.",
        "code": "internal_error",
    }
    assert safe_headers_of(answer) == SAFE_HEADERS


@pytest.mark.parametrize(
    ("path", "target"),
    [
        (f"{API}/appointments?limit=1", f"{API}/appointments/?limit=1"),
        ("/docs/", "/docs"),
        ("/static-offline-docs", "/static-offline-docs/"),
    ],
)
def test_a_redirect_follows_no_host_of_the_request(visitor: Visitor, path: str, target: str):
    answer = visitor.client.get(path, headers={"Host": "evil.example"}, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (307, target)
    assert safe_headers_of(answer) == SAFE_HEADERS


def test_a_preflight_has_them(visitor: Visitor):
    answer = visitor.client.options(
        f"{API}/auth/login",
        headers={"Origin": "https://x.example", "Access-Control-Request-Method": "POST"},
    )
    assert safe_headers_of(answer) == SAFE_HEADERS


def test_on_tls_every_answer_asks_for_tls(visitor_with):
    visitor = visitor_with(public_url="https://clinic.example")
    answers = [visitor.get("/users/doctors"), visitor.get("/auth/me"), visitor.get("/nowhere")]
    assert [answer.headers["strict-transport-security"] for answer in answers] == [
        "max-age=63072000; includeSubDomains"
    ] * 3


def test_request_ids_are_never_the_callers(visitor: Visitor):
    ids = {
        visitor.call("GET", "/users/doctors", headers={"X-Request-ID": "mine"}).headers[
            "x-request-id"
        ]
        for _ in range(3)
    }
    assert (len(ids), "mine" in ids) == (3, False)
