"""The first slot of each doctor that can be booked: what a search of each diary would find."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.api.clinic import Clinic, add_hours, booked
from tests.conftest import FakeClock
from tests.people import Visitor, code_of

TODAY = "2026-11-23"


def first_of(doctor: Visitor, patient: Visitor, days: int) -> dict[str, object] | None:
    """What the plain search finds from now until the same time of day, `days` later."""
    now = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
    answer = patient.get(
        f"/schedules/doctor/{doctor.id}/available-slots",
        start_date=TODAY,
        end_date=(now + timedelta(days=days)).date().isoformat(),
        plain="",
    )
    until = (now + timedelta(days=days)).isoformat().replace("+00:00", "Z")
    slots = [slot for slot in answer.json() if slot["ends_at"] <= until]
    return {**slots[0], "doctor_id": doctor.id} if slots else None


@pytest.mark.parametrize("days", [1, 2, 3, 7, 28, 30])
def test_the_earliest_comes_first_and_who_has_none_is_left_out(clinic: Clinic, days: int):
    add_hours(clinic.jones, day_of_week=3, start_time="07:00", end_time="08:00")
    expected = [first_of(doctor, clinic.john, days) for doctor in (clinic.smith, clinic.jones)]
    found = clinic.anonymous.get("/schedules/first-slots", days=days).json()
    assert found == [first for first in expected if first is not None]
    assert len(found) == (1 if days < 3 else 2)


def test_the_usual_search_covers_four_weeks(clinic: Clinic):
    ask = clinic.anonymous.get
    assert ask("/schedules/first-slots").json() == ask("/schedules/first-slots", days=28).json()


def test_who_is_busy_in_the_coming_days_is_found_later(clinic: Clinic, clock: FakeClock):
    for number in range(16):
        time = f"{9 + number // 2:02}:{number % 2 * 30:02}"
        patient = (clinic.jane, clinic.john)[number % 2]  # one may not have so many
        booked(patient, clinic.smith, day=TODAY, time=time)
    (smith,) = (
        first
        for first in clinic.anonymous.get("/schedules/first-slots").json()
        if first["doctor_id"] == clinic.smith.id
    )
    assert (smith["date"], smith["time"]) == ("2026-11-30", "09:30")


def test_a_slot_that_is_found_can_be_booked(clinic: Clinic):
    first = clinic.jane.get("/schedules/first-slots").json()[0]
    answer = clinic.jane.post(
        "/appointments/",
        doctor_id=first["doctor_id"],
        appointment_date=first["date"],
        appointment_time=first["time"],
        reason="As soon as possible",
    )
    assert answer.status_code == 201
    assert clinic.jane.get("/schedules/first-slots").json()[0] != first


def test_only_doctors_of_a_specialty(clinic: Clinic):
    assert clinic.jones.patch("/users/me", specialty="Cardiology").status_code == 200
    found = clinic.anonymous.get("/schedules/first-slots", specialty="Cardiology").json()
    assert clinic.anonymous.get("/schedules/first-slots", specialty=" CARDIOLOGY").json() == found
    assert [first["doctor_id"] for first in found] == [clinic.jones.id]
    assert clinic.anonymous.get("/schedules/first-slots", specialty="Dentistry").json() == []


@pytest.mark.parametrize("days", [0, 32, "many"])
def test_days_are_bounded(clinic: Clinic, days: object):
    answer = clinic.anonymous.get("/schedules/first-slots", days=days)
    assert code_of(answer) == (422, "invalid_input")
