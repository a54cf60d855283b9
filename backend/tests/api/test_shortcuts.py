"""What a shortcut answers is what the plain route answers, and what it declines gets there."""

from typing import Any

import pytest
from httpx2 import Response

from tests.api.clinic import MONDAY, Clinic, add_hours, booking
from tests.people import Visitor, code_of

PLAIN = {"plain": ""}  # a query, which no shortcut takes
OWN_HEADERS = {"x-request-id", "date"}


def book(patient: Visitor, body: dict[str, Any], *, params: dict[str, str], key: str) -> Response:
    headers = {"Idempotency-Key": key} if key else {}
    return patient.call("POST", "/appointments/", json=body, params=params, headers=headers)


def as_sent(answer: Response) -> tuple[int, dict[str, str], str]:
    """The answer without what is its own alone."""
    headers = {name: value for name, value in answer.headers.items() if name not in OWN_HEADERS}
    return answer.status_code, headers, answer.text


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
def test_own_appointments(clinic: Clinic, who: str, asked: str):
    person: Visitor = getattr(clinic, who)
    short = person.get("/appointments/my", **ASKED[asked])
    plain = person.get("/appointments/my", **ASKED[asked], **PLAIN)
    link = {"link": plain.headers.get("link", "").replace("plain=&", "")}
    plain.headers.update(link if "link" in plain.headers else {})
    assert as_sent(short) == as_sent(plain)


def test_the_next_page(clinic: Clinic):
    first = clinic.john.get("/appointments/my", limit=1)
    path = first.links["next"]["url"].removeprefix("/api/v1")
    second = clinic.john.call("GET", path)
    assert [one["id"] for one in first.json() + second.json()] == [clinic.visit, clinic.cancelled]
    assert "link" not in second.headers


def test_a_booking(clinic: Clinic):
    add_hours(clinic.smith, day_of_week=0, start_time="18:00", end_time="20:00")
    short, plain = (
        book(clinic.john, booking(clinic.smith, time=time), params=params, key=time)
        for time, params in (("18:00", {}), ("18:30", PLAIN))
    )
    assert (short.status_code, plain.status_code) == (201, 201)
    own = {"id", "appointment_time", "starts_at", "ends_at"}
    short_body, plain_body = (
        {field: value for field, value in answer.json().items() if field not in own}
        for answer in (short, plain)
    )
    assert short_body == plain_body
    assert short.headers.keys() == plain.headers.keys()


@pytest.mark.parametrize("key", ["", "a-key"])
def test_a_booking_that_is_sent_both_ways_is_one_booking_with_a_key(clinic: Clinic, key: str):
    body = booking(clinic.smith, time="11:00")
    short = book(clinic.john, body, params={}, key=key)
    plain = book(clinic.john, body, params=PLAIN, key=key)
    assert short.status_code == 201
    assert (plain.status_code, plain.text == short.text) == ((201, True) if key else (409, False))


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
def test_refusals(clinic: Clinic, case: str):
    who, changes, key, expected = REFUSED[case]
    person: Visitor = getattr(clinic, who)
    body = booking(clinic.smith, time="12:00") | changes
    short = book(person, body, params={}, key=key)
    assert code_of(short) == expected
    assert as_sent(short) == as_sent(book(person, body, params=PLAIN, key=key))


def test_a_lost_csrf_token(clinic: Clinic):
    clinic.john.csrf_token = None
    body = booking(clinic.smith, time="12:00")
    short, plain = (book(clinic.john, body, params=each, key="") for each in ({}, PLAIN))
    assert code_of(short) == (403, "csrf_failed")
    assert as_sent(short) == as_sent(plain)
