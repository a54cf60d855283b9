"""With and without fast routes every request is answered in the same bytes."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from starlette.responses import Response as PlainResponse

from app.api.fast import routes
from app.core.config import Settings
from app.main import create_app
from tests.api.clinic import MONDAY, WEDNESDAY, Clinic, add_hours, booking
from tests.conftest import FakeClock
from tests.people import PEER, Visitor, code_of

OWN_HEADERS = {"x-request-id", "date"}

AsPlain = Callable[[Visitor], Visitor]


@pytest.fixture
def plainly(clinic: Clinic, settings: Settings, clock: FakeClock) -> Iterator[AsPlain]:
    """The same person in the same session, at an application without fast routes."""
    app = create_app(settings, clock, has_fast_routes=False)
    with TestClient(app, base_url="http://testserver", client=PEER) as client:

        def as_plain(person: Visitor) -> Visitor:
            return person.same_browser(at=client)

        yield as_plain


def book(patient: Visitor, body: dict[str, Any], *, key: str = "") -> Response:
    headers = {"Idempotency-Key": key} if key else {}
    return patient.call("POST", "/appointments/", json=body, headers=headers)


def as_sent(answer: Response) -> tuple[int, dict[str, str], bytes]:
    """The answer without what is its own alone."""
    headers = {name: value for name, value in answer.headers.items() if name not in OWN_HEADERS}
    return answer.status_code, headers, answer.content


ASKED = {
    "all": {},
    "one": {"limit": "1"},
    "scheduled, in a week": {"status": "scheduled", "date_from": MONDAY, "date_to": MONDAY},
    "in no week": {"date_from": "2030-01-01"},
    "too many": {"limit": "201"},
    "no day": {"date_from": "yesterday"},
    "no cursor": {"cursor": "?"},
}


@pytest.mark.parametrize("who", ["john", "jane", "smith", "admin", "anonymous"])
@pytest.mark.parametrize("asked", ASKED)
def test_own_appointments(clinic: Clinic, plainly: AsPlain, who: str, asked: str):
    person: Visitor = getattr(clinic, who)
    path = "/appointments/my"
    fast, plain = (each.get(path, **ASKED[asked]) for each in (person, plainly(person)))
    assert as_sent(fast) == as_sent(plain)


def test_the_next_page(clinic: Clinic):
    first = clinic.john.get("/appointments/my", limit=1)
    path = first.links["next"]["url"].removeprefix("/api/v1")
    second = clinic.john.call("GET", path)
    assert [one["id"] for one in first.json() + second.json()] == [clinic.visit, clinic.cancelled]
    assert "link" not in second.headers


SEARCHED = {
    "a day": {"start_date": MONDAY, "end_date": MONDAY},
    "a month": {"start_date": MONDAY, "end_date": "2026-12-30"},
    "a day without hours": {"start_date": WEDNESDAY, "end_date": WEDNESDAY},
    "another order": {"end_date": MONDAY, "start_date": MONDAY},
    "too long": {"start_date": MONDAY, "end_date": "2026-12-31"},
    "backwards": {"start_date": WEDNESDAY, "end_date": MONDAY},
    "long ago": {"start_date": "2020-01-01", "end_date": "2020-01-01"},
    "no day": {"start_date": "2026-02-30", "end_date": MONDAY},
    "half a question": {"start_date": MONDAY},
}


@pytest.mark.parametrize("doctor", ["smith", "jones", "jose", "john", "nobody"])
@pytest.mark.parametrize("searched", SEARCHED)
def test_free_slots(clinic: Clinic, plainly: AsPlain, doctor: str, searched: str):
    doctor_id = 4711 if doctor == "nobody" else getattr(clinic, doctor).id
    path = f"/schedules/doctor/{doctor_id}/available-slots"
    people = (clinic.anonymous, clinic.anonymous, plainly(clinic.anonymous))
    fast, remembered, plain = (as_sent(each.get(path, **SEARCHED[searched])) for each in people)
    assert fast == remembered == plain


@pytest.mark.parametrize("known", ["the same", "*", "another"])
def test_free_slots_that_are_known(clinic: Clinic, plainly: AsPlain, known: str):
    path = f"/schedules/doctor/{clinic.smith.id}/available-slots"
    etag = clinic.anonymous.get(path, **SEARCHED["a day"]).headers["etag"]
    headers = {"If-None-Match": {"the same": etag, "*": "*", "another": '"x"'}[known]}
    fast, plain = (
        as_sent(each.call("GET", path, params=SEARCHED["a day"], headers=headers))
        for each in (clinic.anonymous, plainly(clinic.anonymous))
    )
    assert fast == plain
    assert fast[0] == (200 if known == "another" else 304)


def test_a_booking(clinic: Clinic, plainly: AsPlain):
    add_hours(clinic.smith, day_of_week=0, start_time="18:00", end_time="20:00")
    fast, plain = (
        book(person, booking(clinic.smith, time=time), key=time)
        for person, time in ((clinic.john, "18:00"), (plainly(clinic.john), "18:30"))
    )
    own = {"id", "appointment_time", "starts_at", "ends_at"}
    fast_body, plain_body = (
        {field: value for field, value in answer.json().items() if field not in own}
        for answer in (fast, plain)
    )
    assert (fast.status_code, fast_body) == (plain.status_code, plain_body)
    assert fast.headers.keys() == plain.headers.keys()
    again = book(plainly(clinic.john), booking(clinic.smith, time="18:00"), key="18:00")
    assert as_sent(again) == as_sent(fast)


def test_a_booking_that_is_sent_both_ways_without_a_key_is_refused(
    clinic: Clinic, plainly: AsPlain
):
    body = booking(clinic.smith, time="11:00")
    assert book(clinic.john, body).status_code == 201
    assert code_of(book(plainly(clinic.john), body)) == (409, "slot_taken")


REFUSED = {
    "taken": ("jane", {"appointment_time": "09:00"}, "", (409, "slot_taken")),
    "not offered": ("jane", {"appointment_time": "09:10"}, "", (409, "slot_not_offered")),
    "no such doctor": ("jane", {"doctor_id": 4711}, "", (404, "not_found")),
    "a doctor books": ("smith", {}, "", (403, "forbidden")),
    "for somebody else": ("jane", {"patient_id": 1}, "", (403, "forbidden")),
    "not signed in": ("anonymous", {}, "", (401, "not_signed_in")),
    "a field too many": ("jane", {"role": "admin"}, "", (422, "invalid_input")),
    "a key with a space": ("jane", {}, "a key", (422, "invalid_input")),
    "a number for a text": ("jane", {"reason": 1}, "", (422, "invalid_input")),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refusals(clinic: Clinic, plainly: AsPlain, case: str):
    who, changes, key, expected = REFUSED[case]
    person: Visitor = getattr(clinic, who)
    body = booking(clinic.smith, time="12:00") | changes
    fast, plain = (book(each, body, key=key) for each in (person, plainly(person)))
    assert code_of(fast) == expected
    assert as_sent(fast) == as_sent(plain)


def test_a_lost_csrf_token(clinic: Clinic, plainly: AsPlain):
    clinic.john.csrf_token = None
    body = booking(clinic.smith, time="12:00")
    fast, plain = (book(each, body) for each in (clinic.john, plainly(clinic.john)))
    assert code_of(fast) == (403, "csrf_failed")
    assert as_sent(fast) == as_sent(plain)


@pytest.mark.fast_routes
def test_a_fast_route_that_answers_something_else_is_seen(
    clinic: Clinic, settings: Settings, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
):
    """The control: the tests above compare what the fast routes answer."""

    async def answer_nothing(_: object) -> PlainResponse:
        return PlainResponse(b"[]", media_type="application/json")

    monkeypatch.setattr(routes, "own_appointments", answer_nothing)
    app = create_app(settings, clock)
    with TestClient(app, base_url="http://testserver", client=PEER) as client:
        wrong = clinic.john.same_browser(at=client).get("/appointments/my")
    right = clinic.john.get("/appointments/my")
    assert wrong.content == b"[]" != right.content
