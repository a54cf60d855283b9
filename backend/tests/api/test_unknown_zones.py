"""A doctor whose stored time zone does not exist any more, beside one whose zone does."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import update

from app.db.database import Database
from app.models.models import User
from tests.api.clinic import (
    MONDAY,
    WEDNESDAY,
    Clinic,
    add_hours,
    book,
    booked,
    booking,
    free_times,
    set_back,
)
from tests.conftest import FakeClock
from tests.people import PASSWORD, Visitor, code_of

GONE = "Europe/Atlantis"
UNKNOWN = (409, "unknown_zone")


def store_zone(database: Database, person: Visitor, name: str) -> None:
    with database.writing() as session:
        session.execute(update(User).where(User.id == person.id).values(timezone=name))


@pytest.fixture(params=[GONE, "localtime", "Factory", ""])
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def lost(clinic: Clinic, database: Database, name: str) -> Clinic:
    """The clinic with Smith in no time zone. Jones is the control."""
    store_zone(database, clinic.smith, name)
    return clinic


def slots_of(visitor: Visitor, doctor: Visitor, **more: str) -> Any:
    path = f"/schedules/doctor/{doctor.id}/available-slots"
    return visitor.get(path, start_date=MONDAY, end_date=MONDAY, **more)


def test_free_slots_are_refused_with_a_sentence(lost: Clinic):
    for more in ({}, {"plain": ""}):
        answer = slots_of(lost.john, lost.smith, **more)
        assert code_of(answer) == UNKNOWN
        assert "Please call the clinic." in answer.json()["detail"]
    assert free_times(lost.john, lost.jones, WEDNESDAY) == ["11:00"]


def test_what_was_remembered_is_not_offered(clinic: Clinic, database: Database):
    assert free_times(clinic.john, clinic.smith)[0] == "09:30"
    store_zone(database, clinic.smith, GONE)
    assert code_of(slots_of(clinic.john, clinic.smith)) == UNKNOWN
    store_zone(database, clinic.smith, "Europe/London")
    assert free_times(clinic.john, clinic.smith)[0] == "09:30"


@pytest.mark.parametrize("days", [1, 3, 28])
def test_first_slots_leave_the_doctor_out(clinic: Clinic, database: Database, days: int):
    add_hours(clinic.jones)
    before = clinic.anonymous.get("/schedules/first-slots", days=days).json()
    store_zone(database, clinic.smith, GONE)
    after = clinic.anonymous.get("/schedules/first-slots", days=days)
    assert after.status_code == 200
    assert after.json() == [first for first in before if first["doctor_id"] == clinic.jones.id]
    assert [first["doctor_id"] for first in before].count(clinic.smith.id) == 1


def test_bookings_are_refused_and_change_nothing(lost: Clinic):
    assert code_of(book(lost.jane, lost.smith, time="10:00")) == UNKNOWN
    answer = lost.admin.post(
        "/appointments/", **booking(lost.smith, time="10:00", patient_id=lost.jane.id)
    )
    assert code_of(answer) == UNKNOWN
    assert [one["id"] for one in lost.jane.get("/appointments/my").json()] == [lost.other_visit]
    assert book(lost.jane, lost.jones, day=WEDNESDAY, time="11:00").status_code == 201


def test_a_visit_is_not_moved_but_cancelled(lost: Clinic):
    path = f"/appointments/{lost.visit}"
    moved = lost.john.put(path, appointment_date=MONDAY, appointment_time="11:00")
    assert code_of(moved) == UNKNOWN
    assert lost.john.delete(path).json()["status"] == "cancelled"
    other = f"/appointments/{lost.other_visit}"
    assert (
        lost.jane.put(other, appointment_date=WEDNESDAY, appointment_time="11:00").status_code
        == 200
    )


def test_a_visit_that_has_begun_is_completed(lost: Clinic, database: Database, clock: FakeClock):
    set_back(database, lost.visit, days=7)
    path = f"/appointments/{lost.visit}"
    assert code_of(lost.smith.put(path, status="completed")) == UNKNOWN  # early: on which day?
    clock.now = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
    smith = lost.anonymous.another().log_in("dr_smith")
    assert smith.put(path, status="completed").json()["status"] == "completed"
    assert code_of(smith.put(path, status="scheduled")) == UNKNOWN


def test_everything_that_needs_no_zone_goes_on(lost: Clinic, name: str):
    assert lost.anonymous.another().log_in("dr_smith").account["timezone"] == name
    visits = lost.smith.get("/appointments/my", date_from=MONDAY, date_to=MONDAY).json()
    assert [(one["id"], one["timezone"]) for one in visits if one["status"] == "scheduled"] == [
        (lost.visit, name)
    ]
    own = lost.john.get("/appointments/my").json()
    assert {one["timezone"] for one in own} == {name}
    for visitor, path in (
        (lost.john, f"/appointments/{lost.visit}"),
        (lost.smith, "/users/me"),
        (lost.smith, "/schedules/my"),
        (lost.smith, "/audit/"),
        (lost.smith, f"/users/patients/{lost.john.id}"),
        (lost.anonymous, "/users/doctors"),
        (lost.anonymous, f"/schedules/doctor/{lost.smith.id}"),
        (lost.admin, "/users/"),
        (lost.admin, "/audit/"),
    ):
        assert visitor.get(path).status_code == 200, path


def test_hours_on_which_visits_depend_stay(lost: Clinic):
    hours = f"/schedules/{lost.hours}"
    assert code_of(lost.smith.put(hours, start_time="10:00")) == UNKNOWN
    assert code_of(lost.smith.delete(hours)) == UNKNOWN
    assert lost.john.delete(f"/appointments/{lost.visit}").status_code == 200
    assert lost.smith.put(hours, start_time="10:00").status_code == 200


def test_the_doctor_chooses_the_zone_that_was_meant(lost: Clinic):
    refused = lost.smith.patch("/users/me", timezone="Europe/Paris")
    assert code_of(refused) == (409, "appointments_affected")
    assert [one["id"] for one in refused.json()["appointments"]] == [lost.visit]
    assert code_of(slots_of(lost.john, lost.smith)) == UNKNOWN

    assert lost.smith.patch("/users/me", full_name="Dr. J. Smith").status_code == 200
    assert lost.smith.patch("/users/me", timezone="Europe/London").status_code == 200
    assert free_times(lost.john, lost.smith)[0] == "09:30"
    assert booked(lost.jane, lost.smith, time="10:00")


def test_patients_without_a_zone_notice_nothing(clinic: Clinic, database: Database):
    store_zone(database, clinic.john, GONE)
    assert clinic.anonymous.another().log_in("john_patient").account["timezone"] == GONE
    assert booked(clinic.john, clinic.smith, time="10:00")
    assert clinic.john.delete(f"/appointments/{clinic.visit}").status_code == 200


@pytest.mark.parametrize("wanted", ["localtime", "Factory", "posixrules", "europe/london", GONE])
def test_no_such_zone_is_stored(clinic: Clinic, wanted: str):
    assert code_of(clinic.jones.patch("/users/me", timezone=wanted)) == (422, "invalid_input")
    answer = clinic.anonymous.another().post(
        "/auth/register",
        username="dr_new",
        email="dr_new@example.com",
        full_name="Dr. New",
        password=PASSWORD,
        role="doctor",
        timezone=wanted,
    )
    assert code_of(answer) == (422, "invalid_input")


def test_a_zone_that_has_only_a_new_name_is_no_move(clinic: Clinic):
    assert clinic.smith.patch("/users/me", timezone="GB").status_code == 200
    assert free_times(clinic.john, clinic.smith)[0] == "09:30"
