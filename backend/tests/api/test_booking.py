"""A patient books; what was free is gone, and what is cancelled is free again."""

import pytest

from tests.people import Visitor, code_of

MONDAY = "2026-11-30"


@pytest.fixture
def doctor(visitor: Visitor) -> Visitor:
    doctor = visitor.another().register("dr_smith", role="doctor")
    answer = doctor.post("/schedules/", day_of_week=0, start_time="09:00", end_time="11:00")
    assert answer.status_code == 201
    return doctor


def free_times(visitor: Visitor, doctor: Visitor) -> list[str]:
    answer = visitor.get(
        f"/schedules/doctor/{doctor.id}/available-slots", start_date=MONDAY, end_date=MONDAY
    )
    return [slot["time"] for slot in answer.json()]


def book(patient: Visitor, doctor: Visitor, time: str):
    return patient.post(
        "/appointments/",
        doctor_id=doctor.id,
        appointment_date=MONDAY,
        appointment_time=time,
        reason="Regular checkup",
    )


def test_a_booked_slot_is_gone_and_a_cancelled_one_is_free_again(visitor, doctor):
    patient = visitor.another().register("john_patient")
    other = visitor.another().register("jane_patient")
    assert free_times(visitor, doctor) == ["09:00", "09:30", "10:00", "10:30"]

    booked = book(patient, doctor, "09:30")
    assert booked.status_code == 201
    assert free_times(visitor, doctor) == ["09:00", "10:00", "10:30"]
    assert code_of(book(other, doctor, "09:30")) == (409, "slot_taken")

    cancelled = patient.delete(f"/appointments/{booked.json()['id']}")
    assert (cancelled.status_code, cancelled.json()["status"]) == (200, "cancelled")
    assert free_times(visitor, doctor) == ["09:00", "09:30", "10:00", "10:30"]
    assert book(other, doctor, "09:30").status_code == 201
