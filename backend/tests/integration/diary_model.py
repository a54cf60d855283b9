"""What a diary should do, told as simply as possible: the services are compared with it.

It knows one zone without changes of the clock, minutes as whole numbers and lists to search.
Refusals are the domain's exceptions, in the order in which the services find them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from app.domain.errors import (
    AppointmentsAffected,
    BeyondHorizon,
    DomainError,
    Forbidden,
    IllegalTransition,
    InvalidInput,
    PatientBusy,
    ScheduleOverlaps,
    SlotNotOffered,
    SlotTaken,
    TooManyOpenVisits,
)

ZONE = ZoneInfo("Asia/Kolkata")  # half an hour off, and its clocks never change
Refusal = type[DomainError]
REINSTATED = ("completed", "scheduled")


@dataclass(frozen=True)
class Hours:
    """A row of working hours, in minutes after midnight."""

    doctor: int
    day_of_week: int
    start_time: int
    end_time: int
    slot_duration: int
    is_active: bool = True

    def slots_on(self, day: date) -> Iterator[tuple[datetime, int]]:
        """Starts and minutes of the visits that these hours have room for."""
        if self.is_active and day.weekday() == self.day_of_week:
            last = self.end_time - self.slot_duration
            for minute in range(self.start_time, last + 1, self.slot_duration):
                yield at(day, minute), self.slot_duration

    def holds(self, visit: "Visit") -> bool:
        start = visit.starts_at.hour * 60 + visit.starts_at.minute
        on_day = self.is_active and visit.starts_at.weekday() == self.day_of_week
        return on_day and self.start_time <= start and start + visit.duration <= self.end_time

    def overlaps(self, other: "Hours") -> bool:
        same_day = (self.doctor, self.day_of_week) == (other.doctor, other.day_of_week)
        return same_day and self.start_time < other.end_time and other.start_time < self.end_time


@dataclass(frozen=True)
class Visit:
    """An appointment; `starts_at` is on the wall clock."""

    doctor: int
    patient: int
    starts_at: datetime
    duration: int
    status: str = "scheduled"
    completed_on: date | None = field(default=None, compare=False)

    @property
    def ends_at(self) -> datetime:
        return self.starts_at + timedelta(minutes=self.duration)

    def is_in_the_way_of(self, other: "Visit") -> bool:
        both_hold = "cancelled" not in {self.status, other.status}
        return both_hold and self.starts_at < other.ends_at and other.starts_at < self.ends_at


@dataclass
class Model:
    """All diaries of a clinic, with rows and visits by the ids that the database gave them."""

    now: datetime
    horizon_days: int
    open_visits: int
    hours: dict[int, Hours] = field(default_factory=dict)
    visits: dict[int, Visit] = field(default_factory=dict)

    def grid(self, doctor: int, day: date) -> dict[datetime, int]:
        """Every slot that the doctor's hours have on a day and that is not in the past."""
        rows = [row for row in self.hours.values() if row.doctor == doctor]
        slots = [slot for row in rows for slot in row.slots_on(day)]
        return {start: duration for start, duration in slots if start >= self.now}

    def is_beyond_horizon(self, day: date) -> bool:
        return day > self.now.date() + timedelta(days=self.horizon_days)

    def free(self, doctor: int, day: date, besides: int | None = None) -> dict[datetime, int]:
        if self.is_beyond_horizon(day):
            return {}
        others = [
            visit
            for visit_id, visit in self.visits.items()
            if visit.doctor == doctor and visit_id != besides
        ]
        return {
            start: duration
            for start, duration in self.grid(doctor, day).items()
            if not any(
                Visit(doctor, 0, start, duration).is_in_the_way_of(visit) for visit in others
            )
        }

    def placing(
        self, doctor: int, patient: int, start: datetime, besides: int | None = None
    ) -> Visit | Refusal:
        """The visit that would be at this time, or why there cannot be one."""
        if self.is_beyond_horizon(start.date()):
            return BeyondHorizon
        if start not in self.grid(doctor, start.date()):
            return SlotNotOffered
        duration = self.free(doctor, start.date(), besides).get(start)
        if duration is None:
            return SlotTaken
        visit = Visit(doctor, patient, start, duration)
        own = [
            other
            for other_id, other in self.visits.items()
            if other.patient == patient and other_id != besides
        ]
        coming = [one for one in own if one.status == "scheduled" and one.starts_at > self.now]
        if besides is None and len(coming) >= self.open_visits:
            return TooManyOpenVisits
        return PatientBusy if any(visit.is_in_the_way_of(other) for other in own) else visit

    def moving(self, visit_id: int, start: datetime, *, by_patient: bool) -> Visit | Refusal:
        visit = self.visits[visit_id]
        if visit.status != "scheduled" or (by_patient and visit.starts_at <= self.now):
            return IllegalTransition
        return self.placing(visit.doctor, visit.patient, start, besides=visit_id)

    def marking(self, visit_id: int, status: str, *, by_patient: bool) -> Visit | Refusal:
        visit = self.visits[visit_id]
        today = self.now.date()
        if by_patient and (status == "completed" or (visit.status, status) == REINSTATED):
            return Forbidden
        if (visit.status, status) == REINSTATED:
            return (
                replace(visit, status=status) if visit.completed_on == today else IllegalTransition
            )
        has_begun = visit.starts_at <= self.now
        if visit.status != "scheduled" or status == "scheduled" or (by_patient and has_begun):
            return IllegalTransition
        if status == "cancelled":
            return replace(visit, status=status)
        is_early = visit.starts_at.date() > today
        return IllegalTransition if is_early else replace(visit, status=status, completed_on=today)

    def adding(self, row: Hours) -> Hours | Refusal:
        if row.slot_duration > row.end_time - row.start_time:
            return InvalidInput
        return ScheduleOverlaps if any(map(row.overlaps, self.hours.values())) else row

    def changing(self, row_id: int, changes: dict[str, Any]) -> Hours | Refusal:
        row = replace(self.hours[row_id], **changes)
        if row.slot_duration > row.end_time - row.start_time:
            return InvalidInput
        others = {key: other for key, other in self.hours.items() if key != row_id}
        if any(map(row.overlaps, others.values())):
            return ScheduleOverlaps
        return AppointmentsAffected if self.strands({**others, row_id: row}) else row

    def removing(self, row_id: int) -> Refusal | None:
        others = {key: other for key, other in self.hours.items() if key != row_id}
        return AppointmentsAffected if self.strands(others) else None

    def strands(self, hours: dict[int, Hours]) -> bool:
        """Whether somebody who is expected would find these hours closed, and not the present."""
        return any(
            is_covered(visit, self.hours) and not is_covered(visit, hours)
            for visit in self.visits.values()
            if visit.status == "scheduled" and visit.ends_at > self.now
        )


def is_covered(visit: Visit, hours: dict[int, Hours]) -> bool:
    """Whether the doctor is there for every minute of a visit, in one row or several that touch."""
    minutes = [
        Visit(visit.doctor, visit.patient, visit.starts_at + timedelta(minutes=number), 1)
        for number in range(visit.duration)
    ]
    rows = [row for row in hours.values() if row.doctor == visit.doctor]
    return all(any(row.holds(minute) for row in rows) for minute in minutes)


def at(day: date, minute: int) -> datetime:
    """A minute after midnight on the wall clock of all doctors."""
    return datetime(day.year, day.month, day.day, tzinfo=ZONE) + timedelta(minutes=minute)
