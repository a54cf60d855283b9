"""Statements about weekly working hours."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.db.writes import insert_unless_refused, update_unless_refused
from app.domain.errors import NotFound, ScheduleOverlaps
from app.models.models import Schedule


def create_schedule(session: Session, **values: Any) -> Schedule:
    """Insert a row of working hours. Raises ScheduleOverlaps."""
    schedule_id = insert_unless_refused(session, Schedule, values)
    if schedule_id is None:
        raise ScheduleOverlaps
    return session.get_one(Schedule, schedule_id)


def update_schedule(session: Session, schedule_id: int, *, changes: dict[str, Any]) -> Schedule:
    """Change columns of a row of working hours. Raises ScheduleOverlaps."""
    statement = update(Schedule).where(Schedule.id == schedule_id).values(**changes)
    if not update_unless_refused(session, statement):
        raise ScheduleOverlaps
    return session.get_one(Schedule, schedule_id, populate_existing=True)


def delete_schedule(session: Session, schedule_id: int) -> None:
    """Remove a row of working hours."""
    session.execute(delete(Schedule).where(Schedule.id == schedule_id))


def get_schedule(session: Session, schedule_id: int) -> Schedule:
    """A row of working hours. Raises NotFound."""
    schedule = session.get(Schedule, schedule_id, populate_existing=True)
    if schedule is None:
        raise NotFound("There are no such working hours among yours.")
    return schedule


def list_schedules(session: Session, *, doctor_id: int) -> Sequence[Schedule]:
    """All rows of a doctor in the order of the week."""
    return session.scalars(
        select(Schedule)
        .where(Schedule.doctor_id == doctor_id)
        .order_by(Schedule.day_of_week, Schedule.start_time)
    ).all()


def list_active_schedules(session: Session, *, doctor_id: int) -> Sequence[Schedule]:
    """The rows of a doctor that patients can book, in the order of the week."""
    return session.scalars(
        select(Schedule)
        .where(Schedule.doctor_id == doctor_id, Schedule.is_active)
        .order_by(Schedule.day_of_week, Schedule.start_time)
    ).all()
