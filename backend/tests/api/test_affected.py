"""Hours that booked patients depend on stay as they are."""

from datetime import UTC, datetime
from typing import Any

import pytest

from app.db.database import Database
from tests.api.clinic import MONDAY, Clinic, add_hours, booked, set_back
from tests.api.tables import read_all
from tests.conftest import FakeClock
from tests.people import Visitor, code_of

AFFECTED = (409, "appointments_affected")
NEXT_MONDAY = "2026-12-07"


@pytest.fixture
def noon(clinic: Clinic) -> int:
    """Jane's appointment with Smith at 12:00, beside John's at 9:00."""
    return booked(clinic.jane, clinic.smith, time="12:00")


def in_the_way(answer: Any) -> list[int]:
    assert code_of(answer) == AFFECTED
    return [appointment["id"] for appointment in answer.json()["appointments"]]


def change(clinic: Clinic, **fields: Any) -> Any:
    return clinic.smith.put(f"/schedules/{clinic.hours}", **fields)


@pytest.mark.parametrize(
    ("fields", "affected"),
    [
        ({"start_time": "09:30"}, ["visit"]),
        ({"start_time": "09:01"}, ["visit"]),
        ({"end_time": "12:29"}, ["noon"]),
        ({"end_time": "12:00"}, ["noon"]),
        ({"start_time": "10:00", "end_time": "12:00"}, ["visit", "noon"]),
        ({"day_of_week": 3}, ["visit", "noon"]),
        ({"is_active": False}, ["visit", "noon"]),
    ],
)
def test_a_change_that_strands_patients_names_exactly_those(
    clinic: Clinic, noon: int, database: Database, fields: dict[str, Any], affected: list[str]
):
    ids = {"visit": clinic.visit, "noon": noon}
    before = read_all(database)
    assert in_the_way(change(clinic, **fields)) == [ids[name] for name in affected]
    assert read_all(database) == before


def test_an_appointment_in_the_way_is_told_as_its_parties_know_it(clinic: Clinic):
    answer = clinic.smith.delete(f"/schedules/{clinic.hours}")
    assert code_of(answer) == AFFECTED
    assert answer.json()["appointments"] == [
        {
            "id": clinic.visit,
            "appointment_date": MONDAY,
            "appointment_time": "09:00",
            "starts_at": "2026-11-30T09:00:00Z",
            "ends_at": "2026-11-30T09:30:00Z",
            "timezone": "Europe/London",
            "doctor_name": "Dr. John Smith",
            "patient_name": "John Patient",
        }
    ]


def test_hours_with_booked_patients_are_not_deleted(clinic: Clinic, noon: int, database: Database):
    before = read_all(database)
    answer = clinic.smith.delete(f"/schedules/{clinic.hours}")
    assert in_the_way(answer) == [clinic.visit, noon]
    assert read_all(database) == before


@pytest.mark.parametrize(
    "fields",
    [
        {"start_time": "08:00", "end_time": "18:00"},
        {"end_time": "12:30"},
        {"slot_duration": 20},
        {"slot_duration": 60},
        {"is_active": True},
        {"start_time": "09:00", "end_time": "12:30", "slot_duration": 45},
    ],
)
def test_a_change_that_strands_nobody_passes(clinic: Clinic, noon: int, fields: dict[str, Any]):
    answer = change(clinic, **fields)
    assert answer.status_code == 200
    assert {name: answer.json()[name] for name in fields} == fields
    kept = [
        clinic.john.get(f"/appointments/{clinic.visit}"),
        clinic.jane.get(f"/appointments/{noon}"),
    ]
    assert [(one.json()["appointment_time"], one.json()["duration"]) for one in kept] == [
        ("09:00", 30),
        ("12:00", 30),
    ]


def test_what_is_cancelled_or_completed_or_moved_away_is_in_nobodys_way(
    clinic: Clinic, noon: int, database: Database
):
    assert clinic.john.delete(f"/appointments/{clinic.visit}").status_code == 200
    assert in_the_way(change(clinic, is_active=False)) == [noon]
    set_back(database, noon, days=7)
    assert clinic.smith.put(f"/appointments/{noon}", status="completed").status_code == 200
    assert change(clinic, is_active=False).status_code == 200
    assert clinic.smith.delete(f"/schedules/{clinic.hours}").status_code == 204


