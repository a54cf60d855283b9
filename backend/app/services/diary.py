"""A doctor's diary in the terms of the availability engine: hours, busy time, free slots."""

from collections.abc import Iterable
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import structlog

from app.domain.appointments import BookedVisit
from app.domain.errors import UnknownZone
from app.domain.scheduling.availability import WorkingHours
from app.domain.time.intervals import Interval
from app.domain.time.wall_clock import (
    MINUTES_PER_DAY,
    instant_of,
    to_minute,
)
from app.domain.time.zones import find_zone
from app.models.models import Appointment, Schedule, User

MOST_NOTED = 1024

log = structlog.get_logger(__name__)


def zone_named(timezone: str) -> ZoneInfo:
    """The zone of a stored name. Raises UnknownZone, which the log tells once of each name."""
    zone = find_zone(timezone)
    if zone is None:
        _note_unknown_zone(timezone)
        raise UnknownZone
    return zone


def zone_of(doctor: User) -> ZoneInfo:
    """The zone in which a doctor's working hours are meant. Raises UnknownZone."""
    return zone_named(doctor.timezone)


def day_of(doctor: User, instant: datetime) -> date:
    """The date that it is where a doctor is. Raises UnknownZone."""
    return instant.astimezone(zone_of(doctor)).date()


def days_between(first_day: date, last_day: date, zone: ZoneInfo) -> Interval:
    """The instants from the first midnight of `first_day` to the last of `last_day`."""
    return Interval(instant_of(first_day, 0, zone), instant_of(last_day, MINUTES_PER_DAY, zone))


def as_interval(appointment: Appointment) -> Interval:
    """The time that an appointment holds."""
    return Interval(to_minute(appointment.starts_at), to_minute(appointment.ends_at))


def as_booked_visit(appointment: Appointment) -> BookedVisit:
    """An appointment, read with its parties, as they recognise it."""
    return BookedVisit(
        id=appointment.id,
        appointment_date=appointment.appointment_date,
        appointment_time=appointment.appointment_time,
        starts_at=appointment.starts_at,
        ends_at=appointment.ends_at,
        timezone=appointment.doctor.timezone,
        doctor_name=appointment.doctor.full_name,
        patient_name=appointment.patient.full_name,
    )


def as_working_hours(schedules: Iterable[Schedule]) -> list[WorkingHours]:
    """Rows of the week as the engine takes them."""
    return [
        WorkingHours(row.day_of_week, row.start_time, row.end_time, row.slot_duration)
        for row in schedules
    ]


@lru_cache(MOST_NOTED)
def _note_unknown_zone(timezone: str) -> None:
    log.error("unknown_zone", timezone=timezone)
