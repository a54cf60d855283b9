from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from ui import config
from ui.api.models import Appointment, AppointmentStatus, Doctor, Patient, Schedule, Slot
from ui.appointments import events
from ui.appointments.slot_picker import days_with_free_times
from ui.appointments.wording import doctor_label, doctor_of, patient_of, when
from ui.widgets.calendar import Event, grid, week_of

MONDAY = date(2026, 11, 30)
BERLIN = "Europe/Berlin"
MONDAY_OF_REFERENCE = "2024-01-01"


def slot(starts_at: datetime, day: date, time: str) -> Slot:
    return Slot(
        date=day,
        time=time,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=30),
        duration=30,
    )


NINE = slot(datetime(2026, 11, 30, 8, tzinfo=UTC), MONDAY, "09:00")
HALF_PAST = slot(datetime(2026, 11, 30, 8, 30, tzinfo=UTC), MONDAY, "09:30")
TUESDAY = slot(datetime(2026, 12, 1, 8, tzinfo=UTC), date(2026, 12, 1), "09:00")
AGAIN = slot(datetime(2026, 10, 25, 1, 30, tzinfo=UTC), date(2026, 10, 25), "02:30")


SMITH = Doctor(id=1, full_name="Dr. John Smith", specialty=None, timezone=BERLIN)
FAR = Doctor(id=2, full_name="Dr Far", specialty=None, timezone="America/New_York")
JOHN = Patient(id=3, full_name="<b>John</b>", email="john@example.com", phone=None)
MORNING = datetime(2026, 11, 30, 7, tzinfo=UTC)


def visit(
    doctor: Doctor = SMITH,
    starts_at: datetime = MORNING,
    status: AppointmentStatus = "scheduled",
    visit_id: int = 1,
) -> Appointment:
    """A visit of half an hour."""
    local = starts_at.astimezone(ZoneInfo(doctor.timezone))
    return Appointment(
        id=visit_id,
        doctor_id=doctor.id,
        patient_id=JOHN.id,
        appointment_date=local.date(),
        appointment_time=f"{local:%H:%M}",
        duration=30,
        reason="Regular checkup",
        status=status,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=30),
        timezone=doctor.timezone,
        created_at=MORNING,
        updated_at=MORNING,
        doctor=doctor,
        patient=JOHN,
    )


def hours(
    day: int, start_time: str = "09:00", end_time: str = "17:00", *, is_active: bool = True
) -> Schedule:
    """Working hours in half hours."""
    return Schedule(
        id=day + 1,
        doctor_id=SMITH.id,
        day_of_week=day,
        start_time=start_time,
        end_time=end_time,
        slot_duration=30,
        is_active=is_active,
        created_at=MORNING,
    )


def test_free_times_are_chips_a_day_and_slots():
    assert events.free_times([NINE, HALF_PAST, TUESDAY], BERLIN, MONDAY, HALF_PAST) == [
        Event(
            id="2026-11-30",
            title="2 free",
            start="2026-11-30",
            allDay=True,
            grain="day",
            classNames=["clickable", "chip", "chosen"],
        ),
        Event(
            id="2026-12-01",
            title="1 free",
            start="2026-12-01",
            allDay=True,
            grain="day",
            classNames=["clickable", "chip"],
        ),
        free("2026-11-30T08:00:00+00:00", "2026-11-30T09:00:00", "2026-11-30T09:30:00"),
        free("2026-11-30T08:30:00+00:00", "2026-11-30T09:30:00", "2026-11-30T10:00:00", "chosen"),
        free("2026-12-01T08:00:00+00:00", "2026-12-01T09:00:00", "2026-12-01T09:30:00"),
    ]


def free(event_id: str, start: str, end: str, chosen: str = "") -> Event:
    return Event(
        id=event_id,
        title=chosen or "free",
        start=start,
        end=end,
        grain="slot",
        classNames=["clickable", "free", *([chosen] if chosen else [])],
    )


def test_the_second_reading_of_an_hour_is_told_apart():
    assert events.slot_label(AGAIN, BERLIN) == "2:30 (second)"
    assert events.slot_moment(AGAIN, BERLIN) == "Sunday 25 October 2026, 2:30 (second)"
    assert events.free_times([AGAIN], BERLIN, MONDAY, None)[1]["title"] == "free (second)"


def test_appointments_stand_at_their_wall_clock_whatever_the_browser():
    statuses: list[AppointmentStatus] = ["scheduled", "completed", "cancelled"]
    visits = [visit(status=one, visit_id=number) for number, one in enumerate(statuses, 1)]
    assert events.appointments(visits, patient_of, BERLIN) == [
        booked("1", "<b>John</b>", "scheduled"),
        booked("2", "<b>John</b> (completed)", "completed"),
        booked("3", "<b>John</b> (cancelled)", "cancelled"),
    ]


