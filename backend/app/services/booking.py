"""Appointments: booking, moving, completing and cancelling them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.crud import crud_appointment, crud_diary, crud_user
from app.db.statements import Transaction
from app.db.transactions import execute
from app.domain.appointments import (
    MAX_SLOT_DURATION,
    AppointmentStatus,
    Party,
    ShownAppointment,
    check_movable,
    check_transition,
    party_of,
)
from app.domain.booking_limits import BookingLimits
from app.domain.errors import (
    BeyondHorizon,
    IllegalTransition,
    NotFound,
    SlotNotOffered,
    SlotTaken,
)
from app.domain.people import Actor, Role
from app.domain.policies import patient_for_booking
from app.domain.scheduling.availability import Slot, free_slots
from app.domain.time.intervals import Interval
from app.domain.time.wall_clock import ceil_minute, from_minute, readings_of, to_minute
from app.models.models import Appointment
from app.services import audit, diary
from app.services.audit import AuditEvent

MOVE = "appointment.move"
MOVED_FIELDS = ("appointment_date", "appointment_time", "duration", "starts_at", "ends_at")
BOOKED_FIELDS = (*MOVED_FIELDS, *audit.told({"status": AppointmentStatus.SCHEDULED}))
STATUS_ACTIONS = {
    AppointmentStatus.COMPLETED: "appointment.complete",
    AppointmentStatus.CANCELLED: "appointment.cancel",
    AppointmentStatus.SCHEDULED: "appointment.reinstate",
}


@dataclass(frozen=True, slots=True)
class WantedTime:
    """A time on the doctor's wall clock (minutes after midnight).

    `starts_at` selects the reading of a time that occurs twice in a night; without it the
    first one is.
    """

    day: date
    minute_of_day: int
    starts_at: datetime | None


def book(
    session: Transaction,
    actor: Actor,
    *,
    doctor_id: int,
    patient_id: int | None,
    wanted: WantedTime,
    reason: str,
    limits: BookingLimits,
    now: datetime,
) -> ShownAppointment:
    """Book a free slot for the actor, or for the patient whom an admin names.

    Raises:
        Forbidden: the actor may not book, or not for that person.
        InvalidInput: an admin names no patient.
        NotFound: there is no such doctor or patient.
        TooManyOpenVisits: the patient has as many coming visits as `limits` allow.
        UnknownZone: the doctor's time zone does not exist any more.
        BeyondHorizon, SlotNotOffered, SlotTaken, PatientBusy: the time cannot be had.
    """
    patient = patient_for_booking(actor, patient_id)
    if actor.is_admin:
        crud_user.check_is_active(session, user_id=patient, role=Role.PATIENT)
    parties = crud_user.lock_shared(session, doctor_id=doctor_id, patient_id=patient)
    zone = diary.zone_named(parties.timezone)
    slot = _find_slot(session, doctor_id, zone, wanted, limits=limits, now=now)
    appointment = crud_appointment.create_appointment(
        session,
        parties,
        most_open=limits.open_visits_for(actor),
        doctor_id=doctor_id,
        patient_id=patient,
        reason=reason,
        status=AppointmentStatus.SCHEDULED,
        created_at=now,
        updated_at=now,
        **_times(slot, wanted),
    )
    event = _event("appointment.book", appointment, fields=BOOKED_FIELDS)
    audit.record(session, event, by=actor, now=now)
    return appointment


def move(
    session: Session,
    actor: Actor,
    *,
    appointment_id: int,
    wanted: WantedTime,
    limits: BookingLimits,
    now: datetime,
) -> Appointment:
    """Move a scheduled appointment to another free slot of its doctor.

    Its own time counts as free: a visit may move to a slot that overlaps with where it was.

    Raises:
        NotFound: the appointment is not the actor's, or its doctor has left.
        IllegalTransition: it is over, cancelled or has begun, or its patient has left.
        UnknownZone: the doctor's time zone does not exist any more.
        BeyondHorizon, SlotNotOffered, SlotTaken, PatientBusy: the time cannot be had.
    """
    appointment = _lock_appointment(session, actor, appointment_id)
    party = _party_of(actor, appointment)
    check_movable(party, appointment.status, starts_at=appointment.starts_at, now=now)
    _check_patient_stays(appointment)
    zone = diary.zone_of(appointment.doctor)
    slot = _find_slot(
        session,
        appointment.doctor_id,
        zone,
        wanted,
        limits=limits,
        now=now,
        excluding=appointment,
    )
    changed_at = max(now, appointment.created_at)  # a clock may have been set back
    changes = {**_times(slot, wanted), "updated_at": changed_at}
    moved = crud_appointment.move_appointment(session, appointment, changes=changes)
    event = _event(MOVE, moved, fields=MOVED_FIELDS)
    audit.record(session, event, by=actor, now=now)
    return moved


def set_status(
    session: Session,
    actor: Actor,
    *,
    appointment_id: int,
    status: AppointmentStatus,
    now: datetime,
) -> Appointment:
    """Complete or cancel an appointment, or take its completion back.

    A completed visit holds its time, so that nobody has taken it when it is scheduled again. Hours
    that changed meanwhile, and the limits of booking, do not stand in the way.

    Raises:
        NotFound: the appointment is not the actor's.
        Forbidden, IllegalTransition: as `check_transition`; a visit that is still to come is not
            scheduled again with a doctor or for a patient who has left.
        UnknownZone: the date where the doctor is decides, and their time zone does not exist.
    """
    appointment = _lock_appointment(session, actor, appointment_id)
    check_transition(
        _party_of(actor, appointment),
        appointment.status,
        status,
        starts_at=appointment.starts_at,
        changed_at=appointment.updated_at,
        day_of=partial(diary.day_of, appointment.doctor),
        now=now,
    )
    if status is AppointmentStatus.SCHEDULED and appointment.ends_at > now:
        _check_nobody_has_left(appointment)
    changed = crud_appointment.set_status(
        session, appointment.id, status=status, now=max(now, appointment.created_at)
    )
    event = _event(STATUS_ACTIONS[status], changed, fields=audit.told({"status": status}))
    audit.record(session, event, by=actor, now=now)
    return changed


def _event(
    action: str, appointment: Appointment | ShownAppointment, *, fields: Iterable[str]
) -> AuditEvent:
    return AuditEvent(action, "appointment", appointment.id, appointment.patient_id, fields)


def _party_of(actor: Actor, appointment: Appointment) -> Party:
    return party_of(actor, doctor_id=appointment.doctor_id, patient_id=appointment.patient_id)


def _check_nobody_has_left(appointment: Appointment) -> None:
    if not appointment.doctor.is_listed:
        raise IllegalTransition("The doctor of this visit has left the clinic.")
    _check_patient_stays(appointment)


def _check_patient_stays(appointment: Appointment) -> None:
    if not appointment.patient.is_active:
        raise IllegalTransition("The patient of this visit has left the clinic.")


def _lock_appointment(session: Session, actor: Actor, appointment_id: int) -> Appointment:
    """An appointment of the actor's, as it stands while both diaries are locked."""
    appointment = crud_appointment.get_appointment(
        session, actor=actor, appointment_id=appointment_id
    )
    crud_user.lock_exclusive(session, user_ids={appointment.doctor_id, appointment.patient_id})
    return crud_appointment.get_appointment(session, actor=actor, appointment_id=appointment_id)


