"""Reading appointments: for their two parties, and for admins."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy.orm import Session

from app.crud import crud_appointment
from app.db.statements import RunQuery
from app.domain.appointments import AppointmentStatus, OwnPeriod, Position, ShownAppointment
from app.domain.people import Actor
from app.domain.policies import check_diary_is_visible
from app.models.models import Appointment


def own_appointments(
    query: RunQuery,
    actor: Actor,
    *,
    date_from: date | None,
    date_to: date | None,
    status: AppointmentStatus | None,
    when: OwnPeriod | None,
    after: Position | None,
    limit: int,
    now: datetime,
) -> list[ShownAppointment]:
    """Return a page of the actor's own appointments, and one more if there is another page."""
    return crud_appointment.list_own_appointments(
        query,
        actor=actor,
        date_from=date_from,
        date_to=date_to,
        status=status,
        when=when,
        now=now,
        after=after,
        limit=limit + 1,
    )


def doctor_day(
    session: Session, actor: Actor, *, doctor_id: int, day: date
) -> Sequence[Appointment]:
    """Return a doctor's appointments of a day.

    Raises NotFound for everybody but that doctor and admins.
    """
    check_diary_is_visible(actor, doctor_id)
    return crud_appointment.list_day(session, actor=actor, doctor_id=doctor_id, day=day)


def get_appointment(session: Session, actor: Actor, *, appointment_id: int) -> Appointment:
    """Return an appointment. Raises NotFound for everybody but its parties and admins."""
    return crud_appointment.get_appointment(session, actor=actor, appointment_id=appointment_id)