def booked(event_id: str, title: str, status: str) -> Event:
    return Event(
        id=event_id,
        title=title,
        start="2026-11-30T08:00:00",
        end="2026-11-30T08:30:00",
        grain="any",
        classNames=["clickable", status],
    )


def test_an_appointment_in_a_repeated_hour_says_which():
    one = visit(starts_at=AGAIN.starts_at)
    assert when(one) == "Sunday 25 October 2026, 2:30 (second) (Europe/Berlin time)"
    assert events.appointments([one], doctor_of, BERLIN)[0]["title"] == "Dr. John Smith (second)"


def test_appointments_stand_at_their_instants_in_the_reader_s_zone():
    visits = [visit(), visit(FAR)]
    placed = events.appointments(visits, doctor_of, BERLIN)
    assert [(one["title"], one["start"], one["end"]) for one in placed] == [
        ("Dr. John Smith", "2026-11-30T08:00:00", "2026-11-30T08:30:00"),
        ("Dr Far, 2:00 America/New_York time", "2026-11-30T08:00:00", "2026-11-30T08:30:00"),
    ]
    placed = events.appointments(visits, doctor_of, "America/Los_Angeles")
    assert [(one["title"], one["start"]) for one in placed] == [
        ("Dr. John Smith, 8:00 Europe/Berlin time", "2026-11-29T23:00:00"),
        ("Dr Far, 2:00 America/New_York time", "2026-11-29T23:00:00"),
    ]


@pytest.mark.parametrize(
    ("locale", "first", "sunday"),
    [("en_GB", MONDAY_OF_REFERENCE, "2024-01-07"), ("en_US", "2023-12-31", "2023-12-31")],
)
def test_the_week_of_working_hours_begins_as_the_locale_says(
    settings, monkeypatch, locale: str, first: str, sunday: str
):
    monkeypatch.setenv("CLINIC_LOCALE", locale)
    config.settings.cache_clear()
    shown = events.working_hours([hours(day) for day in range(7)])
    assert min(one["start"] for one in shown) == f"{first}T09:00:00"
    assert shown[6]["start"] == f"{sunday}T09:00:00"
    assert week_of(date(2026, 11, 30)).first == date(2026, 11, 30 if locale == "en_GB" else 29)


def test_working_hours_reach_to_midnight():
    rows = [hours(0), hours(6, "18:00", "24:00", is_active=False)]
    assert events.working_hours(rows) == [
        Event(
            id="1",
            title="30 minutes",
            start="2024-01-01T09:00:00",
            end="2024-01-01T17:00:00",
            grain="any",
            classNames=["clickable", "active"],
        ),
        Event(
            id="7",
            title="30 minutes (inactive)",
            start="2024-01-07T18:00:00",
            end="2024-01-08T00:00:00",
            grain="any",
            classNames=["clickable", "inactive"],
        ),
    ]


@pytest.mark.parametrize(
    ("start", "end", "shown"),
    [
        ("2026-11-30T09:00:00", "2026-11-30T09:30:00", ("08:00:00", "18:00:00", "00:30:00")),
        ("2026-11-30T06:15:00", "2026-11-30T06:30:00", ("06:00:00", "18:00:00", "00:15:00")),
        ("2026-11-30T18:00:00", "2026-11-30T18:05:00", ("08:00:00", "19:00:00", "00:10:00")),
        ("2026-11-30T23:00:00", "2026-12-01T00:00:00", ("08:00:00", "24:00:00", "00:30:00")),
        ("2026-11-30T23:45:00", "2026-12-01T00:05:00", ("08:00:00", "24:00:00", "00:20:00")),
    ],
)
def test_the_grid_shows_every_event(start: str, end: str, shown: tuple[str, str, str]):
    event = Event(id="1", title="", start=start, end=end, grain="any", classNames=[])
    assert grid([event]) == shown


def test_the_grid_of_an_empty_calendar():
    assert grid([]) == ("08:00:00", "18:00:00", "00:30:00")


def test_days_with_free_times_are_counted_in_order():
    assert days_with_free_times([TUESDAY, NINE, HALF_PAST]) == [
        (MONDAY, 2),
        (date(2026, 12, 1), 1),
    ]


def test_a_doctor_without_specialty_is_only_a_name():
    cardiologist = SMITH.model_copy(update={"specialty": "Cardiology"})
    assert [doctor_label(SMITH), doctor_label(cardiologist)] == [
        "Dr. John Smith",
        "Dr. John Smith · Cardiology",
    ]
