"""The states of an appointment and who may change them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum, StrEnum, auto
from typing import Literal, NamedTuple

from app.domain.errors import Forbidden, IllegalTransition, NotFound
from app.domain.people import Actor, Role

MIN_SLOT_DURATION = 5
MAX_SLOT_DURATION = 240

OwnPeriod = Literal["upcoming", "past"]
"""Appointments that are scheduled and not over, or all others."""


class AppointmentStatus(StrEnum):
    SCHEDULED = "scheduled"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class Party(Enum):
    """As what somebody acts on an appointment."""

    PATIENT = auto()
    DOCTOR = auto()
    CLINIC = auto()


@dataclass(frozen=True, slots=True)
class BookedVisit:
    """A booked appointment as its parties recognise it.

    `appointment_date` and `appointment_time` (minutes after midnight) are the wall clock of
    `timezone`, the doctor's.
    """

    id: int
    appointment_date: date
    appointment_time: int
    starts_at: datetime
    ends_at: datetime
    timezone: str
    doctor_name: str
    patient_name: str


class ShownAppointment(NamedTuple):
    """An appointment with what its parties may know of each other (times as in `BookedVisit`)."""

    id: int
    doctor_id: int
    patient_id: int
    appointment_date: date
    appointment_time: int
    duration: int
    reason: str
    status: AppointmentStatus
    starts_at: datetime
    ends_at: datetime
    created_at: datetime
    updated_at: datetime
    timezone: str
    doctor_name: str
    specialty: str | None
    patient_name: str
    email: str
    phone: str | None


class Position(NamedTuple):
    """Where a page of a list ends: the start and the id of its last appointment."""

    starts_at: datetime
    id: int


def party_of(actor: Actor, *, doctor_id: int, patient_id: int) -> Party:
    """As what the actor acts on the appointment of this doctor and this patient.

    Roles change while appointments stay. The patient of a visit is its patient in every role, so
    that nobody decides about their own visit; its doctor is its doctor only in that role.

    Raises NotFound for everybody else, except admins.
    """
    if actor.id == patient_id:
        return Party.PATIENT
    if actor.id == doctor_id and actor.role is Role.DOCTOR:
        return Party.DOCTOR
    if actor.is_admin:
        return Party.CLINIC
    raise NotFound("There is no such appointment among yours.")


def check_transition(
    party: Party,
    current: AppointmentStatus,
    wanted: AppointmentStatus,
    *,
    starts_at: datetime,
    changed_at: datetime,
    day_of: Callable[[datetime], date],
    now: datetime,
) -> None:
    """Raise unless a party of the appointment may set the wanted status.

    A visit is completed once it has begun, by its doctor from the beginning of its day on. On the
    day on which it was completed it may become scheduled again. `changed_at` is the instant of the
    last change, and `day_of` the date of an instant where the doctor is.

    Raises:
        Forbidden: a patient completes a visit, or takes a completion back.
        IllegalTransition: the state or the time does not allow it.
    """
    completion = {current, wanted} == {AppointmentStatus.COMPLETED, AppointmentStatus.SCHEDULED}
    if party is Party.PATIENT and (completion or wanted is AppointmentStatus.COMPLETED):
        raise Forbidden("Only the doctor can mark a visit as completed, or take that back.")
    if completion and wanted is AppointmentStatus.SCHEDULED:
        if day_of(changed_at) < day_of(now):
            raise IllegalTransition("A completion can be taken back on the same day only.")
        return
    if current is not AppointmentStatus.SCHEDULED:
        raise IllegalTransition(f"This appointment is already {current.value}.")
    if wanted is AppointmentStatus.SCHEDULED:
        raise IllegalTransition("This appointment is already scheduled.")
    if wanted is AppointmentStatus.CANCELLED:
        check_not_begun(party, starts_at=starts_at, now=now)
    elif starts_at > now and (party is not Party.DOCTOR or day_of(starts_at) > day_of(now)):
        raise IllegalTransition("This visit has not begun yet.")


def check_movable(
    party: Party, current: AppointmentStatus, *, starts_at: datetime, now: datetime
) -> None:
    """Raise IllegalTransition unless the appointment is still to come for this party."""
    if current is not AppointmentStatus.SCHEDULED:
        raise IllegalTransition(f"This appointment is already {current.value}.")
    check_not_begun(party, starts_at=starts_at, now=now)


def check_not_begun(party: Party, *, starts_at: datetime, now: datetime) -> None:
    """Raise IllegalTransition for a patient whose appointment has begun.

    The doctor and the front desk may still put a missed visit right.
    """
    if party is Party.PATIENT and starts_at <= now:
        raise IllegalTransition("This appointment has begun. Please call the clinic.")