def test_an_appointment_counts_until_it_is_over(clinic: Clinic, clock: FakeClock):
    clock.now = datetime(2026, 11, 30, 9, 29, tzinfo=UTC)
    clinic.smith.csrf_token = None
    clinic.smith.log_in("dr_smith")
    assert in_the_way(change(clinic, is_active=False)) == [clinic.visit]
    clock.advance(minutes=1)
    assert change(clinic, is_active=False).status_code == 200


def test_other_hours_of_the_same_doctor_are_free_to_change(clinic: Clinic):
    assert clinic.smith.delete(f"/schedules/{clinic.closed_hours}").status_code == 204


def test_hours_may_shrink_to_where_another_row_takes_over(clinic: Clinic):
    """A visit over the border of two rows that touch lies within the hours of the day."""
    add_hours(clinic.smith, day_of_week=0, start_time="17:00", end_time="18:00", slot_duration=60)
    late = booked(clinic.jane, clinic.smith, time="17:00")
    moved = change(clinic, start_time="08:45", end_time="17:00")
    assert moved.status_code == 200
    rows = clinic.smith.get("/schedules/my").json()
    evening = next(row["id"] for row in rows if row["start_time"] == "17:00")
    answer = clinic.smith.put(f"/schedules/{evening}", start_time="17:15", slot_duration=45)
    assert in_the_way(answer) == [late]


def test_every_week_that_is_booked_counts(clinic: Clinic):
    next_week = booked(clinic.jane, clinic.smith, day=NEXT_MONDAY, time="09:00")
    assert in_the_way(change(clinic, start_time="09:30")) == [clinic.visit, next_week]


def test_an_admin_strands_nobody_either(clinic: Clinic, database: Database):
    before = read_all(database)
    assert in_the_way(clinic.admin.delete(f"/schedules/{clinic.hours}")) == [clinic.visit]
    assert read_all(database) == before


def change_zone(clinic: Clinic, by: str, timezone: str) -> Any:
    """Change the time zone of Dr. Smith."""
    path = "/users/me" if by == "smith" else f"/users/{clinic.smith.id}"
    person: Visitor = getattr(clinic, by)
    return person.patch(path, timezone=timezone)


@pytest.mark.parametrize("by", ["smith", "admin"])
def test_a_doctor_with_booked_patients_stays_in_the_time_zone(
    clinic: Clinic, noon: int, database: Database, by: str
):
    before = read_all(database)
    assert in_the_way(change_zone(clinic, by, "Australia/Lord_Howe")) == [clinic.visit, noon]
    assert read_all(database) == before


@pytest.mark.parametrize("by", ["smith", "admin"])
def test_a_time_zone_in_which_booked_visits_keep_their_times_is_taken(clinic: Clinic, by: str):
    answer = change_zone(clinic, by, "Europe/Lisbon")
    assert (answer.status_code, answer.json()["timezone"]) == (200, "Europe/Lisbon")
    visit = clinic.john.get(f"/appointments/{clinic.visit}").json()
    assert [visit[name] for name in ("timezone", "appointment_time", "starts_at")] == [
        *("Europe/Lisbon", "09:00", "2026-11-30T09:00:00Z")
    ]


def cancel_all(*appointments: tuple[Visitor, int]) -> None:
    for patient, appointment in appointments:
        assert patient.delete(f"/appointments/{appointment}").status_code == 200


@pytest.mark.parametrize("by", ["smith", "admin"])
def test_a_doctor_whom_nobody_waits_for_may_move_to_another_time_zone(
    clinic: Clinic, noon: int, by: str
):
    cancel_all((clinic.john, clinic.visit), (clinic.jane, noon))
    answer = change_zone(clinic, by, "Australia/Lord_Howe")
    assert (answer.status_code, answer.json()["timezone"]) == (200, "Australia/Lord_Howe")


def test_the_same_time_zone_and_other_fields_are_no_move(clinic: Clinic):
    answer = clinic.smith.patch("/users/me", timezone="Europe/London", specialty="Cardiology")
    assert (answer.status_code, answer.json()["specialty"]) == (200, "Cardiology")
