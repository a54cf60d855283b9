"""Working hours: what doctors offer, and the free slots that follow from it."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.crud import crud_appointment, crud_schedule, crud_user
from app.domain.errors import AppointmentsAffected, InvalidInput
from app.domain.people import Actor, Role
from app.domain.policies import (
    check_hours_are_visible,
    check_keeps_hours,
    check_may_write_hours,
    doctor_for_new_hours,
    stranded,
)
from app.domain.scheduling.availability import WorkingHours, working_windows
from app.models.models import Schedule
from app.services import audit, diary
from app.services.audit import AuditEvent


def own_hours(session: Session, actor: Actor) -> Sequence[Schedule]:
    """Return the rows of the doctor who acts, active or not, in the order of the week.

    Raises Forbidden for everybody but doctors.
    """
    check_keeps_hours(actor)
    return crud_schedule.list_schedules(session, doctor_id=actor.id)


def offered_hours(session: Session, *, doctor_id: int) -> Sequence[Schedule]:
    """Return the active rows of a doctor whom patients can book. Raises NotFound."""
    doctor = crud_user.get_listed_doctor(session, doctor_id=doctor_id)
    return crud_schedule.list_active_schedules(session, doctor_id=doctor.id)


def add_hours(
    session: Session, actor: Actor, *, doctor_id: int | None, now: datetime, **row: Any
) -> Schedule:
    """Add a row of weekly working hours. `doctor_id` is for admins only.

    Raises:
        Forbidden, InvalidInput, NotFound: whose hours these are is not the actor's to say.
        InvalidInput: the slot is longer than the row, or the row ends before it starts.
        ScheduleOverlaps: the doctor has hours then.
    """
    check_may_write_hours(actor)
    owner = doctor_for_new_hours(actor, doctor_id)
    crud_user.check_is_active(session, user_id=owner, role=Role.DOCTOR)
    _check_row(row["start_time"], row["end_time"], row["slot_duration"])
    schedule = crud_schedule.create_schedule(session, doctor_id=owner, created_at=now, **row)
    audit.record(
        session, _event("schedule.add", schedule, fields=audit.told(row)), by=actor, now=now
    )
    return schedule


def change_hours(
    session: Session, actor: Actor, *, schedule_id: int, changes: dict[str, Any], now: datetime
) -> Schedule:
    """Change a row of working hours.

    Raises:
        Forbidden, NotFound: the hours are not the actor's to change.
        InvalidInput: the slot is longer than the row, or the row ends before it starts.
        AppointmentsAffected: booked patients would be stranded.
        ScheduleOverlaps: the doctor has other hours then.
        UnknownZone: there are booked patients, and the doctor's time zone does not exist any more.
    """
    schedule = _lock_hours(session, actor, schedule_id)
    before = _active_hours(session, schedule.doctor_id)
    schedule = crud_schedule.update_schedule(
        session, schedule_id, changes=_checked(schedule, changes)
    )
    _check_nobody_is_stranded(session, schedule.doctor_id, before=before, now=now)
    audit.record(
        session, _event("schedule.change", schedule, fields=audit.told(changes)), by=actor, now=now
    )
    return schedule


def remove_hours(session: Session, actor: Actor, *, schedule_id: int, now: datetime) -> None:
    """Delete a row of working hours.

    Raises:
        Forbidden, NotFound: the hours are not the actor's to delete.
        AppointmentsAffected: booked patients would be stranded.
        UnknownZone: as in `change_hours`.
    """
    schedule = _lock_hours(session, actor, schedule_id)
    before = _active_hours(session, schedule.doctor_id)
    crud_schedule.delete_schedule(session, schedule_id)
    _check_nobody_is_stranded(session, schedule.doctor_id, before=before, now=now)
    audit.record(session, _event("schedule.delete", schedule, fields=()), by=actor, now=now)


def _event(action: str, schedule: Schedule, *, fields: Iterable[str]) -> AuditEvent:
    return AuditEvent(action, "schedule", schedule.id, fields=fields)


def _lock_hours(session: Session, actor: Actor, schedule_id: int) -> Schedule:
    """A row that the actor may write, while nobody books with its doctor."""
    check_may_write_hours(actor)
    schedule = crud_schedule.get_schedule(session, schedule_id)
    check_hours_are_visible(actor, schedule.doctor_id)
    crud_user.lock_exclusive(session, user_ids={schedule.doctor_id})
    return crud_schedule.get_schedule(session, schedule_id)


def _active_hours(session: Session, doctor_id: int) -> list[WorkingHours]:
    return diary.as_working_hours(crud_schedule.list_active_schedules(session, doctor_id=doctor_id))


def _check_nobody_is_stranded(
    session: Session, doctor_id: int, *, before: Iterable[WorkingHours], now: datetime
) -> None:
    """Raise AppointmentsAffected if the hours, as they are now, strand patients booked before.

    The exception undoes the transaction, and the change of hours with it.
    """
    booked = crud_appointment.list_upcoming(session, doctor_id=doctor_id, now=now)
    if not booked:
        return
    zone = diary.zone_of(booked[0].doctor)
    days = [appointment.appointment_date for appointment in booked]
    after = _active_hours(session, doctor_id)
    affected = stranded(
        [(diary.as_booked_visit(row), diary.as_interval(row)) for row in booked],
        before=working_windows(before, zone, min(days), max(days)),
        after=working_windows(after, zone, min(days), max(days)),
    )
    if affected:
        raise AppointmentsAffected(affected)


def _checked(schedule: Schedule, changes: dict[str, Any]) -> dict[str, Any]:
    _check_row(
        changes.get("start_time", schedule.start_time),
        changes.get("end_time", schedule.end_time),
        changes.get("slot_duration", schedule.slot_duration),
    )
    return changes


def _check_row(start_time: int, end_time: int, slot_duration: int) -> None:
    if start_time >= end_time:
        raise InvalidInput("end_time", "The end must be after the start, on the same day.")
    if slot_duration > end_time - start_time:
        raise InvalidInput("slot_duration", "A slot cannot be longer than the working hours.")
