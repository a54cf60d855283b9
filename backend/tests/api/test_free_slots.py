"""The fast path to free slots answers what the plain route answers, and is never out of date."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from httpx2 import Response

from app.api.fast.free_slots import RememberedAnswer
from app.crud import crud_user
from app.db.database import Database
from tests.api.clinic import MONDAY, add_hours, book, booked, deactivate, free_times
from tests.conftest import FakeClock
from tests.integration.asking import let_lookups_fail
from tests.people import Visitor, code_of

NOON = ["12:00", "12:30", "13:00", "13:30"]


@pytest.fixture
def doctor(visitor: Visitor) -> Visitor:
    """A doctor with four slots on Mondays."""
    doctor = visitor.another().register("dr_smith", role="doctor", full_name="Dr. John Smith")
    add_hours(doctor, start_time="12:00", end_time="14:00")
    return doctor


@pytest.fixture
def patient(visitor: Visitor) -> Visitor:
    return visitor.another().register("john_patient")


def path(doctor_id: object) -> str:
    return f"/schedules/doctor/{doctor_id}/available-slots"


def ask(visitor: Visitor, doctor: Visitor, known: str | None = None, **days: str) -> Response:
    days = {"start_date": MONDAY, "end_date": MONDAY} | days
    headers = {} if known is None else {"If-None-Match": known}
    return visitor.call("GET", path(doctor.id), params=days, headers=headers)


def ask_plainly(visitor: Visitor, doctor: Visitor) -> Response:
    """The same question in an order that the fast path leaves to the plain route."""
    return visitor.get(path(doctor.id), end_date=MONDAY, start_date=MONDAY)


def test_the_answer_is_that_of_the_plain_route_and_can_be_kept(
    visitor: Visitor, doctor: Visitor, patient: Visitor
):
    booked(patient, doctor, time="12:30")
    plain, quick = ask_plainly(visitor, doctor), ask(visitor, doctor)
    assert quick.content == plain.content
    assert [slot["time"] for slot in quick.json()] == ["12:00", "13:00", "13:30"]
    assert quick.headers["ETag"] == plain.headers["ETag"]
    assert quick.headers["Cache-Control"] == plain.headers["Cache-Control"] == "no-cache"


def test_an_answer_that_is_known_is_not_sent_again(visitor: Visitor, doctor: Visitor):
    etag = ask(visitor, doctor).headers["ETag"]
    for known in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        again = ask(visitor, doctor, known)
        assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", etag)
    assert ask(visitor, doctor, '"other"').status_code == 200


CHANGES: dict[str, Callable[[Visitor, Visitor, Database], Any]] = {
    "booking": lambda doctor, patient, _: booked(patient, doctor, time="13:30"),
    "moving": lambda doctor, patient, _: patient.put(
        f"/appointments/{booked_before(patient)}", appointment_date=MONDAY, appointment_time="13:30"
    ),
    "cancelling": lambda _, patient, __: patient.delete(f"/appointments/{booked_before(patient)}"),
    "more hours": lambda doctor, _, __: add_hours(doctor, start_time="15:00", end_time="16:00"),
    "other hours": lambda doctor, _, __: doctor.put(
        f"/schedules/{doctor.get('/schedules/my').json()[0]['id']}", end_time="15:00"
    ),
    "another zone": lambda doctor, _, database: change(database, doctor, timezone="Asia/Tokyo"),
}


def booked_before(patient: Visitor) -> int:
    return int(patient.get("/appointments/my").json()[0]["id"])


def change(database: Database, person: Visitor, **changes: Any) -> None:
    with database.writing() as session:
        crud_user.update_user(session, person.id, changes=changes)


@pytest.mark.parametrize("name", CHANGES)
def test_every_change_of_a_diary_shows_at_once(
    visitor: Visitor, doctor: Visitor, patient: Visitor, database: Database, name: str
):
    booked(patient, doctor, time="12:30")
    before = ask(visitor, doctor)
    CHANGES[name](doctor, patient, database)
    after = ask(visitor, doctor, before.headers["ETag"])
    assert after.content == ask_plainly(visitor, doctor).content
    assert (after.status_code, after.content == before.content) == (200, False)


def test_another_doctors_changes_leave_an_answer_as_it_is(
    visitor: Visitor, doctor: Visitor, patient: Visitor
):
    other = visitor.another().register("dr_who", role="doctor")
    etag = ask(visitor, doctor).headers["ETag"]
    add_hours(other)
    booked(patient, other, time="09:00")
    assert ask(visitor, doctor, etag).status_code == 304


def test_a_doctor_who_leaves_is_no_longer_answered_for(
    visitor: Visitor, doctor: Visitor, database: Database
):
    etag = ask(visitor, doctor).headers["ETag"]
    deactivate(database, doctor)
    assert code_of(ask(visitor, doctor, etag)) == (404, "not_found")


def test_a_slot_goes_when_its_time_has_come(visitor: Visitor, doctor: Visitor, clock: FakeClock):
    clock.now = datetime(2026, 11, 30, 11, 59, 59, tzinfo=UTC)
    first = ask(visitor, doctor)
    clock.advance(seconds=1)
    assert ask(visitor, doctor, first.headers["ETag"]).status_code == 304
    clock.advance(seconds=1)
    later = ask(visitor, doctor, first.headers["ETag"])
    assert [slot["time"] for slot in later.json()] == NOON[1:]
    clock.now = datetime(2026, 11, 30, 11, 0, tzinfo=UTC)
    assert [slot["time"] for slot in ask(visitor, doctor).json()] == NOON


@pytest.mark.parametrize(
    ("doctor_id", "days", "problem"),
    [
        ("4711", {}, (404, "not_found")),
        ("0", {}, (422, "invalid_input")),
        (2**63, {}, (422, "invalid_input")),
        ("1", {"start_date": "2026-02-30"}, (422, "invalid_input")),
        ("1", {"start_date": "2026-12-01"}, (422, "invalid_input")),
        ("1", {"end_date": "2026-12-31"}, (422, "invalid_input")),
        ("1", {"start_date": "0001-01-01", "end_date": "0001-01-01"}, (422, "invalid_input")),
    ],
)
def test_what_cannot_be_answered_is_refused_by_the_plain_route(
    visitor: Visitor, doctor_id: object, days: dict[str, str], problem: tuple[int, str]
):
    days = {"start_date": MONDAY, "end_date": MONDAY} | days
    assert code_of(visitor.get(path(doctor_id), **days)) == problem


@pytest.mark.parametrize("names", [("start_date", "end_date"), ("end_date", "start_date")])
def test_days_that_are_long_over_are_not_searched(
    visitor: Visitor, doctor: Visitor, names: tuple[str, str]
):
    """In the usual order of the parameters, and in the one that the plain route answers."""

    def answer(day: str) -> Response:
        return visitor.get(path(doctor.id), **dict.fromkeys(names, day))

    in_the_calendar = answer("2026-10-23")
    assert (in_the_calendar.status_code, in_the_calendar.json()) == (200, [])
    assert code_of(answer("2026-10-22")) == (422, "invalid_input")
    assert code_of(answer("2000-01-01")) == (422, "invalid_input")


def test_a_patient_offers_nothing(visitor: Visitor, patient: Visitor):
    assert code_of(ask(visitor, patient)) == (404, "not_found")


def test_where_a_lookup_fails_a_transaction_answers(
    visitor: Visitor, doctor: Visitor, monkeypatch: pytest.MonkeyPatch
):
    let_lookups_fail(monkeypatch)
    answer = ask(visitor, doctor)
    assert ([slot["time"] for slot in answer.json()], "ETag" in answer.headers) == (NOON, True)


def test_two_processes_never_tell_what_the_other_has_changed(
    visitor: Visitor, visitor_with: Callable[..., Visitor], doctor: Visitor, patient: Visitor
):
    other_process = visitor_with()
    for _ in range(20):
        for time in NOON:
            appointment = booked(patient, doctor, time=time)
            free = [each for each in NOON if each != time]
            assert [free_times(at, doctor) for at in (visitor, other_process)] == [free, free]
            assert patient.delete(f"/appointments/{appointment}").status_code == 200
            assert [free_times(at, doctor) for at in (visitor, other_process)] == [NOON, NOON]


@pytest.mark.fast_routes
def test_without_the_revision_an_answer_would_be_out_of_date(
    visitor: Visitor, doctor: Visitor, patient: Visitor, monkeypatch: pytest.MonkeyPatch
):
    """The control: the test above can see an answer that is out of date."""
    monkeypatch.setattr(RememberedAnswer, "holds", lambda *_: True)
    assert free_times(visitor, doctor) == NOON
    assert book(patient, doctor, time="12:00").status_code == 201
    assert free_times(visitor, doctor) == NOON
