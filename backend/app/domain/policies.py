"""Who may do what, and which booked appointments a change of hours would strand."""

from collections.abc import Iterable
from typing import TypeVar

from app.domain.errors import Forbidden, InvalidInput, NotFound
from app.domain.people import Actor, Role
from app.domain.time.intervals import Interval, covers

Booked = TypeVar("Booked")


def check_is_admin(actor: Actor) -> None:
    """Raise Forbidden for everybody but admins."""
    if not actor.is_admin:
        raise Forbidden("Only administrators may do this.")


def check_audit_is_visible(actor: Actor, *, patient_id: int | None, actor_id: int | None) -> None:
    """Raise NotFound when somebody asks for the audit records of another person."""
    for named in (patient_id, actor_id):
        if named is not None and named != actor.id and not actor.is_admin:
            raise NotFound("There are no such records among yours.")


def check_keeps_hours(actor: Actor) -> None:
    """Raise Forbidden for those who have no working hours of their own."""
    if actor.role is not Role.DOCTOR:
        raise Forbidden("Only doctors have working hours.")


def check_may_write_hours(actor: Actor) -> None:
    """Raise Forbidden for those who may write nobody's working hours."""
    if actor.role is Role.PATIENT:
        raise Forbidden("Only doctors have working hours.")


def check_diary_is_visible(actor: Actor, doctor_id: int) -> None:
    """Raise NotFound when a doctor's day is not the actor's to see."""
    if not actor.is_admin and (actor.role is not Role.DOCTOR or actor.id != doctor_id):
        raise NotFound("There is no such diary among yours.")


def check_hours_are_visible(actor: Actor, doctor_id: int) -> None:
    """Raise NotFound when the working hours are another doctor's."""
    if not actor.is_admin and actor.id != doctor_id:
        raise NotFound("There are no such working hours among yours.")


def doctor_for_new_hours(actor: Actor, named: int | None) -> int:
    """The doctor whose hours are written: oneself, or the one an admin names.

    Raises:
        NotFound: a doctor names another one.
        InvalidInput: an admin names nobody.
    """
    if named is not None:
        check_hours_are_visible(actor, named)
        return named
    if actor.is_admin:
        raise InvalidInput("doctor_id", "Say whose working hours these are.")
    return actor.id


def patient_for_booking(actor: Actor, named: int | None) -> int:
    """The patient an appointment is for: a patient's self, or the one an admin names.

    Raises:
        Forbidden: a doctor books, or a patient for somebody else.
        InvalidInput: an admin names nobody.
    """
    if actor.role is Role.DOCTOR:
        raise Forbidden("Only patients and the front desk can book.")
    if actor.is_admin:
        if named is None:
            raise InvalidInput("patient_id", "Choose the patient whom this appointment is for.")
        return named
    if named not in {None, actor.id}:
        raise Forbidden("You can book for yourself only.")
    return actor.id


def stranded(
    booked: Iterable[tuple[Booked, Interval]],
    *,
    before: list[Interval],
    after: list[Interval],
) -> list[Booked]:
    """The booked appointments inside the hours `before` that no longer are inside `after`.

    `before` and `after` are merged working windows. An appointment that was outside of both
    (booked under older hours) does not stand in the way of a change.
    """
    return [
        appointment
        for appointment, interval in booked
        if covers(before, interval) and not covers(after, interval)
    ]
