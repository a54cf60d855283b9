"""Booking, seeing, moving, completing and cancelling appointments."""

from collections.abc import Sequence
from datetime import date, datetime
from functools import partial
from typing import Annotated, NamedTuple

from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import BaseModel, Field

from app.api.v1.dependencies import App, CurrentActor, Now, Reading, Recording, Writing
from app.db.statements import RunQuery, Transaction
from app.domain.appointments import AppointmentStatus, OwnPeriod, Position, ShownAppointment
from app.domain.booking_limits import BookingLimits
from app.domain.people import Actor
from app.http import idempotency
from app.http.paging import Cursor, set_next_link
from app.http.problems import documented
from app.http.read_records import ReadRecorder
from app.http.refusals import audited, set_audit_action
from app.http.transactions import TransactionRoute
from app.schemas.appointments_json import appointment_as_json, appointments_as_json
from app.schemas.fields import CalendarDate, Id
from app.schemas.schemas import AppointmentAnswer, AppointmentChanges, NewAppointment
from app.services import appointments, booking
from app.services.audit import AuditEvent
from app.services.booking import WantedTime

KEY_PATTERN = r"^[!-~]{1,128}$"
IdempotencyKey = Annotated[str | None, Header(pattern=KEY_PATTERN)]

router = APIRouter(prefix="/appointments", tags=["appointments"], route_class=TransactionRoute)


class BookingReply(NamedTuple):
    """The answer to a booking, and whether it was booked now, not by an earlier request."""

    body: str
    is_new: bool


def booked_response(request: Request, reply: BookingReply) -> Response:
    """The answer, which counts as a booking once it is sent."""
    if reply.is_new:
        request.state.has_booked = True
    return Response(reply.body, 201, media_type="application/json")