def _find_slot(
    session: Transaction,
    doctor_id: int,
    zone: ZoneInfo,
    wanted: WantedTime,
    *,
    limits: BookingLimits,
    now: datetime,
    excluding: Appointment | None = None,
) -> Slot:
    """The slot that starts at the wanted time.

    Raises:
        NotFound: the doctor cannot be booked.
        BeyondHorizon: the time is further ahead than appointments are booked.
        SlotNotOffered: the doctor's hours have no such slot, or it is in the past.
        SlotTaken: another appointment holds it.
    """
    start = _instant_wanted(zone, wanted)
    if start >= limits.horizon(zone, now).ends:
        raise BeyondHorizon(limits.horizon_days)
    within = Interval(start, start + MAX_SLOT_DURATION)
    found = crud_diary.find_diary(partial(execute, session), doctor_id, within)
    if found is None:
        raise NotFound("There is no such doctor.")

    def slot_around(busy: list[Interval]) -> Slot | None:
        slots = free_slots(
            hours=found.hours, busy=busy, zone=zone, within=within, not_before=ceil_minute(now)
        )
        return next((slot for slot in slots if slot.start == start), None)

    own = None if excluding is None else diary.as_interval(excluding)
    slot = slot_around([interval for interval in found.busy if interval != own])
    if slot is None:
        raise SlotTaken if slot_around([]) else SlotNotOffered
    return slot


def _instant_wanted(zone: ZoneInfo, wanted: WantedTime) -> int:
    """The minute at which the wall clock of a zone shows the wanted time. Raises SlotNotOffered."""
    readings = readings_of(wanted.day, wanted.minute_of_day, zone)
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
