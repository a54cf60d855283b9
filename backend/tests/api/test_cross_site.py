"""Requests that another website makes a browser send."""

from functools import partial

import pytest
from httpx2 import Response

from app.crud import crud_user
from app.db.database import Database
from tests.api.clinic import Clinic, book, booking
from tests.api.tables import read_all
from tests.people import API, PASSWORD, Visitor, code_of

CROSS_SITE = (403, "cross_site_request")
CSRF_FAILED = (403, "csrf_failed")
FRONTEND = "http://localhost:8501"
LISTED = "https://portal.example"

HOSTILE = {
    "cross-site": {"Sec-Fetch-Site": "cross-site"},
    "same-site": {"Sec-Fetch-Site": "same-site"},
    "an invented value": {"Sec-Fetch-Site": "friendly"},
    "an empty value": {"Sec-Fetch-Site": ""},
    "cross-site from another origin": {
        "Sec-Fetch-Site": "cross-site",
        "Origin": "https://evil.example",
    },
    "same-site from another port": {
        "Sec-Fetch-Site": "same-site",
        "Origin": "http://localhost:8502",
    },
    "same-site without an origin that is one": {"Sec-Fetch-Site": "same-site", "Origin": "null"},
    "another origin": {"Origin": "https://evil.example"},
    "the origin null": {"Origin": "null"},
    "another port": {"Origin": "http://localhost:8502"},
    "another scheme": {"Origin": "https://localhost:8501"},
    "a longer host": {"Origin": "http://localhost:8501.evil.example"},
}
FRIENDLY = {
    "same-origin": {"Sec-Fetch-Site": "same-origin"},
    "typed by the user": {"Sec-Fetch-Site": "none"},
    "the frontend": {"Origin": FRONTEND},
    "the frontend in capitals": {"Origin": FRONTEND.upper()},
    "the frontend, on another port": {"Sec-Fetch-Site": "same-site", "Origin": FRONTEND},
    "same-origin behind a proxy": {"Sec-Fetch-Site": "same-origin", "Origin": "https://x.example"},
    "no browser at all": {},
}


def forged(clinic: Clinic) -> list[tuple[Visitor, str, str, dict[str, object] | None]]:
    """A request that changes something, of every kind and method."""
    login = {"username": "john_patient", "password": PASSWORD}
    person = {"username": "eve", "email": "eve@example.com", "full_name": "Eve", **login}
    hours = {"day_of_week": 4, "start_time": "09:00", "end_time": "12:00"}
    return [
        (
            clinic.anonymous,
            "POST",
            "/auth/register",
            person | {"username": "eve", "role": "patient"},
        ),
        (clinic.anonymous, "POST", "/auth/login", login),
        (clinic.john, "POST", "/appointments/", booking(clinic.smith, time="10:00")),
        (clinic.john, "PUT", f"/appointments/{clinic.visit}", {"status": "cancelled"}),
        (clinic.john, "DELETE", f"/appointments/{clinic.visit}", None),
        (clinic.john, "PATCH", "/users/me", {"full_name": "Mallory"}),
        (clinic.john, "POST", "/auth/logout-all", None),
        (clinic.smith, "POST", "/schedules/", hours),
        (clinic.smith, "DELETE", f"/schedules/{clinic.closed_hours}", None),
        (clinic.admin, "PATCH", f"/users/{clinic.jane.id}", {"role": "admin"}),
    ]


@pytest.mark.parametrize("headers", HOSTILE.values(), ids=HOSTILE)
def test_another_site_changes_nothing(clinic: Clinic, database: Database, headers: dict[str, str]):
    """Even with the session's cookie and its CSRF token."""
    before = read_all(database)
    for visitor, method, path, body in forged(clinic):
        assert code_of(visitor.call(method, path, json=body, headers=headers)) == CROSS_SITE
    assert read_all(database) == before


@pytest.mark.parametrize("headers", FRIENDLY.values(), ids=FRIENDLY)
def test_the_same_requests_pass_from_our_own_pages(clinic: Clinic, headers: dict[str, str]):
    statuses = [
        visitor.call(method, path, json=body, headers=headers).status_code
        for visitor, method, path, body in forged(clinic)
    ]
    # 409: the appointment that was cancelled first cannot be cancelled again
    assert statuses == [201, 200, 201, 200, 409, 200, 204, 201, 204, 200]


