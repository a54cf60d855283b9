"""Working hours, and the free slots that follow from them."""

from datetime import UTC, datetime

import pytest

from tests.api.clinic import (
    MONDAY,
    TUESDAY,
    WEDNESDAY,
    Clinic,
    add_hours,
    book,
    free_times,
)
from tests.conftest import FakeClock
from tests.people import Visitor, code_of


@pytest.fixture
def doctor(visitor: Visitor) -> Visitor:
    return visitor.another().register("dr_smith", role="doctor")


def test_the_walkthroughs_week(doctor: Visitor):
    for day, end in ((0, "17:00"), (2, "17:00"), (4, "13:00")):
        answer = doctor.post(
            "/schedules/", day_of_week=day, start_time="09:00", end_time=end, slot_duration=30
        )
        assert answer.status_code == 201
    rows = doctor.get("/schedules/my").json()
    assert rows[0] == {
        "id": rows[0]["id"],
        "doctor_id": doctor.id,
        "day_of_week": 0,
        "start_time": "09:00",
        "end_time": "17:00",
        "slot_duration": 30,
        "is_active": True,
        "created_at": "2026-11-23T08:00:00Z",
    }
    assert [(row["day_of_week"], row["end_time"]) for row in rows] == [
        (0, "17:00"),
        (2, "17:00"),
        (4, "13:00"),
    ]


def test_a_slot_takes_half_an_hour_when_nothing_is_said(doctor: Visitor):
    answer = doctor.post("/schedules/", day_of_week=0, start_time="09:00:00", end_time="24:00")
    row = answer.json()
    assert (row["start_time"], row["end_time"]) == ("09:00", "24:00")
    assert (row["slot_duration"], row["is_active"]) == (30, True)


@pytest.mark.parametrize(("duration", "count"), [(5, 48), (240, 1)])
def test_the_shortest_and_the_longest_slot(doctor: Visitor, duration: int, count: int):
    add_hours(doctor, start_time="09:00", end_time="13:00", slot_duration=duration)
    assert len(free_times(doctor, doctor)) == count


def test_a_slot_tells_both_clocks(doctor: Visitor):
    add_hours(doctor, start_time="09:00", end_time="09:45", slot_duration=45)
    answer = doctor.get(
        f"/schedules/doctor/{doctor.id}/available-slots", start_date=MONDAY, end_date=WEDNESDAY
    )
    assert answer.json() == [
        {
            "date": MONDAY,
            "time": "09:00",
            "starts_at": "2026-11-30T09:00:00Z",
            "ends_at": "2026-11-30T09:45:00Z",
            "duration": 45,
        }
    ]


def test_a_rest_shorter_than_a_slot_is_not_offered(doctor: Visitor):
    add_hours(doctor, start_time="09:00", end_time="10:20", slot_duration=30)
    assert free_times(doctor, doctor) == ["09:00", "09:30"]


def test_several_rows_a_day_leave_a_lunch_break(doctor: Visitor):
    add_hours(doctor, start_time="13:30", end_time="14:30")
    add_hours(doctor, start_time="11:30", end_time="12:30")
    add_hours(doctor, start_time="14:30", end_time="15:30", slot_duration=60)
    assert free_times(doctor, doctor) == ["11:30", "12:00", "13:30", "14:00", "14:30"]
    patient = doctor.another().register("john_patient")
    booked = [book(patient, doctor, time=time).status_code for time in ("12:00", "13:30", "14:30")]
    assert booked == [201, 201, 201]
    assert code_of(book(patient, doctor, time="12:30")) == (409, "slot_not_offered")


def test_slots_of_today_begin_with_the_present(doctor: Visitor, clock: FakeClock):
    add_hours(doctor)
    clock.now = datetime(2026, 11, 30, 15, 30, tzinfo=UTC)
    doctor.log_in("dr_smith")
    assert free_times(doctor, doctor) == ["15:30", "16:00", "16:30"]
    clock.advance(seconds=1)
    assert free_times(doctor, doctor) == ["16:00", "16:30"]


def test_yesterday_has_no_slots(doctor: Visitor):
    add_hours(doctor)
    assert free_times(doctor, doctor, "2026-11-16") == []


def test_a_month_of_31_days_can_be_asked_for_at_once(doctor: Visitor):
    add_hours(doctor, start_time="09:00", end_time="09:30")
    answer = doctor.get(
        f"/schedules/doctor/{doctor.id}/available-slots",
        start_date="2026-12-01",
        end_date="2026-12-31",
    )
    assert [slot["date"] for slot in answer.json()] == [
        "2026-12-07",
        "2026-12-14",
        "2026-12-21",
        "2026-12-28",
    ]


def test_patients_see_the_active_rows_only_and_the_doctor_all(clinic: Clinic):
    own = clinic.smith.get("/schedules/my").json()
    public = clinic.anonymous.get(f"/schedules/doctor/{clinic.smith.id}").json()
    assert [row["id"] for row in own] == [clinic.hours, clinic.closed_hours]
    assert public == own[:1]


def test_hours_are_switched_on_and_off(clinic: Clinic):
    path = f"/schedules/{clinic.closed_hours}"
    assert free_times(clinic.john, clinic.smith, TUESDAY) == []
    assert clinic.smith.put(path, is_active=True, end_time="10:00").status_code == 200
    assert free_times(clinic.john, clinic.smith, TUESDAY) == ["09:00", "09:30"]
    assert clinic.smith.put(path, is_active=False).json()["is_active"] is False
    assert free_times(clinic.john, clinic.smith, TUESDAY) == []


def test_only_what_was_sent_changes(clinic: Clinic):
    before = clinic.smith.get("/schedules/my").json()
    answer = clinic.smith.put(f"/schedules/{clinic.closed_hours}", end_time="12:00")
    assert answer.status_code == 200
    assert answer.json() == before[1] | {"end_time": "12:00"}
    assert clinic.smith.get("/schedules/my").json() == [before[0], answer.json()]


def test_another_slot_length_is_a_new_grid(clinic: Clinic):
    answer = clinic.smith.put(f"/schedules/{clinic.hours}", slot_duration=240)
    assert answer.status_code == 200
    assert free_times(clinic.john, clinic.smith) == ["13:00"]


def test_deleted_hours_are_gone(clinic: Clinic):
    path = f"/schedules/{clinic.closed_hours}"
    answer = clinic.smith.delete(path)
    assert (answer.status_code, answer.content) == (204, b"")
    assert [row["id"] for row in clinic.smith.get("/schedules/my").json()] == [clinic.hours]
    assert code_of(clinic.smith.delete(path)) == (404, "not_found")
    assert add_hours(clinic.smith, day_of_week=1) != clinic.closed_hours


def test_the_same_hours_of_two_doctors_do_not_overlap(clinic: Clinic):
    assert add_hours(clinic.jones, day_of_week=0) > clinic.other_hours


def test_an_admin_writes_the_hours_of_a_doctor(clinic: Clinic):
    answer = clinic.admin.post(
        "/schedules/",
        doctor_id=clinic.smith.id,
        day_of_week=4,
        start_time="09:00",
        end_time="13:00",
    )
    assert (answer.status_code, answer.json()["doctor_id"]) == (201, clinic.smith.id)


@pytest.mark.parametrize("whose", ["john", "jose", "admin"])
def test_only_active_doctors_have_hours(clinic: Clinic, whose: str):
    answer = clinic.admin.post(
        "/schedules/",
        doctor_id=getattr(clinic, whose).id,
        day_of_week=4,
        start_time="09:00",
        end_time="13:00",
    )
    assert code_of(answer) == (404, "not_found")
