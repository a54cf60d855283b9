"""How far ahead, and how many visits at once, can be booked."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import update

from app.crud import crud_user
from app.db.database import Database
from app.db.statements import Statement
from app.db.transactions import execute
from app.domain.people import Role
from app.models.models import User
from tests.api.clinic import Clinic, add_hours, book, booked, booking, free_times
from tests.conftest import FakeClock
from tests.people import Visitor, code_of

BEYOND = (409, "beyond_horizon")
TOO_MANY = (409, "too_many_open_visits")
LAST_DAY = "2026-12-07"  # two weeks after the clinic's Monday
NEXT_DAY = "2026-12-08"
MIDNIGHT = datetime(2026, 11, 24, 0, 0, tzinfo=UTC)


@pytest.fixture
def near(clinic: Clinic, visitor_with: Callable[..., Visitor]) -> Callable[[Visitor], Visitor]:
    """The same person where appointments are booked for two weeks, and three of them at most."""
    elsewhere = visitor_with(booking_horizon_days=14, open_visits_per_patient=3)
    add_hours(clinic.smith, day_of_week=1, start_time="18:00", end_time="20:00")

    def person(known: Visitor) -> Visitor:
        there = elsewhere.another()
        there.client.cookies.update(known.client.cookies)
        there.csrf_token, there.account = known.csrf_token, known.account
        return there

    return person


def days_with_slots(visitor: Visitor, doctor: Visitor, **names: str) -> list[str]:
    answer = visitor.get(f"/schedules/doctor/{doctor.id}/available-slots", **names)
    assert answer.status_code == 200, answer.text
    return sorted({slot["date"] for slot in answer.json()})


def move(person: Visitor, visit: int, day: str, time: str) -> Any:
    return person.put(f"/appointments/{visit}", appointment_date=day, appointment_time=time)


@pytest.mark.parametrize("order", [1, -1], ids=["fast route", "plain route"])
def test_slots_are_offered_up_to_the_horizon(
    clinic: Clinic, near: Callable[[Visitor], Visitor], order: int
):
    days = {"start_date": "2026-12-01", "end_date": "2026-12-15"}
    asked = dict(list(days.items())[::order])
    assert days_with_slots(near(clinic.john), clinic.smith, **asked) == ["2026-12-01", LAST_DAY]
    everything = ["2026-12-01", LAST_DAY, NEXT_DAY, "2026-12-14", "2026-12-15"]
    assert days_with_slots(clinic.john, clinic.smith, **asked) == everything


def test_a_remembered_answer_grows_when_the_horizon_moves(
    clinic: Clinic, near: Callable[[Visitor], Visitor], clock: FakeClock
):
    anybody = near(clinic.anonymous)
    path = f"/schedules/doctor/{clinic.smith.id}/available-slots"
    days = {"start_date": LAST_DAY, "end_date": NEXT_DAY}

    def ask(known: str = "") -> Any:
        return anybody.call("GET", path, params=days, headers={"If-None-Match": known})

    clock.now = MIDNIGHT.replace(day=23, hour=23, minute=59, second=59)
    before = ask()
    assert {slot["date"] for slot in before.json()} == {LAST_DAY}
    assert ask(before.headers["ETag"]).status_code == 304
    clock.now = MIDNIGHT
    after = ask(before.headers["ETag"])
    assert (after.status_code, {slot["date"] for slot in after.json()}) == (
        200,
        {LAST_DAY, NEXT_DAY},
    )
    clock.now = MIDNIGHT.replace(day=23, hour=23, minute=59, second=59)
    assert ask(after.headers["ETag"]).json() == before.json()


def test_the_horizon_is_that_of_the_doctors_calendar(
    clinic: Clinic, near: Callable[[Visitor], Visitor], database: Database, clock: FakeClock
):
    with database.writing() as session:
        changes = {"timezone": "Pacific/Auckland"}  # thirteen hours ahead
        crud_user.update_user(session, clinic.smith.id, changes=changes)
    clock.now = datetime(2026, 11, 23, 10, 59, tzinfo=UTC)
    john = near(clinic.john)
    john.csrf_token = None
    john.log_in("john_patient")
    assert free_times(john, clinic.smith, NEXT_DAY) == []
    assert code_of(book(john, clinic.smith, day=NEXT_DAY, time="18:00")) == BEYOND
    clock.advance(minutes=1)
    assert free_times(john, clinic.smith, NEXT_DAY) == ["18:00", "18:30", "19:00", "19:30"]
    assert book(john, clinic.smith, day=NEXT_DAY, time="18:00").status_code == 201


@pytest.mark.parametrize("who", ["john", "admin"])
def test_nobody_books_or_moves_beyond_the_horizon(
    clinic: Clinic, near: Callable[[Visitor], Visitor], who: str
):
    person = near(getattr(clinic, who))
    patient = {"patient_id": clinic.john.id} if who == "admin" else {}
    assert code_of(book(person, clinic.smith, day=NEXT_DAY, time="18:00", **patient)) == BEYOND
    assert code_of(move(person, clinic.visit, NEXT_DAY, "18:00")) == BEYOND
    assert book(person, clinic.smith, day=LAST_DAY, time="16:30", **patient).status_code == 201
    assert move(person, clinic.visit, LAST_DAY, "16:00").status_code == 200


def test_the_doctor_does_not_move_beyond_the_horizon_either(
    clinic: Clinic, near: Callable[[Visitor], Visitor]
):
    assert code_of(move(near(clinic.smith), clinic.visit, NEXT_DAY, "18:00")) == BEYOND


def test_a_date_beyond_the_horizon_is_no_first_slot(
    clinic: Clinic, near: Callable[[Visitor], Visitor], visitor_with: Callable[..., Visitor]
):
    def doctors(visitor: Visitor) -> set[int]:
        return {first["doctor_id"] for first in visitor.get("/schedules/first-slots").json()}

    assert doctors(near(clinic.anonymous)) == {clinic.smith.id, clinic.jones.id}
    assert doctors(visitor_with(booking_horizon_days=1)) == {clinic.smith.id}


def test_a_refusal_tells_the_limits(clinic: Clinic, near: Callable[[Visitor], Visitor]):
    john = near(clinic.john)
    answer = book(john, clinic.smith, day=NEXT_DAY, time="18:00")
    assert answer.json()["detail"] == (
        "Appointments can be booked up to 14 days ahead. Choose an earlier date."
    )
    for time in ("10:00", "10:30"):
        booked(john, clinic.smith, time=time)
    assert book(john, clinic.smith, time="11:00").json()["detail"] == (
        "A patient can have up to 3 coming appointments. Cancel one, or call the clinic."
    )


def test_a_patient_has_so_many_coming_visits(
    clinic: Clinic, near: Callable[[Visitor], Visitor], clock: FakeClock
):
    """The one that the clinic has already counts; a cancelled one and one that began do not."""
    john = near(clinic.john)
    second, _ = (booked(john, clinic.smith, time=time) for time in ("10:00", "10:30"))
    for again in range(2):
        assert (again, code_of(book(john, clinic.smith, time="11:00"))) == (again, TOO_MANY)
    assert move(john, second, LAST_DAY, "11:00").status_code == 200
    assert john.delete(f"/appointments/{second}").status_code == 200
    booked(john, clinic.smith, time="11:00")
    assert code_of(book(john, clinic.smith, time="11:30")) == TOO_MANY
    clock.now = datetime(2026, 11, 30, 8, 59, tzinfo=UTC)
    john.csrf_token = None
    assert code_of(book(john.log_in("john_patient"), clinic.smith, time="11:30")) == TOO_MANY
    clock.advance(minutes=1)
    booked(john, clinic.smith, time="11:30")


def test_the_number_is_each_patients_own(clinic: Clinic, near: Callable[[Visitor], Visitor]):
    john, jane = near(clinic.john), near(clinic.jane)
    for patient, times in ((john, ("10:00", "10:30")), (jane, ("11:00", "11:30"))):
        for time in times:
            booked(patient, clinic.smith, time=time)
    assert code_of(book(john, clinic.smith, time="15:00")) == TOO_MANY
    assert code_of(book(jane, clinic.smith, time="15:00")) == TOO_MANY


def test_the_front_desk_books_more_for_a_patient(
    clinic: Clinic, near: Callable[[Visitor], Visitor]
):
    admin = near(clinic.admin)
    for time in ("10:00", "10:30", "11:00", "11:30"):
        booked(admin, clinic.smith, time=time, patient_id=clinic.john.id)
    assert code_of(book(near(clinic.john), clinic.smith, time="15:00")) == TOO_MANY


def test_a_time_that_is_taken_is_told_before_the_number(
    clinic: Clinic, near: Callable[[Visitor], Visitor]
):
    john = near(clinic.john)
    for time in ("10:00", "10:30"):
        booked(john, clinic.smith, time=time)
    assert code_of(book(john, clinic.smith, time="09:00")) == (409, "slot_taken")


def test_a_booking_that_is_sent_again_counts_once(
    clinic: Clinic, near: Callable[[Visitor], Visitor]
):
    john = near(clinic.john)
    booked(john, clinic.smith, time="10:00")
    for _ in range(3):
        answer = john.call(
            "POST",
            "/appointments/",
            json=booking(clinic.smith, time="10:30"),
            headers={"Idempotency-Key": "the-last-one"},
        )
        assert answer.status_code == 201
    assert code_of(book(john, clinic.smith, time="11:00")) == TOO_MANY


def test_a_patient_who_was_deactivated_meanwhile_books_nothing(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
):
    """Between the look at the session and the booking."""
    lock_shared = crud_user.lock_shared

    def deactivate_first(session: Any, **people: int) -> Any:
        execute(session, Statement(update(User).values(is_active=User.role != Role.PATIENT)))
        return lock_shared(session, **people)

    monkeypatch.setattr(crud_user, "lock_shared", deactivate_first)
    assert code_of(book(clinic.john, clinic.smith, time="10:00")) == (404, "not_found")
