"""What nobody may send: each is refused with its code and a sentence, and changes nothing."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from httpx2 import Response

from app.db.database import Database
from tests.api.clinic import (
    MONDAY,
    THURSDAY,
    TUESDAY,
    WEDNESDAY,
    Clinic,
    add_hours,
    book,
    booked,
    booking,
)
from tests.api.tables import read_all
from tests.people import PASSWORD, Visitor, code_of

Attempt = Callable[[Clinic], Response]

INVALID = (422, "invalid_input")
NOT_OFFERED = (409, "slot_not_offered")
NOT_FOUND = (404, "not_found")
FORBIDDEN = (403, "forbidden")
OVER = (409, "illegal_transition")
OVERLAPS = (409, "schedule_overlaps")

REGISTRATION = {
    "username": "new_patient",
    "email": "new@example.com",
    "full_name": "New Patient",
    "password": PASSWORD,
    "role": "patient",
}
HOURS = {"day_of_week": 5, "start_time": "09:00", "end_time": "12:00", "slot_duration": 30}


def send(visitor: Visitor, method: str, path: str, body: Any) -> Response:
    """Send what httpx would refuse to encode: `NaN` and lone surrogates."""
    content = json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    return visitor.call(method, path, content=content, headers=headers)


def register(clinic: Clinic, **changed: Any) -> Response:
    return send(clinic.anonymous, "POST", "/auth/register", REGISTRATION | changed)


def new_hours(clinic: Clinic, **changed: Any) -> Response:
    return send(clinic.smith, "POST", "/schedules/", HOURS | changed)


def new_visit(clinic: Clinic, **changed: Any) -> Response:
    wanted = booking(clinic.smith, time="10:00")
    return send(clinic.john, "POST", "/appointments/", wanted | changed)


def change_visit(clinic: Clinic, **body: Any) -> Response:
    return send(clinic.john, "PUT", f"/appointments/{clinic.visit}", body)


def move(visitor: Visitor, appointment: int, *, day: str = MONDAY, time: str) -> Response:
    wanted = {"appointment_date": day, "appointment_time": time}
    return visitor.put(f"/appointments/{appointment}", **wanted)


def slots(clinic: Clinic, start_date: str, end_date: str) -> Response:
    path = f"/schedules/doctor/{clinic.smith.id}/available-slots"
    return clinic.john.get(path, start_date=start_date, end_date=end_date)


BOOKING: dict[str, tuple[Attempt, tuple[int, str]]] = {
    "a reason that nobody sees": (lambda c: new_visit(c, reason="\u200b\u2800"), INVALID),
    "a reason that turns the text around": (
        lambda c: new_visit(c, reason="fever \u202e hguoc"),
        INVALID,
    ),
    "off the grid": (lambda c: book(c.john, c.smith, time="10:10"), NOT_OFFERED),
    "in the past": (lambda c: book(c.john, c.smith, day="2026-11-16", time="10:00"), NOT_OFFERED),
    "before the hours": (lambda c: book(c.john, c.smith, time="08:30"), NOT_OFFERED),
    "after the hours": (lambda c: book(c.john, c.smith, time="17:00"), NOT_OFFERED),
    "another day": (lambda c: book(c.john, c.smith, day=WEDNESDAY, time="10:00"), NOT_OFFERED),
    "inactive schedule": (lambda c: book(c.john, c.smith, day=TUESDAY, time="10:00"), NOT_OFFERED),
    "inactive doctor": (lambda c: book(c.john, c.jose, day=THURSDAY, time="10:00"), NOT_FOUND),
    "unknown doctor": (lambda c: new_visit(c, doctor_id=2**62), NOT_FOUND),
    "a patient as doctor": (lambda c: book(c.john, c.jane, time="10:00"), NOT_FOUND),
    "taken": (lambda c: book(c.jane, c.smith, time="09:00"), (409, "slot_taken")),
    "taken by oneself": (lambda c: book(c.john, c.smith, time="09:00"), (409, "slot_taken")),
    "a doctor books": (lambda c: book(c.jones, c.smith, time="10:00"), FORBIDDEN),
    "another instant than the wall clock says": (
        lambda c: new_visit(c, starts_at="2026-11-30T11:00:00Z"),
        NOT_OFFERED,
    ),
    "doctor_id 0": (lambda c: new_visit(c, doctor_id=0), INVALID),
    "doctor_id beyond 64 bits": (lambda c: new_visit(c, doctor_id=2**63), INVALID),
    "doctor_id as text": (lambda c: new_visit(c, doctor_id=str(c.smith.id)), INVALID),
    "doctor_id NaN": (lambda c: new_visit(c, doctor_id=float("nan")), INVALID),
    "no such date": (lambda c: new_visit(c, appointment_date="2026-02-30"), INVALID),
    "a date with a time": (lambda c: new_visit(c, appointment_date=f"{MONDAY}T00:00"), INVALID),
    "a date as a number": (lambda c: new_visit(c, appointment_date=20261130), INVALID),
    "a year beyond 2199": (lambda c: new_visit(c, appointment_date="9999-12-31"), INVALID),
    "time 24:00": (lambda c: new_visit(c, appointment_time="24:00"), INVALID),
    "time 25:00": (lambda c: new_visit(c, appointment_time="25:00"), INVALID),
    "time with seconds": (lambda c: new_visit(c, appointment_time="10:00:30"), INVALID),
    "time in other digits": (
        lambda c: new_visit(c, appointment_time="\u0661\u0660:\u0660\u0660"),
        INVALID,
    ),
    "time false": (lambda c: new_visit(c, appointment_time=False), INVALID),
    "an instant without a zone": (
        lambda c: new_visit(c, starts_at="2026-11-30T10:00:00"),
        INVALID,
    ),
    "an instant as a number": (lambda c: new_visit(c, starts_at=1796032800), INVALID),
    "reason empty": (lambda c: new_visit(c, reason=""), INVALID),
    "reason blank": (lambda c: new_visit(c, reason=" \u00a0\u2003 "), INVALID),
    "reason of 501 characters": (lambda c: new_visit(c, reason="x" * 501), INVALID),
    "reason missing": (lambda c: send(c.john, "POST", "/appointments/", {}), INVALID),
    "reason null": (lambda c: new_visit(c, reason=None), INVALID),
    "an unknown field": (lambda c: new_visit(c, duration=240), INVALID),
    "a status": (lambda c: new_visit(c, status="completed"), INVALID),
}

APPOINTMENTS: dict[str, tuple[Attempt, tuple[int, str]]] = {
    "moved off the grid": (lambda c: move(c.john, c.visit, time="10:10"), NOT_OFFERED),
    "moved into the past": (
        lambda c: move(c.john, c.visit, day="2026-11-16", time="10:00"),
        NOT_OFFERED,
    ),
    "moved outside the hours": (lambda c: move(c.john, c.visit, time="17:00"), NOT_OFFERED),
    "moved to an inactive schedule": (
        lambda c: move(c.john, c.visit, day=TUESDAY, time="10:00"),
        NOT_OFFERED,
    ),
    "moved after it was cancelled": (lambda c: move(c.john, c.cancelled, time="10:00"), OVER),
    "other people's: read": (lambda c: c.john.get(f"/appointments/{c.other_visit}"), NOT_FOUND),
    "other people's: moved": (
        lambda c: move(c.john, c.other_visit, day=WEDNESDAY, time="11:00"),
        NOT_FOUND,
    ),
    "other people's: cancelled": (
        lambda c: c.john.delete(f"/appointments/{c.other_visit}"),
        NOT_FOUND,
    ),
    "other people's: completed": (
        lambda c: c.smith.put(f"/appointments/{c.other_visit}", status="completed"),
        NOT_FOUND,
    ),
    "other people's: completed by a patient": (
        lambda c: c.john.put(f"/appointments/{c.other_visit}", status="completed"),
        NOT_FOUND,
    ),
    "unknown": (lambda c: c.john.delete(f"/appointments/{2**62}"), NOT_FOUND),
    "an id that is a word": (lambda c: c.john.delete("/appointments/mine"), INVALID),
    "an id beyond 64 bits": (lambda c: c.john.delete(f"/appointments/{2**63}"), INVALID),
    "a patient completes": (lambda c: change_visit(c, status="completed"), FORBIDDEN),
    "cancelled twice": (lambda c: c.john.delete(f"/appointments/{c.cancelled}"), OVER),
    "revived by the patient": (
        lambda c: c.john.put(f"/appointments/{c.cancelled}", status="scheduled"),
        OVER,
    ),
    "revived by the doctor": (
        lambda c: c.smith.put(f"/appointments/{c.cancelled}", status="scheduled"),
        OVER,
    ),
    "completed after it was cancelled": (
        lambda c: c.smith.put(f"/appointments/{c.cancelled}", status="completed"),
        OVER,
    ),
    "an unknown status": (lambda c: change_visit(c, status="no_show"), INVALID),
    "status in capitals": (lambda c: change_visit(c, status="CANCELLED"), INVALID),
    "nothing to change": (change_visit, INVALID),
    "nothing but null": (lambda c: change_visit(c, status=None), INVALID),
    "a date without a time": (lambda c: change_visit(c, appointment_date=MONDAY), INVALID),
    "a time without a date": (lambda c: change_visit(c, appointment_time="10:00"), INVALID),
    "an instant alone": (lambda c: change_visit(c, starts_at="2026-11-30T10:00:00Z"), INVALID),
    "a status and a time": (
        lambda c: change_visit(
            c, status="cancelled", appointment_date=MONDAY, appointment_time="10:00"
        ),
        INVALID,
    ),
    "another doctor": (lambda c: change_visit(c, doctor_id=c.jones.id), INVALID),
    "another patient": (lambda c: change_visit(c, patient_id=c.jane.id), INVALID),
    "another reason": (lambda c: change_visit(c, status="cancelled", reason="x"), INVALID),
}

SCHEDULES: dict[str, tuple[Attempt, tuple[int, str]]] = {
    "end before start": (
        lambda c: new_hours(c, start_time="12:00", end_time="09:00"),
        INVALID,
    ),
    "end at start": (lambda c: new_hours(c, start_time="09:00", end_time="09:00"), INVALID),
    "midnight wrap": (lambda c: new_hours(c, start_time="22:00", end_time="02:00"), INVALID),
    "until 00:00": (lambda c: new_hours(c, start_time="22:00", end_time="00:00"), INVALID),
    "from 24:00": (lambda c: new_hours(c, start_time="24:00", end_time="24:00"), INVALID),
    "until 24:01": (lambda c: new_hours(c, end_time="24:01"), INVALID),
    "overlap with another row": (
        lambda c: new_hours(c, day_of_week=0, start_time="16:30", end_time="18:00"),
        OVERLAPS,
    ),
    "the same row again": (
        lambda c: new_hours(c, day_of_week=0, start_time="09:00", end_time="17:00"),
        OVERLAPS,
    ),
    "inside another row": (
        lambda c: new_hours(c, day_of_week=0, start_time="10:00", end_time="11:00"),
        OVERLAPS,
    ),
    "around another row": (
        lambda c: new_hours(c, day_of_week=0, start_time="08:00", end_time="18:00"),
        OVERLAPS,
    ),
    "overlap with an inactive row": (
        lambda c: new_hours(c, day_of_week=1, start_time="10:00", end_time="11:00"),
        OVERLAPS,
    ),
    "moved onto another row": (
        lambda c: c.smith.put(f"/schedules/{c.closed_hours}", day_of_week=0),
        OVERLAPS,
    ),
    "day_of_week 7": (lambda c: new_hours(c, day_of_week=7), INVALID),
    "day_of_week -1": (lambda c: new_hours(c, day_of_week=-1), INVALID),
    "day_of_week by name": (lambda c: new_hours(c, day_of_week="monday"), INVALID),
    "day_of_week true": (lambda c: new_hours(c, day_of_week=True), INVALID),
    "slot_duration 0": (lambda c: new_hours(c, slot_duration=0), INVALID),
    "slot_duration 4": (lambda c: new_hours(c, slot_duration=4), INVALID),
    "slot_duration 241": (lambda c: new_hours(c, slot_duration=241, end_time="18:00"), INVALID),
    "slot_duration 100000": (lambda c: new_hours(c, slot_duration=100_000), INVALID),
    "slot_duration longer than the row": (lambda c: new_hours(c, slot_duration=185), INVALID),
    "slot_duration NaN": (lambda c: new_hours(c, slot_duration=float("nan")), INVALID),
    "slot_duration Infinity": (lambda c: new_hours(c, slot_duration=float("inf")), INVALID),
    "slot_duration 30.5": (lambda c: new_hours(c, slot_duration=30.5), INVALID),
    "slot_duration as text": (lambda c: new_hours(c, slot_duration="30"), INVALID),
    'is_active "false"': (lambda c: new_hours(c, is_active="false"), INVALID),
    "is_active 0": (lambda c: new_hours(c, is_active=0), INVALID),
    "is_active null": (lambda c: new_hours(c, is_active=None), INVALID),
    "start_time false": (lambda c: new_hours(c, start_time=False), INVALID),
    "an unknown field": (lambda c: new_hours(c, location="Room 1"), INVALID),
    "nothing to change": (lambda c: c.smith.put(f"/schedules/{c.hours}"), INVALID),
    "changed: end before start": (
        lambda c: c.smith.put(f"/schedules/{c.closed_hours}", end_time="08:00"),
        INVALID,
    ),
    "changed: slot longer than the row": (
        lambda c: c.smith.put(f"/schedules/{c.closed_hours}", end_time="10:00", slot_duration=90),
        INVALID,
    ),
    'changed: is_active "false"': (
        lambda c: c.smith.put(f"/schedules/{c.closed_hours}", is_active="false"),
        INVALID,
    ),
    "changed: day_of_week null": (
        lambda c: c.smith.put(f"/schedules/{c.closed_hours}", day_of_week=None),
        INVALID,
    ),
    "changed: another doctor": (
        lambda c: c.smith.put(f"/schedules/{c.closed_hours}", doctor_id=c.jones.id),
        INVALID,
    ),
    "other people's: changed": (
        lambda c: c.jones.put(f"/schedules/{c.closed_hours}", is_active=True),
        NOT_FOUND,
    ),
    "other people's: deleted": (
        lambda c: c.jones.delete(f"/schedules/{c.closed_hours}"),
        NOT_FOUND,
    ),
    "unknown: deleted": (lambda c: c.smith.delete(f"/schedules/{2**62}"), NOT_FOUND),
}

ACCOUNTS: dict[str, tuple[Attempt, tuple[int, str]]] = {
    "role admin": (lambda c: register(c, role="admin"), INVALID),
    "role Doctor": (lambda c: register(c, role="Doctor"), INVALID),
    "role null": (lambda c: register(c, role=None), INVALID),
    "is_active": (lambda c: register(c, is_active=True), INVALID),
    "an id": (lambda c: register(c, id=1), INVALID),
    "role by PATCH": (lambda c: c.john.patch("/users/me", role="admin"), INVALID),
    "is_active by PATCH": (lambda c: c.john.patch("/users/me", is_active=False), INVALID),
    "username by PATCH": (lambda c: c.john.patch("/users/me", username="dr_who"), INVALID),
    "nothing to change": (lambda c: c.john.patch("/users/me"), INVALID),
    "a name of null": (lambda c: c.john.patch("/users/me", full_name=None), INVALID),
    "a specialty for a patient": (
        lambda c: c.john.patch("/users/me", specialty="Surgery"),
        INVALID,
    ),
    "a new patient with a specialty": (lambda c: register(c, specialty="Surgery"), INVALID),
    "user name in capitals": (
        lambda c: register(c, username="JOHN_Patient"),
        (409, "username_taken"),
    ),
    "user name in full-width letters": (
        lambda c: register(c, username="\uff4aohn_patient"),
        (409, "username_taken"),
    ),
    "user name in another Unicode form": (
        lambda c: register(c, username="dr_jose\u0301"),
        (409, "username_taken"),
    ),
    "e-mail in capitals": (
        lambda c: register(c, email="John_Patient@EXAMPLE.com"),
        (409, "email_taken"),
    ),
    "e-mail in another Unicode form": (
        lambda c: register(c, email="jose\u0301@example.com"),
        (409, "email_taken"),
    ),
    "another's e-mail by PATCH": (
        lambda c: c.john.patch(
            "/users/me", email="JANE_PATIENT@example.com", current_password=PASSWORD
        ),
        (409, "email_unavailable"),
    ),
    "a user name that could be an e-mail address": (
        lambda c: register(c, username="jane_patient@example.com"),
        INVALID,
    ),
    "a user name with a full-width @": (
        lambda c: register(c, username="jane_patient\uff20example.com"),
        INVALID,
    ),
    "a user name of two characters": (lambda c: register(c, username="jo"), INVALID),
    "a user name of 51 characters": (lambda c: register(c, username="j" * 51), INVALID),
    "a user name with a space": (lambda c: register(c, username="john doe"), INVALID),
    "no e-mail address": (lambda c: register(c, email="john.example.com"), INVALID),
    "a blank name": (lambda c: register(c, full_name="  "), INVALID),
    "a name that turns the text around": (
        lambda c: register(c, full_name="\u202ehtimS .rD"),
        INVALID,
    ),
    "a name that nobody sees": (lambda c: register(c, full_name="\u2800\u200b"), INVALID),
    "a profile's name that nobody sees": (
        lambda c: c.john.patch("/users/me", full_name="\u3164"),
        INVALID,
    ),
    "a specialty that turns the text around": (
        lambda c: c.smith.patch("/users/me", specialty="\u202eygoloidraC"),
        INVALID,
    ),
    "another's user name with a character that nobody sees": (
        lambda c: register(c, username="john\u200b_patient"),
        (409, "username_taken"),
    ),
    "another's e-mail with a character that nobody sees": (
        lambda c: register(c, email="john_\u00adpatient@example.com"),
        (409, "email_taken"),
    ),
    "a phone of letters": (lambda c: register(c, phone="call me"), INVALID),
    "an unknown time zone": (
        lambda c: register(c, role="doctor", timezone="Mars/Olympus"),
        INVALID,
    ),
    "a time zone that is a path": (
        lambda c: register(c, role="doctor", timezone="../../etc/passwd"),
        INVALID,
    ),
    "a password of six characters": (lambda c: register(c, password="secret"), INVALID),
    "a password of 73 bytes": (lambda c: register(c, password="x" * 73), INVALID),
    "a password of 73 bytes in 37 characters": (
        lambda c: register(c, password="é" * 36 + "x"),
        INVALID,
    ),
    "a new password of 73 bytes": (
        lambda c: c.john.post("/auth/password", current_password=PASSWORD, new_password="x" * 73),
        INVALID,
    ),
    "the wrong present password": (
        lambda c: c.john.post(
            "/auth/password", current_password="password124", new_password="password125"
        ),
        INVALID,
    ),
    "an unknown field at login": (
        lambda c: c.anonymous.post(
            "/auth/login", username="john_patient", password=PASSWORD, role="admin"
        ),
        INVALID,
    ),
    "another's session": (
        lambda c: c.john.delete(f"/auth/sessions/{c.jane.get('/auth/sessions').json()[0]['id']}"),
        NOT_FOUND,
    ),
}

QUERIES: dict[str, tuple[Attempt, tuple[int, str]]] = {
    "a range of 32 days": (lambda c: slots(c, "2026-12-01", "2027-01-01"), INVALID),
    "a range reversed": (lambda c: slots(c, "2026-12-02", "2026-12-01"), INVALID),
    "a range of 8000 years": (lambda c: slots(c, "2000-01-01", "9999-12-31"), INVALID),
    "a range without an end": (
        lambda c: c.john.get(f"/schedules/doctor/{c.smith.id}/available-slots", start_date=MONDAY),
        INVALID,
    ),
    "slots of an unknown doctor": (
        lambda c: c.john.get(
            f"/schedules/doctor/{2**62}/available-slots", start_date=MONDAY, end_date=MONDAY
        ),
        NOT_FOUND,
    ),
    "slots of an inactive doctor": (
        lambda c: c.john.get(
            f"/schedules/doctor/{c.jose.id}/available-slots", start_date=MONDAY, end_date=MONDAY
        ),
        NOT_FOUND,
    ),
    "limit 0": (lambda c: c.john.get("/appointments/my", limit=0), INVALID),
    "limit 201": (lambda c: c.john.get("/appointments/my", limit=201), INVALID),
    "an unknown status": (lambda c: c.john.get("/appointments/my", status="lost"), INVALID),
    "a forged cursor": (lambda c: c.john.get("/appointments/my", cursor="bm9uc2Vuc2U="), INVALID),
    "a cursor of no base64": (lambda c: c.john.get("/appointments/my", cursor="é"), INVALID),
    "a date with NUL": (lambda c: c.john.get("/appointments/my", date_from="2026\x00"), INVALID),
    "another doctor's day": (
        lambda c: c.jones.get(f"/appointments/doctor/{c.smith.id}", appointment_date=MONDAY),
        NOT_FOUND,
    ),
    "a doctor's day without a date": (
        lambda c: c.smith.get(f"/appointments/doctor/{c.smith.id}"),
        INVALID,
    ),
    "an unknown doctor": (lambda c: c.john.get(f"/users/doctors/{2**62}"), NOT_FOUND),
    "a patient as doctor": (lambda c: c.john.get(f"/users/doctors/{c.jane.id}"), NOT_FOUND),
}

CASES = {
    f"{family}: {name}": case
    for family, cases in {
        "booking": BOOKING,
        "appointment": APPOINTMENTS,
        "schedule": SCHEDULES,
        "account": ACCOUNTS,
        "query": QUERIES,
    }.items()
    for name, case in cases.items()
}

LINES = "hidden\nwords"
FORBIDDEN_TEXT = [
    "hidden\x00words",  # NUL
    "hidden\x1bwords",  # a control character
    LINES,
    "hidden\x85words",  # a control character of the second set
    "hidden\ud800words",  # a lone surrogate
]
TEXT_FIELDS: dict[str, Callable[[Clinic, str], Response]] = {
    "username": lambda c, text: register(c, username=text),
    "email": lambda c, text: register(c, email=f"{text}@example.com"),
    "full_name": lambda c, text: register(c, full_name=text),
    "password": lambda c, text: register(c, password=text),
    "phone": lambda c, text: register(c, phone=text),
    "specialty": lambda c, text: register(c, role="doctor", specialty=text),
    "timezone": lambda c, text: register(c, role="doctor", timezone=text),
    "role": lambda c, text: register(c, role=text),
    "reason": lambda c, text: new_visit(c, reason=text),
    "status": lambda c, text: change_visit(c, status=text),
    "appointment_date": lambda c, text: new_visit(c, appointment_date=text),
    "appointment_time": lambda c, text: new_visit(c, appointment_time=text),
    "starts_at": lambda c, text: new_visit(c, starts_at=text),
    "start_time": lambda c, text: new_hours(c, start_time=text),
    "a profile's full_name": lambda c, text: send(
        c.john, "PATCH", "/users/me", {"full_name": text}
    ),
    "a profile's specialty": lambda c, text: send(
        c.smith, "PATCH", "/users/me", {"specialty": text}
    ),
    "a login's username": lambda c, text: send(
        c.anonymous, "POST", "/auth/login", {"username": text, "password": PASSWORD}
    ),
    "a login's password": lambda c, text: send(
        c.anonymous, "POST", "/auth/login", {"username": "john_patient", "password": text}
    ),
    "current_password": lambda c, text: send(
        c.john, "POST", "/auth/password", {"current_password": text, "new_password": "x" * 20}
    ),
    "new_password": lambda c, text: send(
        c.john, "POST", "/auth/password", {"current_password": PASSWORD, "new_password": text}
    ),
    "a field's name": lambda c, text: register(c, **{text: "anything"}),
}

MALFORMED = {
    "no JSON": (b"{", (422, "invalid_input")),
    "no body": (b"", (422, "invalid_input")),
    "a list": (b"[]", (422, "invalid_input")),
    "a number": (b"1", (422, "invalid_input")),
    "null": (b"null", (422, "invalid_input")),
    "no UTF-8": (b'{"reason": "\xff\xfe"}', (400, "malformed_request")),
    "a number of 5000 digits": (b'{"doctor_id": ' + b"9" * 5000 + b"}", (400, "malformed_request")),
    "10,000 brackets": (b"[" * 10_000, (400, "malformed_request")),
    "a body over 64 KiB": (b'{"reason": "' + b"x" * 65_536 + b'"}', (413, "body_too_large")),
}


def assert_sentence(answer: Response) -> None:
    detail = answer.json()["detail"]
    assert (detail[-1], " " in detail) == (".", True), detail


@pytest.mark.parametrize("name", CASES)
def test_is_refused_and_changes_nothing(clinic: Clinic, database: Database, name: str):
    attempt, refusal = CASES[name]
    before = read_all(database)

    answer = attempt(clinic)

    assert code_of(answer) == refusal
    assert_sentence(answer)
    assert read_all(database) == before


@pytest.mark.parametrize("field", TEXT_FIELDS)
def test_unprintable_text_is_refused_and_never_repeated(
    clinic: Clinic, database: Database, field: str
):
    before = read_all(database)
    texts = [text for text in FORBIDDEN_TEXT if (field, text) != ("reason", LINES)]

    answers = [TEXT_FIELDS[field](clinic, text) for text in texts]

    assert [code_of(answer) for answer in answers] == [INVALID] * len(texts)
    for answer in answers:
        assert_sentence(answer)
        assert "hidden" not in answer.text
    assert read_all(database) == before


@pytest.mark.parametrize(("body", "refusal"), MALFORMED.values(), ids=MALFORMED)
def test_a_body_that_is_not_an_object_of_json(
    clinic: Clinic, database: Database, body: bytes, refusal: tuple[int, str]
):
    before = read_all(database)

    answer = clinic.john.call(
        "POST", "/appointments/", content=body, headers={"Content-Type": "application/json"}
    )

    assert code_of(answer) == refusal
    assert_sentence(answer)
    assert read_all(database) == before


def test_a_patient_cannot_be_in_two_places_at_once(clinic: Clinic, database: Database):
    add_hours(clinic.jones, day_of_week=0, start_time="08:45", end_time="10:15", slot_duration=45)
    before = read_all(database)

    answer = book(clinic.john, clinic.jones, time="08:45")

    assert code_of(answer) == (409, "patient_busy")
    assert read_all(database) == before


def test_the_same_requests_with_good_values_succeed(clinic: Clinic):
    """The control: what the cases above change is all that is wrong with them."""
    assert register(clinic).status_code == 201
    assert new_hours(clinic).status_code == 201
    assert new_visit(clinic, starts_at="2026-11-30T10:00:00Z").status_code == 201
    assert move(clinic.john, clinic.visit, time="10:30").status_code == 200
    assert change_visit(clinic, status="cancelled").status_code == 200
    assert booked(clinic.jane, clinic.smith, time="09:00") > clinic.visit
    assert slots(clinic, "2026-12-01", "2026-12-31").status_code == 200


@pytest.mark.parametrize(
    ("reason", "kept"),
    [
        ("x" * 500, "x" * 500),
        ("  Kopfschmerzen 🤕  ", "Kopfschmerzen 🤕"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("=cmd|' /C calc'!A0", "=cmd|' /C calc'!A0"),
        ("'; DROP TABLE users; --", "'; DROP TABLE users; --"),
        ("cafe\u0301", "caf\u00e9"),
        ("fever\r\n\r\n\r\nand a cough", "fever\n\nand a cough"),
    ],
)
def test_strange_reasons_that_are_text_all_the_same_are_kept(
    clinic: Clinic, reason: str, kept: str
):
    answer = new_visit(clinic, reason=reason)
    assert answer.status_code == 201
    assert clinic.john.get(f"/appointments/{answer.json()['id']}").json()["reason"] == kept
