"""What is offered can be booked, and nothing else can: whatever the hours, zone and bookings."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import NamedTuple
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from app.db.database import Database
from app.domain.booking_limits import NO_LIMIT, BookingLimits
from app.domain.errors import BeyondHorizon, ScheduleOverlaps, SlotNotOffered, SlotTaken
from app.domain.people import Actor, Role
from app.domain.time.wall_clock import from_minute
from app.services import booking
from app.services.booking import WantedTime
from app.services.slot_search import FreeSlot, search_slots
from tests.integration.asking import answers_to
from tests.integration.diaries import add_hours, add_person
from tests.slot_searches import available_slots

DAY = 1440
REFUSALS = (SlotTaken, SlotNotOffered, BeyondHorizon)
LIMITS = BookingLimits(horizon_days=1, open_visits=NO_LIMIT)  # it ends amid the three days
DAYS_OF_CHANGE = [
    ("UTC", date(2026, 11, 30)),
    ("Europe/London", date(2027, 3, 28)),
    ("Europe/London", date(2026, 10, 25)),
    ("Australia/Lord_Howe", date(2026, 10, 4)),
    ("Australia/Lord_Howe", date(2027, 4, 4)),
    ("America/Havana", date(2027, 3, 14)),
    ("America/Havana", date(2026, 11, 1)),
    ("Africa/Cairo", date(2027, 4, 30)),
    ("Africa/Cairo", date(2026, 10, 29)),
    ("Pacific/Chatham", date(2026, 9, 27)),
    ("Asia/Kolkata", date(2026, 11, 30)),
]


class Row(NamedTuple):
    """A row of working hours, in minutes after midnight."""

    day_of_week: int
    start_time: int
    end_time: int
    slot_duration: int


class Diary(NamedTuple):
    """A doctor's hours around a day, the slots that are taken (by position), and the moment."""

    zone: str
    day: date
    rows: list[Row]
    taken: list[int]
    now: datetime


@st.composite
def rows_of(draw: st.DrawFn, day: date) -> Row:
    duration = draw(st.sampled_from([5, 20, 30, 45, 90, 240]))
    opens = draw(st.integers(0, (DAY - duration) // 15)) * 15
    closes = draw(st.integers(opens + duration, min(DAY, opens + duration * 6)))
    return Row(day.weekday(), opens, closes, duration)


@st.composite
def diaries(draw: st.DrawFn) -> Diary:
    zone, change = draw(st.sampled_from(DAYS_OF_CHANGE))
    days = [change + timedelta(days=number) for number in (-1, 0, 1)]
    midnight = datetime.combine(change, time(), tzinfo=UTC)
    return Diary(
        zone=zone,
        day=change,
        rows=draw(st.lists(st.sampled_from(days).flatmap(rows_of), min_size=1, max_size=5)),
        taken=draw(st.lists(st.integers(0, 30), max_size=6)),
        now=midnight + timedelta(minutes=draw(st.integers(-2 * DAY, DAY))),
    )


@contextmanager
def undone(session: Session) -> Iterator[None]:
    """What is done in this block is tried only."""
    attempt = session.begin_nested()
    yield
    attempt.rollback()


def offered(session: Session, doctor: Actor, diary: Diary) -> list[FreeSlot]:
    return available_slots(
        session,
        doctor_id=doctor.id,
        first_day=diary.day - timedelta(days=1),
        last_day=diary.day + timedelta(days=1),
        limits=LIMITS,
        now=diary.now,
    )


def book(session: Session, doctor: Actor, wanted: WantedTime, now: datetime) -> bool:
    """Whether a new patient gets this time."""
    patient = add_person(session, Role.PATIENT, now=now)
    try:
        appointment = booking.book(
            session,
            patient,
            doctor_id=doctor.id,
            patient_id=None,
            wanted=wanted,
            reason="Regular checkup",
            limits=LIMITS,
            now=now,
        )
    except REFUSALS:
        return False
    assert wanted.starts_at in {None, appointment.starts_at}
    return True


def as_wanted(slot: FreeSlot) -> WantedTime:
    return WantedTime(slot.date, slot.time, slot.starts_at)


def doctor_with(session: Session, diary: Diary) -> Actor:
    """The doctor of this diary, with those of the rows that do not overlap with others."""
    doctor = add_person(session, Role.DOCTOR, now=diary.now, timezone=diary.zone)
    for row in diary.rows:
        try:
            add_hours(session, doctor, now=diary.now, **row._asdict())
        except ScheduleOverlaps:
            continue
    for position in diary.taken:
        slots = offered(session, doctor, diary)
        if position < len(slots):
            assert book(session, doctor, as_wanted(slots[position]), diary.now)
    return doctor


def is_bookable(session: Session, doctor: Actor, wanted: WantedTime, now: datetime) -> bool:
    with undone(session):
        return book(session, doctor, wanted, now)


def instants(diary: Diary, step: int) -> list[WantedTime]:
    """Every `step` minutes of the three days, by the wall clock and as an instant."""
    zone = ZoneInfo(diary.zone)
    first = datetime.combine(diary.day - timedelta(days=1), time(), tzinfo=zone).astimezone(UTC)
    moments = [first + timedelta(minutes=minute) for minute in range(0, 3 * DAY, step)]
    walls = [moment.astimezone(zone) for moment in moments]
    return [
        WantedTime(wall.date(), wall.hour * 60 + wall.minute, moment)
        for wall, moment in zip(walls, moments, strict=True)
    ]


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(diary=diaries(), step=st.sampled_from([95, 130, 155]))
def test_what_is_offered_and_nothing_else_can_be_booked(
    database: Database, diary: Diary, step: int
):
    with database.writing() as session:
        doctor = doctor_with(session, diary)
        slots = offered(session, doctor, diary)
        free = [as_wanted(slot) for slot in slots]
        others = [wanted for wanted in instants(diary, step) if wanted not in free]
        assert [each for each in free if not is_bookable(session, doctor, each, diary.now)] == []
        assert [each for each in others if is_bookable(session, doctor, each, diary.now)] == []


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(diary=diaries())
def test_every_reader_finds_the_same(database: Database, diary: Diary):
    with database.writing() as session:
        doctor = doctor_with(session, diary)
        plain = offered(session, doctor, diary)
    query = partial(
        search_slots,
        doctor_id=doctor.id,
        first_day=diary.day - timedelta(days=1),
        last_day=diary.day + timedelta(days=1),
        limits=LIMITS,
        now=diary.now,
    )
    for offer in answers_to(query, database):
        assert offer is not None
        assert offer.zone == ZoneInfo(diary.zone)
        assert [(from_minute(slot.start), slot.duration) for slot in offer.slots] == [
            (slot.starts_at, slot.duration) for slot in plain
        ]


@settings(
    max_examples=10,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(diary=diaries())
def test_each_free_slot_can_be_booked_by_wall_clock_alone_or_is_a_second_reading(
    database: Database, diary: Diary
):
    """Without an instant the first reading of a repeated time is meant."""
    with database.writing() as session:
        doctor = doctor_with(session, diary)
        zone = ZoneInfo(diary.zone)
        first_readings = [
            slot
            for slot in offered(session, doctor, diary)
            if slot.starts_at.astimezone(zone).fold == 0
        ]
        booked = [
            is_bookable(session, doctor, WantedTime(slot.date, slot.time, None), diary.now)
            for slot in first_readings
        ]
        assert booked == [True] * len(first_readings)
