"""How far ahead appointments are booked, by the doctor's calendar."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from app.domain.booking_limits import NO_LIMIT, BookingLimits
from app.domain.people import Actor, Role
from app.domain.time.wall_clock import from_minute

LIMITS = BookingLimits(horizon_days=14, open_visits=3)


@pytest.mark.parametrize(
    ("zone", "now", "ends", "moves"),
    [
        ("UTC", "2026-06-01T00:00", "2026-06-16T00:00", "2026-06-02T00:00"),
        ("UTC", "2026-06-01T23:59", "2026-06-16T00:00", "2026-06-02T00:00"),
        ("Pacific/Auckland", "2026-06-01T11:59", "2026-06-15T12:00", "2026-06-01T12:00"),
        ("Pacific/Auckland", "2026-06-01T12:00", "2026-06-16T12:00", "2026-06-02T12:00"),
        ("America/New_York", "2026-06-01T03:59", "2026-06-15T04:00", "2026-06-01T04:00"),
        # Clocks go back on 25 October, between today and the last day.
        ("Europe/Berlin", "2026-10-20T12:00", "2026-11-03T23:00", "2026-10-20T22:00"),
        # Samoa had no 30 December 2011.
        ("Pacific/Apia", "2011-12-16T12:00", "2011-12-30T10:00", "2011-12-17T10:00"),
        ("Pacific/Apia", "2011-12-17T12:00", "2011-12-31T10:00", "2011-12-18T10:00"),
    ],
)
def test_the_horizon_is_the_end_of_a_date_where_the_doctor_is(
    zone: str, now: str, ends: str, moves: str
):
    horizon = LIMITS.horizon(ZoneInfo(zone), datetime.fromisoformat(now).replace(tzinfo=UTC))
    told = [f"{from_minute(minute):%Y-%m-%dT%H:%M}" for minute in horizon]
    assert told == [ends, moves]


def test_only_the_front_desk_books_beyond_the_number():
    allowed = {role: LIMITS.open_visits_for(Actor(1, role)) for role in Role}
    assert allowed == {Role.PATIENT: 3, Role.DOCTOR: 3, Role.ADMIN: NO_LIMIT}