def test_another_site_may_read_what_is_public(clinic: Clinic):
    answer = clinic.anonymous.call(
        "GET", "/users/doctors", headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert (answer.status_code, len(answer.json())) == (200, 2)


@pytest.mark.parametrize("kind", ["missing", "wrong", "empty", "another session's", "not ASCII"])
def test_a_session_changes_nothing_without_its_own_csrf_token(
    clinic: Clinic, database: Database, kind: str
):
    second = clinic.john.another().log_in("john_patient")
    tokens = {
        "missing": None,
        "wrong": "0" * 64,
        "empty": "",
        "another session's": second.csrf_token,
        "not ASCII": "é" * 64,
    }
    before = read_all(database)
    for visitor, method, path, body in forged(clinic)[2:]:
        visitor.csrf_token = None
        token = tokens[kind]
        headers = {} if token is None else {"X-CSRF-Token": token.encode()}
        assert code_of(visitor.call(method, path, json=body, headers=headers)) == CSRF_FAILED
    assert read_all(database) == before


def test_the_csrf_token_of_one_session_serves_in_its_second_tab(clinic: Clinic):
    assert book(clinic.john.same_browser(), clinic.smith, time="10:00").status_code == 201


def test_reading_needs_no_csrf_token(clinic: Clinic):
    clinic.john.csrf_token = None
    assert clinic.john.get("/appointments/my").status_code == 200


@pytest.mark.parametrize(
    "media_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonp",
        "application/json-patch+json",
        "text/json",
        "",
    ],
)
def test_only_bodies_of_json_are_read(clinic: Clinic, database: Database, media_type: str):
    before = read_all(database)
    for visitor, method, path, body in forged(clinic):
        if body is not None:
            answer = visitor.call(
                method, path, content=b'{"a": 1}', headers={"Content-Type": media_type}
            )
            assert code_of(answer) == (415, "unsupported_media_type")
    assert read_all(database) == before


def test_json_with_a_charset_is_json(visitor: Visitor):
    visitor.another().register("john_patient")
    answer = visitor.call(
        "POST",
        "/auth/login",
        content=f'{{"username": "john_patient", "password": "{PASSWORD}"}}'.encode(),
        headers={"Content-Type": "Application/JSON; charset=utf-8"},
    )
    assert answer.status_code == 200


def test_no_get_changes_anything(clinic: Clinic, database: Database):
    """Every address of the API, asked with GET by everybody who is somebody."""
    before = read_all(database)
    paths = clinic.john.client.app.openapi()["paths"]
    ids = {
        "appointment_id": clinic.visit,
        "schedule_id": clinic.closed_hours,
        "doctor_id": clinic.smith.id,
        "patient_id": clinic.john.id,
        "user_id": clinic.jane.id,
        "session_id": 1,
        "invitation_id": clinic.invitation,
    }
    for path in paths:
        for person in (clinic.john, clinic.smith, clinic.admin):
            person.client.get(path.format(**ids), params={"appointment_date": "2026-11-30"})
    assert read_all(database) == before


@pytest.mark.parametrize(
    "path", ["/auth/login", "/auth/logout", "/auth/logout-all", "/auth/register", "/auth/password"]
)
def test_what_changes_something_is_no_get(clinic: Clinic, path: str):
    assert code_of(clinic.john.get(path)) == (405, "method_not_allowed")


@pytest.mark.parametrize(
    "override", ["X-HTTP-Method-Override", "X-Method-Override", "X-HTTP-Method"]
)
def test_no_header_overrides_the_method(clinic: Clinic, database: Database, override: str):
    before = read_all(database)
    path = f"/appointments/{clinic.visit}"
    answer = clinic.john.call(
        "GET", path, params={"_method": "DELETE"}, headers={override: "DELETE"}
    )
    assert (answer.status_code, answer.json()["status"]) == (200, "scheduled")
    assert code_of(clinic.john.call("POST", path, json={}, headers={override: "DELETE"})) == (
        405,
        "method_not_allowed",
    )
    assert read_all(database) == before


ASKED_HEADERS = ("content-type", "x-csrf-token", "idempotency-key", "if-none-match")
EXPOSED = "ETag, Link, Location, Retry-After, X-Request-ID"


def preflight(visitor: Visitor, origin: str, *, method: str = "POST", headers=ASKED_HEADERS):
    return visitor.client.options(
        f"{API}/appointments/",
        headers={
            "Origin": origin,
            "Access-Control-Request-Method": method,
            "Access-Control-Request-Headers": ",".join(headers),
        },
    )


def shared_with(answer) -> tuple[str | None, str | None]:
    return (
        answer.headers.get("access-control-allow-origin"),
        answer.headers.get("access-control-allow-credentials"),
    )


def test_answers_are_shared_with_listed_origins_and_their_credentials(visitor_with):
    visitor = visitor_with(cors_origins=(LISTED,)).register("john_patient")
    assert shared_with(preflight(visitor, LISTED)) == (LISTED, "true")
    answer = visitor.call("GET", "/auth/me", headers={"Origin": LISTED})
    assert (answer.status_code, shared_with(answer)) == (200, (LISTED, "true"))


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", LISTED + ".evil.example", "http://portal.example"]
)
def test_no_other_origin_is_ever_reflected(visitor_with, origin: str):
    visitor = visitor_with(cors_origins=(LISTED,)).register("john_patient")
    asked = preflight(visitor, origin)
    assert (asked.status_code, shared_with(asked)[0]) == (400, None)
    answer = visitor.call("GET", "/auth/me", headers={"Origin": origin})
    assert shared_with(answer)[0] is None


