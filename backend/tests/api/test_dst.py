"""Bookings in the nights in which the clocks change."""

from datetime import UTC, datetime

import pytest

from tests.api.clinic import add_hours, book, booked, free_times
from tests.conftest import FakeClock
from tests.people import Visitor, code_of

LONDON, LORD_HOWE = "Europe/London", "Australia/Lord_Howe"
NOT_OFFERED = (409, "slot_not_offered")

# zone, date, the time that is shown twice, and its two readings
REPEATED = [
    (LONDON, "2026-10-25", "01:00", "2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z"),
    (LONDON, "2026-10-25", "01:30", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"),
    (LORD_HOWE, "2027-04-04", "01:30", "2027-04-03T14:30:00Z", "2027-04-03T15:00:00Z"),
]
# zone, date, a time that is skipped, and an instant that a naive clock makes of it
SKIPPED = [
    (LONDON, "2027-03-28", "01:00", "2027-03-28T01:00:00Z"),
    (LONDON, "2027-03-28", "01:30", "2027-03-28T01:30:00Z"),
    (LORD_HOWE, "2026-10-04", "02:00", "2026-10-03T15:30:00Z"),
]


@pytest.fixture
def patients(visitor: Visitor, clock: FakeClock) -> list[Visitor]:
    """Three patients in September, before any of the nights."""
    clock.now = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)
    return [visitor.another().register(f"patient_{number}") for number in range(3)]


def night_doctor(visitor: Visitor, zone: str) -> Visitor:
    """A doctor who works on Sundays from midnight to four."""
    doctor = visitor.another().register("dr_night", role="doctor", timezone=zone)
    add_hours(doctor, day_of_week=6, start_time="00:00", end_time="04:00")
    return doctor


def offered(visitor: Visitor, doctor: Visitor, day: str) -> list[tuple[str, str]]:
    answer = visitor.get(
        f"/schedules/doctor/{doctor.id}/available-slots", start_date=day, end_date=day
    )
    return [(slot["time"], slot["starts_at"]) for slot in answer.json()]


@pytest.mark.parametrize(
    ("zone", "day", "times"),
    [
        (
            LONDON,
            "2026-10-25",
            "00:00 00:30 01:00 01:30 01:00 01:30 02:00 02:30 03:00 03:30",
        ),
        (LONDON, "2027-03-28", "00:00 00:30 02:00 02:30 03:00 03:30"),
        (LORD_HOWE, "2027-04-04", "00:00 00:30 01:00 01:30 01:30 02:00 02:30 03:00 03:30"),
        (LORD_HOWE, "2026-10-04", "00:00 00:30 01:00 01:30 02:30 03:00 03:30"),
        (LONDON, "2026-11-01", "00:00 00:30 01:00 01:30 02:00 02:30 03:00 03:30"),
    ],
)
def test_the_night_offers_what_its_clock_shows(
    patients: list[Visitor], zone: str, day: str, times: str
):
    doctor = night_doctor(patients[0], zone)
    assert free_times(patients[0], doctor, day) == times.split()


@pytest.mark.parametrize(("zone", "day", "time", "first", "second"), REPEATED)
def test_both_readings_of_a_repeated_time_can_be_booked(
    patients: list[Visitor], zone: str, day: str, time: str, first: str, second: str
):
    doctor = night_doctor(patients[0], zone)
    assert [slot for slot in offered(patients[0], doctor, day) if slot[0] == time] == [
        (time, first),
        (time, second),
    ]

    answers = [
        book(patients[0], doctor, day=day, time=time, starts_at=second),
        book(patients[1], doctor, day=day, time=time, starts_at=first),
    ]
    assert [answer.status_code for answer in answers] == [201, 201]
    told = [
        (answer.json()["appointment_date"], answer.json()["appointment_time"]) for answer in answers
    ]
    assert told == [(day, time)] * 2
    assert [answer.json()["starts_at"] for answer in answers] == [second, first]

    assert time not in free_times(patients[2], doctor, day)
    for starts_at in (None, first, second):
        taken = book(patients[2], doctor, day=day, time=time, starts_at=starts_at)
        assert code_of(taken) == (409, "slot_taken")


@pytest.mark.parametrize(("zone", "day", "time", "first", "second"), REPEATED)
def test_a_repeated_time_alone_means_its_first_reading(
    patients: list[Visitor], zone: str, day: str, time: str, first: str, second: str
):
    doctor = night_doctor(patients[0], zone)
    assert book(patients[0], doctor, day=day, time=time).json()["starts_at"] == first
    assert code_of(book(patients[1], doctor, day=day, time=time)) == (409, "slot_taken")
    again = book(patients[1], doctor, day=day, time=time, starts_at=second)
    assert (again.status_code, again.json()["starts_at"]) == (201, second)


@pytest.mark.parametrize(("zone", "day", "time", "first", "second"), REPEATED)
def test_an_appointment_moves_from_one_reading_to_the_other(
    patients: list[Visitor], zone: str, day: str, time: str, first: str, second: str
):
    doctor = night_doctor(patients[0], zone)
    visit = booked(patients[0], doctor, day=day, time=time)
    answer = patients[0].put(
        f"/appointments/{visit}", appointment_date=day, appointment_time=time, starts_at=second
    )
    assert (answer.status_code, answer.json()["starts_at"]) == (200, second)
    assert [slot for slot in offered(patients[1], doctor, day) if slot[0] == time] == [
        (time, first)
    ]


@pytest.mark.parametrize(("zone", "day", "time", "instant"), SKIPPED)
def test_a_time_that_the_clock_skips_cannot_be_booked(
    patients: list[Visitor], zone: str, day: str, time: str, instant: str
):
    doctor = night_doctor(patients[0], zone)
    assert code_of(book(patients[0], doctor, day=day, time=time)) == NOT_OFFERED
    by_instant = book(patients[0], doctor, day=day, time=time, starts_at=instant)
    assert code_of(by_instant) == NOT_OFFERED
    visit = booked(patients[0], doctor, day=day, time="00:30")
    moved = patients[0].put(f"/appointments/{visit}", appointment_date=day, appointment_time=time)
    assert code_of(moved) == NOT_OFFERED


def test_the_second_reading_of_a_time_that_is_shown_once_is_no_time(patients: list[Visitor]):
    doctor = night_doctor(patients[0], LONDON)
    wanted = {"day": "2026-11-01", "time": "01:00"}
    answer = book(patients[0], doctor, **wanted, starts_at="2026-11-01T02:00:00Z")
    assert code_of(answer) == NOT_OFFERED
    answer = book(patients[0], doctor, **wanted, starts_at="2026-11-01T01:00:00Z")
    assert answer.status_code == 201


def test_a_visit_over_the_change_takes_as_long_as_any(patients: list[Visitor]):
    doctor = patients[0].another().register("dr_night", role="doctor", timezone=LORD_HOWE)
    add_hours(doctor, day_of_week=6, start_time="01:00", end_time="04:00", slot_duration=60)
    answer = book(patients[0], doctor, day="2026-10-04", time="01:00")
    assert (answer.json()["starts_at"], answer.json()["ends_at"]) == (
        "2026-10-03T14:30:00Z",
        "2026-10-03T15:30:00Z",
    )
    assert free_times(patients[1], doctor, "2026-10-04") == ["02:30"]
