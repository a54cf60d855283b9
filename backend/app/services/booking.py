"""Appointments: booking, moving, completing and cancelling them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from app.crud import crud_appointment, crud_user
from app.domain.appointments import AppointmentStatus, check_movable, check_transition
from app.domain.availability import Slot
from app.domain.errors import SlotNotOffered, SlotTaken
from app.domain.intervals import Interval
from app.domain.people import Actor, Role
from app.domain.policies import patient_for_booking
from app.domain.wall_clock import from_minute, readings_of, to_minute
from app.models import Appointment, User
from app.services import audit, diary
from app.services.audit import Deed

MOVE = "appointment.move"
MOVED_FIELDS = ("appointment_date", "appointment_time", "duration", "starts_at", "ends_at")
STATUS_ACTIONS = {
    AppointmentStatus.COMPLETED: "appointment.complete",
    AppointmentStatus.CANCELLED: "appointment.cancel",
}


@dataclass(frozen=True, slots=True)
class WantedTime:
    """A time on the doctor's wall clock (minutes after midnight).

    `starts_at` tells which reading is meant of a time that the night repeats; without it the
    first one is.
    """

    day: date
    minute_of_day: int
    starts_at: datetime | None


def book(
    session: Session,
    actor: Actor,
    *,
    doctor_id: int,
    patient_id: int | None,
    wanted: WantedTime,
    reason: str,
    now: datetime,
) -> Appointment:
    """Book a free slot for the actor, or for the patient whom an admin names.

    Raises:
        Forbidden: the actor may not book, or not for that person.
        NotFound: there is no such doctor or patient.
        SlotNotOffered, SlotTaken, PatientBusy: the time cannot be had.
    """
    patient = patient_for_booking(actor, patient_id)
    if patient != actor.id:
        crud_user.get_active_user(session, user_id=patient, role=Role.PATIENT)
    doctor = crud_user.share_diary(session, doctor_id=doctor_id)
    slot = _find_slot(session, doctor, wanted, now=now)
    appointment = crud_appointment.create_appointment(
        session,
        doctor_id=doctor.id,
        patient_id=patient,
        reason=reason,
        status=AppointmentStatus.SCHEDULED,
        created_at=now,
        updated_at=now,
        **_times(slot, wanted),
    )
    deed = _deed("appointment.book", appointment, fields=("status", *MOVED_FIELDS))
    audit.record(session, deed, by=actor, now=now)
    return appointment


def move(
    session: Session, actor: Actor, *, appointment_id: int, wanted: WantedTime, now: datetime
) -> Appointment:
    """Move a scheduled appointment to another free slot of its doctor.

    Its own time counts as free: a visit may move to a slot that overlaps with where it was.

    Raises:
        NotFound: the appointment is not the actor's, or its doctor has left.
        IllegalTransition: it is over, cancelled or has begun.
        SlotNotOffered, SlotTaken, PatientBusy: the time cannot be had.
    """
    appointment = _lock_appointment(session, actor, appointment_id)
    check_movable(actor, appointment.status, starts_at=appointment.starts_at, now=now)
    doctor = crud_user.get_listed_doctor(session, doctor_id=appointment.doctor_id)
    slot = _find_slot(session, doctor, wanted, now=now, besides=appointment)
    changes = {**_times(slot, wanted), "updated_at": now}
    moved = crud_appointment.move_appointment(session, appointment, changes=changes)
    deed = _deed(MOVE, moved, fields=MOVED_FIELDS)
    audit.record(session, deed, by=actor, now=now)
    return moved


def set_status(
    session: Session,
    actor: Actor,
    *,
    appointment_id: int,
    status: AppointmentStatus,
    now: datetime,
) -> Appointment:
    """Complete or cancel an appointment.

    Raises:
        NotFound: the appointment is not the actor's.
        Forbidden: a patient completes a visit.
        IllegalTransition: it is over, cancelled or, for a patient who cancels, has begun.
    """
    appointment = _lock_appointment(session, actor, appointment_id)
    check_transition(actor, appointment.status, status, starts_at=appointment.starts_at, now=now)
    changed = crud_appointment.set_status(session, appointment.id, status=status, now=now)
    deed = _deed(STATUS_ACTIONS[status], changed, fields=("status",))
    audit.record(session, deed, by=actor, now=now)
    return changed


def _deed(action: str, appointment: Appointment, *, fields: Iterable[str]) -> Deed:
    return Deed(action, "appointment", appointment.id, appointment.patient_id, fields)


def _lock_appointment(session: Session, actor: Actor, appointment_id: int) -> Appointment:
    """An appointment of the actor's, as it stands while both diaries are locked."""
    appointment = crud_appointment.get_appointment(
        session, actor=actor, appointment_id=appointment_id
    )
    crud_user.lock_diaries(session, user_ids={appointment.doctor_id, appointment.patient_id})
    return crud_appointment.get_appointment(session, actor=actor, appointment_id=appointment_id)


def _find_slot(
    session: Session,
    doctor: User,
    wanted: WantedTime,
    *,
    now: datetime,
    besides: Appointment | None = None,
) -> Slot:
    """The slot that starts at the wanted time.

    Raises:
        SlotNotOffered: the doctor's hours have no such slot, or it is in the past.
        SlotTaken: another appointment holds it.
    """
    start = _instant_wanted(doctor, wanted)
    within = diary.days_between(wanted.day, wanted.day, diary.zone_of(doctor))

    def slot_around(busy: list[Interval]) -> Slot | None:
        slots = diary.slots_offered(session, doctor, within=within, busy=busy, now=now)
        return next((slot for slot in slots if slot.start == start), None)

    slot = slot_around(_busy_besides(session, doctor, within, besides))
    if slot is None:
        raise SlotTaken if slot_around([]) else SlotNotOffered
    return slot


def _busy_besides(
    session: Session, doctor: User, within: Interval, besides: Appointment | None
) -> list[Interval]:
    busy = diary.busy_time(session, doctor.id, within)
    if besides is not None:
        own = diary.as_interval(besides)
        busy = [interval for interval in busy if interval != own]
    return busy


def _instant_wanted(doctor: User, wanted: WantedTime) -> int:
    """The minute at which the doctor's wall clock shows the wanted time. Raises SlotNotOffered."""
    readings = readings_of(wanted.day, wanted.minute_of_day, diary.zone_of(doctor))
    meant = readings[:1] if wanted.starts_at is None else [to_minute(wanted.starts_at)]
    if not set(meant) & set(readings):
        raise SlotNotOffered
    return meant[0]


def _times(slot: Slot, wanted: WantedTime) -> dict[str, object]:
    return {
        "appointment_date": wanted.day,
        "appointment_time": wanted.minute_of_day,
        "duration": slot.duration,
        "starts_at": from_minute(slot.start),
        "ends_at": from_minute(slot.start + slot.duration),
    }