def test_without_a_list_nothing_is_shared(visitor: Visitor):
    visitor.register("john_patient")
    answer = visitor.call("GET", "/auth/me", headers={"Origin": FRONTEND})
    assert (answer.status_code, shared_with(answer)[0]) == (200, None)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_listed_origin_may_ask_with_every_method_and_header(visitor_with, method: str):
    visitor = visitor_with(cors_origins=(LISTED,))
    answer = preflight(visitor, LISTED, method=method)
    allowed = answer.headers["access-control-allow-headers"].lower().split(", ")
    assert (answer.status_code, shared_with(answer)) == (200, (LISTED, "true"))
    assert set(allowed) >= set(ASKED_HEADERS)


def test_a_listed_origin_may_write_with_the_csrf_token_only(visitor_with):
    """As the browser sends it from another site, or from another port of this one."""
    visitor = visitor_with(cors_origins=(LISTED,)).register("john_patient")
    for site in ("cross-site", "same-site"):
        page = {"Origin": LISTED, "Sec-Fetch-Site": site}
        changed = visitor.call("PATCH", "/users/me", json={"full_name": site}, headers=page)
        assert (changed.status_code, changed.json()["full_name"]) == (200, site)
        assert shared_with(changed) == (LISTED, "true")
        refused = visitor.client.patch(
            f"{API}/users/me", json={"full_name": "Mallory"}, headers=page
        )
        assert (code_of(refused), shared_with(refused)) == (CSRF_FAILED, (LISTED, "true"))


def test_an_origin_that_is_not_listed_may_not_write_with_the_token(visitor_with):
    visitor = visitor_with(cors_origins=(LISTED,)).register("john_patient")
    for origin in ("https://evil.example", LISTED + ".evil.example", "null"):
        page = {"Origin": origin, "Sec-Fetch-Site": "cross-site"}
        answer = visitor.call("PATCH", "/users/me", json={"full_name": "Mallory"}, headers=page)
        assert (code_of(answer), shared_with(answer)[0]) == (CROSS_SITE, None)


def of_every_kind(clinic: Clinic, visitor: Visitor) -> dict[str, tuple[int, Response]]:
    """Answers and refusals from every place that gives them, asked for by a listed page."""
    page = {"Origin": LISTED, "Sec-Fetch-Site": "same-site"}
    slots = f"/schedules/doctor/{clinic.smith.id}/available-slots?start_date=2026-11-30&end_date="
    key = {"Idempotency-Key": "0123456789abcdef0123456789abcdef", **page}
    taken = booking(clinic.smith, time="10:00")
    get = partial(visitor.call, "GET", headers=page)
    post = partial(visitor.call, "POST")
    known = {"If-None-Match": get(f"{slots}2026-11-30").headers["etag"], **page}
    return {
        "the fast route to slots": (200, get(f"{slots}2026-11-30")),
        "slots that are known": (304, visitor.call("GET", f"{slots}2026-11-30", headers=known)),
        "the plain route to slots": (422, get(f"{slots}x")),
        "the fast route to bookings": (201, post("/appointments/", json=taken, headers=key)),
        "a booking that is repeated": (201, post("/appointments/", json=taken, headers=key)),
        "a booking that is refused": (409, post("/appointments/", json=taken, headers=page)),
        "the fast route to own appointments": (200, get("/appointments/my")),
        "no such address": (404, get("/nowhere")),
        "not allowed": (403, get("/users/")),
        "another method": (405, visitor.call("PUT", "/users/me", json={}, headers=page)),
        "a body too large": (413, post("/appointments/", json={"a": "x" * 65_536}, headers=page)),
        "a form": (415, post("/auth/login", data={"a": "b"}, headers=page)),
        "not signed in": (401, visitor.another().call("GET", "/auth/me", headers=page)),
    }


def test_a_listed_page_can_read_every_answer_and_refusal(clinic: Clinic, visitor_with):
    visitor = visitor_with(cors_origins=(LISTED,)).log_in("john_patient")
    answers = of_every_kind(clinic, visitor)
    assert {name: answer.status_code for name, (_, answer) in answers.items()} == {
        name: status for name, (status, _) in answers.items()
    }
    for name, (_, answer) in answers.items():
        shared = (*shared_with(answer), answer.headers.get("access-control-expose-headers"))
        assert (name, shared) == (name, (LISTED, "true", EXPOSED))
        assert (name, "Origin" in answer.headers["vary"]) == (name, True)


def test_a_listed_page_can_read_that_something_broke(visitor_with, monkeypatch):
    visitor = visitor_with(cors_origins=(LISTED,))

    def fail(*_: object) -> None:
        raise RuntimeError("the secret of the machine room")

    monkeypatch.setattr(crud_user, "list_doctors", fail)
    answer = visitor.call("GET", "/users/doctors", headers={"Origin": LISTED})
    assert (code_of(answer), shared_with(answer)) == ((500, "internal_error"), (LISTED, "true"))
