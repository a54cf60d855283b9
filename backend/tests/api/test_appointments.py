"""Appointments after they were booked: seen, listed, moved, completed and cancelled."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from app.crud import crud_appointment, crud_user
from app.db.database import Database
from app.domain.appointments import AppointmentStatus
from app.models.models import AuditRecord
from tests.api.clinic import (
    MONDAY,
    REASON,
    WEDNESDAY,
    Clinic,
    add_hours,
    book,
    booked,
    booking,
    deactivate,
    free_times,
    set_back,
)
from tests.conftest import MONDAY_MORNING, FakeClock
from tests.people import Visitor, code_of

OVER = (409, "illegal_transition")
TAKEN = (409, "slot_taken")
TODAY = "2026-11-23"
FIRST_DAY = datetime(2027, 1, 4, 9, tzinfo=UTC)  # a Monday of visits by the thousand
NEXT_MONDAY = "2026-12-07"


def move(visitor: Visitor, appointment: int, *, day: str = MONDAY, time: str) -> Any:
    wanted = {"appointment_date": day, "appointment_time": time}
    return visitor.put(f"/appointments/{appointment}", **wanted)


def status_of(clinic: Clinic, appointment: int) -> str:
    return str(clinic.admin.get(f"/appointments/{appointment}").json()["status"])


def ids_of(answer: Any) -> list[int]:
    assert answer.status_code == 200, answer.text
    return [appointment["id"] for appointment in answer.json()]


def test_a_booking_tells_all_that_its_parties_need(clinic: Clinic):
    answer = book(clinic.john, clinic.smith, time="10:00")
    assert answer.status_code == 201
    assert answer.json() == {
        "id": answer.json()["id"],
        "doctor_id": clinic.smith.id,
        "patient_id": clinic.john.id,
        "appointment_date": MONDAY,
        "appointment_time": "10:00",
        "duration": 30,
        "reason": REASON,
        "status": "scheduled",
        "starts_at": "2026-11-30T10:00:00Z",
        "ends_at": "2026-11-30T10:30:00Z",
        "timezone": "Europe/London",
        "created_at": "2026-11-23T08:00:00Z",
        "updated_at": "2026-11-23T08:00:00Z",
        "doctor": {
            "id": clinic.smith.id,
            "full_name": "Dr. John Smith",
            "specialty": None,
            "timezone": "Europe/London",
        },
        "patient": {
            "id": clinic.john.id,
            "full_name": "John Patient",
            "email": "john_patient@example.com",
            "phone": "+442079460001",
        },
    }
    path = f"/appointments/{answer.json()['id']}"
    seen = [clinic.john.get(path), clinic.smith.get(path), clinic.admin.get(path)]
    assert [one.json() for one in seen] == [answer.json()] * 3


def test_an_admin_books_for_a_patient(clinic: Clinic):
    wanted = booking(clinic.smith, time="10:00", patient_id=clinic.jane.id)
    answer = clinic.admin.post("/appointments/", **wanted)
    assert (answer.status_code, answer.json()["patient_id"]) == (201, clinic.jane.id)
    assert clinic.jane.get(f"/appointments/{answer.json()['id']}").json() == answer.json()


def test_an_admin_books_for_active_patients_only(clinic: Clinic, database: Database):
    deactivate(database, clinic.john)
    for patient in (clinic.john.id, clinic.smith.id, 2**62):
        wanted = booking(clinic.jones, day=WEDNESDAY, time="11:00", patient_id=patient)
        assert code_of(clinic.admin.post("/appointments/", **wanted)) == (404, "not_found")


@pytest.mark.parametrize("who", ["john", "smith", "admin"])
def test_either_party_moves_an_appointment(clinic: Clinic, clock: FakeClock, who: str):
    before = clinic.john.get(f"/appointments/{clinic.visit}").json()
    clock.advance(seconds=30)

    answer = move(getattr(clinic, who), clinic.visit, day=NEXT_MONDAY, time="16:30")

    assert answer.status_code == 200
    assert answer.json() == before | {
        "appointment_date": NEXT_MONDAY,
        "appointment_time": "16:30",
        "starts_at": "2026-12-07T16:30:00Z",
        "ends_at": "2026-12-07T17:00:00Z",
        "updated_at": "2026-11-23T08:00:30Z",
    }
    assert "09:00" in free_times(clinic.jane, clinic.smith)
    assert "16:30" not in free_times(clinic.jane, clinic.smith, NEXT_MONDAY)
    assert book(clinic.jane, clinic.smith, time="09:00").status_code == 201


def test_a_move_to_a_taken_slot_is_refused(clinic: Clinic):
    taken = booked(clinic.jane, clinic.smith, time="10:00")
    assert code_of(move(clinic.john, clinic.visit, time="10:00")) == (409, "slot_taken")
    assert clinic.jane.delete(f"/appointments/{taken}").status_code == 200
    assert move(clinic.john, clinic.visit, time="10:00").status_code == 200


def test_a_patient_cannot_be_moved_to_where_they_are_busy(clinic: Clinic):
    add_hours(clinic.jones, day_of_week=0)
    booked(clinic.john, clinic.jones, time="10:00")
    assert code_of(move(clinic.john, clinic.visit, time="10:00")) == (409, "patient_busy")
    assert code_of(move(clinic.smith, clinic.visit, time="10:00")) == (409, "patient_busy")
    assert move(clinic.john, clinic.visit, time="10:30").status_code == 200


def test_ones_own_time_is_no_obstacle_to_a_move(clinic: Clinic):
    """After the grid changed, a visit may move to a slot that overlaps with where it was."""
    assert clinic.smith.put(f"/schedules/{clinic.hours}", slot_duration=45).status_code == 200
    assert free_times(clinic.john, clinic.smith)[0] == "09:45"
    answer = move(clinic.john, clinic.visit, time="09:00")
    assert (answer.status_code, answer.json()["duration"]) == (200, 45)


def test_the_rest_of_the_day_is_taken_by_a_longer_visit(clinic: Clinic):
    assert clinic.smith.put(f"/schedules/{clinic.hours}", slot_duration=90).status_code == 200
    booked(clinic.jane, clinic.smith, time="10:30")
    assert clinic.smith.put(f"/schedules/{clinic.hours}", slot_duration=30).status_code == 200
    assert free_times(clinic.john, clinic.smith)[:3] == ["09:30", "10:00", "12:00"]
    assert code_of(book(clinic.john, clinic.smith, time="11:30")) == (409, "slot_taken")


def test_a_cancelled_appointment_stays_to_be_seen_and_frees_its_time(clinic: Clinic):
    answer = clinic.john.delete(f"/appointments/{clinic.visit}")
    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    assert clinic.john.get(f"/appointments/{clinic.visit}").json() == answer.json()
    assert free_times(clinic.jane, clinic.smith)[0] == "09:00"
    again = booked(clinic.jane, clinic.smith, time="09:00")
    assert clinic.jane.delete(f"/appointments/{again}").status_code == 200
    assert book(clinic.john, clinic.smith, time="09:00").status_code == 201


def test_a_completed_appointment_keeps_its_time(clinic: Clinic, database: Database):
    set_back(database, clinic.visit, days=7)
    answer = clinic.smith.put(f"/appointments/{clinic.visit}", status="completed")
    assert (answer.status_code, answer.json()["status"]) == (200, "completed")
    assert code_of(book(clinic.jane, clinic.smith, day=TODAY, time="09:00")) == TAKEN


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ("completed", "completed"),
        ("completed", "cancelled"),
        ("completed", "moved"),
        ("completed", "deleted"),
        ("cancelled", "scheduled"),
        ("cancelled", "completed"),
        ("cancelled", "cancelled"),
        ("cancelled", "moved"),
        ("cancelled", "deleted"),
    ],
)
def test_nothing_else_follows_an_end(clinic: Clinic, database: Database, first: str, then: str):
    set_back(database, clinic.visit, days=7)
    path = f"/appointments/{clinic.visit}"
    assert clinic.smith.put(path, status=first).status_code == 200
    if then == "moved":
        answer = move(clinic.smith, clinic.visit, time="10:00")
    elif then == "deleted":
        answer = clinic.smith.delete(path)
    else:
        answer = clinic.smith.put(path, status=then)
    assert code_of(answer) == OVER
    assert status_of(clinic, clinic.visit) == first


@pytest.mark.parametrize("who", ["smith", "admin"])
def test_a_visit_of_another_day_is_not_completed(clinic: Clinic, database: Database, who: str):
    path = f"/appointments/{clinic.visit}"
    set_back(database, clinic.visit, days=6)
    assert code_of(getattr(clinic, who).put(path, status="completed")) == OVER
    assert status_of(clinic, clinic.visit) == "scheduled"


def test_the_doctor_completes_a_visit_early_on_its_day(clinic: Clinic, database: Database):
    path = f"/appointments/{clinic.visit}"
    set_back(database, clinic.visit, days=7)
    assert code_of(clinic.admin.put(path, status="completed")) == OVER
    assert clinic.smith.put(path, status="completed").status_code == 200


def test_the_day_is_that_of_the_doctor(clinic: Clinic, database: Database, clock: FakeClock):
    with database.writing() as session:
        crud_user.update_user(session, clinic.smith.id, changes={"timezone": "Pacific/Auckland"})
    clock.now = datetime(2026, 11, 29, 10, 59, tzinfo=UTC)
    smith = clinic.anonymous.another().log_in("dr_smith")
    path = f"/appointments/{clinic.visit}"
    assert code_of(smith.put(path, status="completed")) == OVER
    clock.advance(minutes=1)
    assert smith.put(path, status="completed").status_code == 200


@pytest.mark.parametrize("who", ["smith", "admin"])
def test_a_completion_is_taken_back_on_the_same_day(clinic: Clinic, database: Database, who: str):
    set_back(database, clinic.visit, days=7)
    path = f"/appointments/{clinic.visit}"
    assert clinic.smith.put(path, status="completed").status_code == 200
    assert code_of(book(clinic.jane, clinic.smith, day=TODAY, time="09:00")) == TAKEN
    assert code_of(clinic.john.put(path, status="scheduled")) == (403, "forbidden")

    answer = getattr(clinic, who).put(path, status="scheduled")

    assert (answer.status_code, answer.json()["status"]) == (200, "scheduled")
    assert code_of(book(clinic.jane, clinic.smith, day=TODAY, time="09:00")) == TAKEN
    assert code_of(clinic.smith.put(path, status="scheduled")) == OVER
    assert clinic.smith.put(path, status="completed").status_code == 200


def test_a_completion_of_another_day_stands(clinic: Clinic, database: Database, clock: FakeClock):
    set_back(database, clinic.visit, days=7)
    path = f"/appointments/{clinic.visit}"
    assert clinic.smith.put(path, status="completed").status_code == 200
    clock.now = datetime(2026, 11, 23, 23, 59, tzinfo=UTC)
    smith = clinic.anonymous.another().log_in("dr_smith")
    assert smith.put(path, status="scheduled").status_code == 200
    assert smith.put(path, status="completed").status_code == 200
    clock.advance(minutes=1)
    assert code_of(smith.put(path, status="scheduled")) == OVER


@pytest.mark.parametrize("who", ["smith", "john"])
def test_a_coming_visit_is_not_scheduled_again_when_somebody_has_left(
    clinic: Clinic, database: Database, who: str
):
    path = f"/appointments/{clinic.visit}"
    set_back(database, clinic.visit, days=7)
    assert clinic.smith.put(path, status="completed").status_code == 200
    deactivate(database, getattr(clinic, who))
    assert code_of(clinic.admin.put(path, status="scheduled")) == OVER


def test_a_scheduled_appointment_is_scheduled_already(clinic: Clinic):
    answer = clinic.smith.put(f"/appointments/{clinic.visit}", status="scheduled")
    assert code_of(answer) == OVER


def test_once_it_has_begun_the_patient_has_to_call(clinic: Clinic, clock: FakeClock):
    clock.now = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)
    john = clinic.anonymous.another().log_in("john_patient")
    smith = clinic.anonymous.another().log_in("dr_smith")
    assert code_of(john.delete(f"/appointments/{clinic.visit}")) == OVER
    assert code_of(move(john, clinic.visit, time="10:00")) == OVER
    assert move(smith, clinic.visit, time="10:00").status_code == 200
    assert john.delete(f"/appointments/{clinic.visit}").status_code == 200


def test_everybody_lists_their_own_by_start(clinic: Clinic):
    assert ids_of(clinic.john.get("/appointments/my")) == [clinic.visit, clinic.cancelled]
    assert ids_of(clinic.smith.get("/appointments/my")) == [clinic.visit, clinic.cancelled]
    assert ids_of(clinic.jane.get("/appointments/my")) == [clinic.other_visit]
    assert ids_of(clinic.jones.get("/appointments/my")) == [clinic.other_visit]
    assert ids_of(clinic.admin.get("/appointments/my")) == []


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"status": "scheduled"}, ["visit", "next"]),
        ({"status": "cancelled"}, ["cancelled"]),
        ({"status": "completed"}, []),
        ({"date_from": NEXT_MONDAY}, ["next"]),
        ({"date_from": "2026-12-08"}, []),
        ({"date_to": MONDAY}, ["visit", "cancelled"]),
        ({"date_to": "2026-11-29"}, []),
        ({"date_from": MONDAY, "date_to": MONDAY, "status": "scheduled"}, ["visit"]),
        ({"date_from": NEXT_MONDAY, "date_to": MONDAY}, []),
    ],
)
def test_the_list_is_filtered_by_date_and_status(
    clinic: Clinic, filters: dict[str, str], expected: list[str]
):
    ids = {
        "visit": clinic.visit,
        "cancelled": clinic.cancelled,
        "next": booked(clinic.john, clinic.smith, day=NEXT_MONDAY, time="09:00"),
    }
    answer = clinic.john.get("/appointments/my", **filters)
    assert ids_of(answer) == [ids[name] for name in expected]


def test_long_lists_come_in_pages(clinic: Clinic):
    times = ["10:00", "10:30", "11:00", "11:30", "12:00"]
    for time in reversed(times):
        booked(clinic.john, clinic.smith, time=time)
    # The same start as a cancelled one: only the id tells the two apart.
    again = booked(clinic.john, clinic.smith, time="16:00")
    everything = ids_of(clinic.john.get("/appointments/my"))
    assert everything[-2:] == [clinic.cancelled, again]

    answer = clinic.john.get("/appointments/my", limit=2, date_from=MONDAY)
    pages = [ids_of(answer)]
    while "next" in answer.links:
        following = answer.links["next"]["url"]
        assert "date_from=2026-11-30" in following
        answer = clinic.john.client.get(following)
        pages.append(ids_of(answer))

    assert [len(page) for page in pages] == [2, 2, 2, 2]
    assert [appointment for page in pages for appointment in page] == everything


def pages_of(visitor: Visitor, **filters: Any) -> list[list[int]]:
    answer = visitor.get("/appointments/my", **filters)
    pages = [ids_of(answer)]
    while "next" in answer.links:
        answer = visitor.client.get(answer.links["next"]["url"])
        pages.append(ids_of(answer))
    return pages


def test_upcoming_and_past_appointments_come_apart(clinic: Clinic, clock: FakeClock):
    done = booked(clinic.john, clinic.smith, time="09:30")
    coming = [booked(clinic.john, clinic.smith, time=time) for time in ("10:00", "10:30", "11:00")]
    clock.now = datetime(2026, 11, 30, 9, 40, tzinfo=UTC)
    clinic.john.log_in("john_patient")
    clinic.smith.log_in("dr_smith")
    assert clinic.smith.put(f"/appointments/{done}", status="completed").status_code == 200
    for person in (clinic.john, clinic.smith):
        assert pages_of(person, when="upcoming", limit=2) == [coming[:2], coming[2:]]
        past = [clinic.cancelled, done, clinic.visit]
        assert pages_of(person, when="past", limit=2) == [past[:2], past[2:]]
        assert pages_of(person, when="past", limit=2, status="completed") == [[done]]
    clock.now = datetime(2026, 11, 30, 10, 30, tzinfo=UTC)
    assert pages_of(clinic.john, when="upcoming") == [coming[1:]]


def test_a_look_at_one_day_of_thousands_is_one_page_and_one_record(
    clinic: Clinic, database: Database
):
    with database.writing() as session:
        crud_appointment.create_appointments(
            session, [visit_row(clinic, number) for number in range(5000)]
        )

    def records() -> int:
        with database.reading() as session:
            return session.scalars(select(func.count(AuditRecord.id))).one()

    before, day = records(), FIRST_DAY.date().isoformat()
    filters = {"date_from": day, "date_to": day}
    for _ in range(25):
        assert list(map(len, pages_of(clinic.smith, **filters))) == [10]
    assert records() == before + 1
    assert len(pages_of(clinic.smith, limit=200)) == 26
    assert records() == before + 1


def visit_row(clinic: Clinic, number: int) -> dict[str, Any]:
    """One of ten visits a day, every other one Jane's, from `FIRST_DAY` on."""
    starts_at = FIRST_DAY + timedelta(days=number // 10, minutes=30 * (number % 10))
    return {
        "doctor_id": clinic.smith.id,
        "patient_id": (clinic.john, clinic.jane)[number % 2].id,
        "appointment_date": starts_at.date(),
        "appointment_time": starts_at.hour * 60 + starts_at.minute,
        "duration": 30,
        "reason": REASON,
        "status": AppointmentStatus.SCHEDULED,
        "starts_at": starts_at,
        "ends_at": starts_at + timedelta(minutes=30),
        "created_at": MONDAY_MORNING,
        "updated_at": MONDAY_MORNING,
    }


def test_a_list_that_fits_has_no_next_page(clinic: Clinic):
    answer = clinic.john.get("/appointments/my", limit=2)
    assert (len(answer.json()), answer.links) == (2, {})


def test_a_cursor_opens_nobody_elses_list(clinic: Clinic):
    following = clinic.john.get("/appointments/my", limit=1).links["next"]["url"]
    assert ids_of(clinic.jane.client.get(following)) == [clinic.other_visit]


def test_a_doctor_sees_a_day(clinic: Clinic):
    path = f"/appointments/doctor/{clinic.smith.id}"
    day = clinic.smith.get(path, appointment_date=MONDAY)
    assert ids_of(day) == [clinic.visit, clinic.cancelled]
    assert ids_of(clinic.smith.get(path, appointment_date=NEXT_MONDAY)) == []
    assert clinic.admin.get(path, appointment_date=MONDAY).json() == day.json()


def test_a_patients_contact_data_reaches_only_the_doctor_they_see(clinic: Clinic):
    path = f"/users/patients/{clinic.john.id}"
    contact = {
        "id": clinic.john.id,
        "full_name": "John Patient",
        "email": "john_patient@example.com",
        "phone": "+442079460001",
    }
    assert clinic.smith.get(path).json() == contact
    assert code_of(clinic.jones.get(path)) == (404, "not_found")
    booked(clinic.john, clinic.jones, day=WEDNESDAY, time="11:00")
    assert clinic.jones.get(path).json() == contact