@router.post(
    "/",
    status_code=201,
    response_model=AppointmentAnswer,
    responses=documented(401, 403, 404, 409, 413, 415),
)
@audited("appointment.book", "appointment")
def book(
    request: Request,
    body: NewAppointment,
    app: App,
    actor: CurrentActor,
    session: Writing,
    now: Now,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Book a free slot. How long it takes comes from the doctor's schedule.

    With an `Idempotency-Key` a request that is sent again within 24 hours is answered with what
    it was answered first.
    """
    with app.keys.claimed(actor.id, idempotency_key):
        reply = book_once(session, actor, body, idempotency_key, limits=app.booking, now=now)
    return booked_response(request, reply)


def book_once(
    session: Transaction,
    actor: Actor,
    body: NewAppointment,
    key: str | None,
    *,
    limits: BookingLimits,
    now: datetime,
) -> BookingReply:
    """Book, or do nothing when that has been done under this key.

    A key belongs to the role as well: a former role's reply is not for the person's present one.
    """
    is_new = False

    def answer() -> str:
        nonlocal is_new
        is_new = True
        appointment = booking.book(
            session,
            actor,
            doctor_id=body.doctor_id,
            patient_id=body.patient_id,
            wanted=WantedTime(body.appointment_date, body.appointment_time, body.starts_at),
            reason=body.reason,
            limits=limits,
            now=now,
        )
        return appointment_as_json(appointment)

    if key is None:
        return BookingReply(answer(), is_new)
    body_of_reply = idempotency.run_once(
        session,
        user_id=actor.id,
        key=key,
        request=f"{actor.role} {body.model_dump_json()}",
        now=now,
        answer=answer,
    )
    return BookingReply(body_of_reply, is_new)


class OwnPage(BaseModel):
    """Which of one's own appointments are asked for; dates are inclusive.

    `upcoming` are those that are scheduled and not over, `past` all others, the latest first.
    """

    date_from: CalendarDate | None = None
    date_to: CalendarDate | None = None
    status: AppointmentStatus | None = None
    when: OwnPeriod | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 100
    cursor: Cursor = None


@router.get("/my", response_model=list[AppointmentAnswer], responses=documented(401))
@audited("diary.read", "user")
def my_appointments(
    request: Request,
    app: App,
    actor: CurrentActor,
    record: Recording,
    wanted: Annotated[OwnPage, Query()],
) -> Response:
    """One's own appointments, as patient or as doctor, by start; the past ones from the latest on.

    When there are more, the header `Link` has the address of the next page (RFC 8288).
    """
    question = partial(own_appointments, actor=actor, wanted=wanted, now=app.clock())
    found = app.reader.read(question)
    patient_ids = frozenset(one.patient_id for one in found[: wanted.limit])
    _record_look(record, actor, actor.id, patient_ids, wanted.date_from, wanted.date_to)
    return page_of_appointments(request, found, wanted.limit)


def own_appointments(
    query: RunQuery, *, actor: Actor, wanted: OwnPage, now: datetime
) -> list[ShownAppointment]:
    """A page of a person's own appointments, and one more if there is another page."""
    return appointments.own_appointments(
        query,
        actor,
        date_from=wanted.date_from,
        date_to=wanted.date_to,
        status=wanted.status,
        when=wanted.when,
        after=wanted.cursor,
        limit=wanted.limit,
        now=now,
    )


def page_of_appointments(
    request: Request, found: Sequence[ShownAppointment], limit: int
) -> Response:
    """The answer to who asked for a page of `limit` appointments, of which these were found."""
    page = found[:limit]
    response = Response(appointments_as_json(page), media_type="application/json")
    if len(found) > limit:
        set_next_link(request, response, Position(page[-1].starts_at, page[-1].id))
    return response


@router.get("/doctor/{doctor_id}", responses=documented(401, 404))
@audited("diary.read", "user")
def doctor_appointments(
    doctor_id: Id,
    actor: CurrentActor,
    session: Reading,
    record: Recording,
    appointment_date: CalendarDate,
) -> list[AppointmentAnswer]:
    """A doctor's appointments of a day, for that doctor."""
    found = appointments.doctor_day(session, actor, doctor_id=doctor_id, day=appointment_date)
    patient_ids = frozenset(one.patient_id for one in found)
    _record_look(record, actor, doctor_id, patient_ids, appointment_date, appointment_date)
    return [AppointmentAnswer.model_validate(appointment) for appointment in found]


@router.get("/{appointment_id}", responses=documented(401, 404))
@audited("appointment.read", "appointment")
def appointment(
    appointment_id: Id, actor: CurrentActor, session: Reading, record: Recording
) -> AppointmentAnswer:
    """One appointment, for its two parties."""
    found = appointments.get_appointment(session, actor, appointment_id=appointment_id)
    record(AuditEvent("appointment.read", "appointment", found.id, found.patient_id), by=actor)
    return AppointmentAnswer.model_validate(found)


@router.put("/{appointment_id}", responses=documented(401, 403, 404, 409, 413, 415))
@audited("appointment.change", "appointment")
def change_appointment(
    request: Request,
    appointment_id: Id,
    body: AppointmentChanges,
    app: App,
    actor: CurrentActor,
    session: Writing,
    now: Now,
) -> AppointmentAnswer:
    """Complete or cancel an appointment, or move it to another free slot of its doctor.

    On the day on which it was completed, the status `scheduled` takes that back.
    """
    if body.appointment_date is not None and body.appointment_time is not None:
        set_audit_action(request, booking.MOVE)
        changed = booking.move(
            session,
            actor,
            appointment_id=appointment_id,
            wanted=WantedTime(body.appointment_date, body.appointment_time, body.starts_at),
            limits=app.booking,
            now=now,
        )
    else:
        status = AppointmentStatus(str(body.status))
        set_audit_action(request, booking.STATUS_ACTIONS[status])
        changed = booking.set_status(
            session,
            actor,
            appointment_id=appointment_id,
            status=status,
            now=now,
        )
    return AppointmentAnswer.model_validate(changed)


@router.delete("/{appointment_id}", responses=documented(401, 403, 404, 409))
@audited("appointment.cancel", "appointment")
def cancel(
    appointment_id: Id, actor: CurrentActor, session: Writing, now: Now
) -> AppointmentAnswer:
    """Cancel an appointment. Its time is free again at once."""
    cancelled = booking.set_status(
        session,
        actor,
        appointment_id=appointment_id,
        status=AppointmentStatus.CANCELLED,
        now=now,
    )
    return AppointmentAnswer.model_validate(cancelled)


def _record_look(
    record: ReadRecorder,
    actor: Actor,
    owner_id: int,
    patient_ids: frozenset[int],
    first: date | None,
    last: date | None,
) -> None:
    """Record a look into a diary: which days were asked for, and which patients stand there."""
    if patient_ids:
        days = (f"{name}={day}" for name, day in (("from", first), ("until", last)) if day)
        look = AuditEvent(
            "diary.read", "user", owner_id, fields=tuple(days), patient_ids=patient_ids
        )
        record(look, by=actor)
