"""Statements about appointments. Reading starts from who is asking: see `visible_to`."""

from collections.abc import Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    Select,
    and_,
    exists,
    func,
    insert,
    not_,
    or_,
    select,
    true,
    tuple_,
    update,
)
from sqlalchemy.orm import Session, aliased, joinedload

from app.crud.crud_user import Parties
from app.db.statements import Parameter, RunQuery, Statement, Transaction
from app.db.transactions import execute
from app.db.writes import insert_unless_refused, update_unless_refused
from app.domain.appointments import (
    AppointmentStatus,
    OwnPeriod,
    Position,
    ShownAppointment,
)
from app.domain.errors import NotFound, PatientBusy, SlotTaken, TooManyOpenVisits
from app.domain.people import Actor, Role
from app.models.models import Appointment, User

HOLDS_TIME = Appointment.status != AppointmentStatus.CANCELLED


def _shown(source: type[Appointment]) -> Select[*tuple[Any, ...]]:
    """The columns of ShownAppointment, of the appointments in a source."""
    doctor, patient = aliased(User), aliased(User)
    return (
        select(
            source.id,
            source.doctor_id,
            source.patient_id,
            source.appointment_date,
            source.appointment_time,
            source.duration,
            source.reason,
            source.status,
            source.starts_at,
            source.ends_at,
            source.created_at,
            source.updated_at,
            doctor.timezone,
            doctor.full_name.label("doctor_name"),
            doctor.specialty,
            patient.full_name.label("patient_name"),
            patient.email,
            patient.phone,
        )
        .join(doctor, source.doctor_id == doctor.id)
        .join(patient, source.patient_id == patient.id)
    )


_ELSEWHERE = Statement(
    select(Appointment.id)
    .where(
        Appointment.patient_id == Parameter("patient_id"),
        Appointment.doctor_id != Parameter("doctor_id"),
        Appointment.id != Parameter("excluding"),
        HOLDS_TIME,
        Appointment.starts_at < Parameter("ends_at", Appointment.ends_at.type),
        Appointment.ends_at > Parameter("starts_at", Appointment.starts_at.type),
    )
    .limit(1)
)
_IS_SCHEDULED = Appointment.status == AppointmentStatus.SCHEDULED
_ENDS_LATER = Appointment.ends_at > Parameter("now", Appointment.ends_at.type)
_POSITION = tuple_(Appointment.starts_at, Appointment.id)
_LAST_SEEN = tuple_(Parameter("starts_at", Appointment.starts_at.type), Parameter("id"))
_PATIENT_IS_ACTIVE = exists().where(User.id == Parameter("patient_id"), User.is_active)
_OPEN_VISITS = (
    select(func.count())
    .select_from(Appointment)
    .where(
        Appointment.patient_id == Parameter("patient_id"),
        HOLDS_TIME,  # redundant, but SQLite uses the partial index only with it
        _IS_SCHEDULED,
        Appointment.starts_at > Parameter("now", Appointment.starts_at.type),
    )
    .scalar_subquery()
)
_MAY_BOOK = and_(_PATIENT_IS_ACTIVE, Parameter("most_open") > _OPEN_VISITS)
_STANDING = Statement(select(_PATIENT_IS_ACTIVE, _OPEN_VISITS))
_PAGE_FILTERS = {
    "date_from": Appointment.appointment_date >= Parameter("date_from", Date()),
    "date_to": Appointment.appointment_date <= Parameter("date_to", Date()),
    "status": Appointment.status == Parameter("status", Appointment.status.type),
    "upcoming": and_(_IS_SCHEDULED, _ENDS_LATER),
    "past": or_(not_(_IS_SCHEDULED), not_(_ENDS_LATER)),
    "after": _POSITION > _LAST_SEEN,
    "before": _POSITION < _LAST_SEEN,
}


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """The appointments that a person may know of: their own, and all for an admin."""
    return true() if actor.is_admin else _own(actor.role, actor.id)


def create_appointment(
    session: Transaction, parties: Parties, *, most_open: int, **values: Any
) -> ShownAppointment:
    """Insert an appointment, which is the patient's only one or one of at most `most_open`.

    The patient's bookings must be locked: `lock_shared` does.

    Raises:
        NotFound: the patient has been deactivated.
        TooManyOpenVisits: the patient has `most_open` coming visits.
        SlotTaken, PatientBusy: the database refused the overlap.
    """
    limit = {"most_open": most_open, "now": values["created_at"]}
    appointment_id = insert_unless_refused(session, Appointment, values, where=_MAY_BOOK, **limit)
    if appointment_id is None:
        _check_may_book(session, patient_id=values["patient_id"], **limit)
        raise _refusal(session, values)
    return ShownAppointment(id=appointment_id, **values, **parties._asdict())


def create_appointments(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Insert many appointments at once, in a database that nobody else books in yet.

    Their slots must be known to be free: an overlap is a bug, and its IntegrityError undoes all.
    """
    if rows:
        session.execute(insert(Appointment), rows)


def move_appointment(
    session: Session, appointment: Appointment, *, changes: dict[str, Any]
) -> Appointment:
    """Give an appointment another time. Both parties' diaries must be locked.

    Raises:
        SlotTaken, PatientBusy: the database refused the overlap.
    """
    statement = update(Appointment).where(Appointment.id == appointment.id).values(**changes)
    if not update_unless_refused(session, statement):
        parties = {"doctor_id": appointment.doctor_id, "patient_id": appointment.patient_id}
        raise _refusal(session, parties | changes, excluding=appointment.id)
    return _get(session, Appointment.id == appointment.id)


def set_status(
    session: Session, appointment_id: int, *, status: AppointmentStatus, now: datetime
) -> Appointment:
    """Write the status of an appointment."""
    session.execute(
        update(Appointment)
        .where(Appointment.id == appointment_id)
        .values(status=status, updated_at=now)
    )
    return _get(session, Appointment.id == appointment_id)


def get_appointment(session: Session, *, actor: Actor, appointment_id: int) -> Appointment:
    """An appointment with its parties. Raises NotFound when it is not the actor's to see."""
    return _get(session, visible_to(actor), Appointment.id == appointment_id)


def list_own_appointments(
    query: RunQuery,
    *,
    actor: Actor,
    date_from: date | None,
    date_to: date | None,
    status: AppointmentStatus | None,
    when: OwnPeriod | None,
    now: datetime,
    after: Position | None,
    limit: int,
) -> list[ShownAppointment]:
    """A page of the appointments of which the actor is a party, by start; dates are inclusive.

    The past ones come from the latest on.
    """
    wanted = {"date_from": date_from, "date_to": date_to, "status": status}
    values: dict[str, Any] = {name: value for name, value in wanted.items() if value is not None}
    filters = set(values)
    if when is not None:
        filters.add(when)
        values["now"] = now
    if after is not None:
        filters.add("before" if when == "past" else "after")
        values |= after._asdict()
    rows = query(
        _own_page(actor.role, frozenset(filters)), actor_id=actor.id, limit=limit, **values
    )
    return [ShownAppointment(*row) for row in rows]


def list_day(session: Session, *, actor: Actor, doctor_id: int, day: date) -> Sequence[Appointment]:
    """A doctor's appointments of a day, as far as the actor may see them."""
    return session.scalars(
        _with_parties()
        .where(
            visible_to(actor),
            Appointment.doctor_id == doctor_id,
            Appointment.appointment_date == day,
        )
        .order_by(Appointment.starts_at, Appointment.id)
    ).all()


def list_upcoming(
    session: Session, *, doctor_id: int, patient_id: int | None = None, now: datetime
) -> Sequence[Appointment]:
    """The scheduled appointments of a doctor, or also of a patient, that are not over, by start."""
    party = Appointment.doctor_id == doctor_id
    if patient_id is not None:
        party = or_(party, Appointment.patient_id == patient_id)
    return session.scalars(
        _with_parties()
        .where(
            party,
            Appointment.status == AppointmentStatus.SCHEDULED,
            Appointment.ends_at > now,
        )
        .order_by(Appointment.starts_at, Appointment.id)
    ).all()


def _get(session: Session, *conditions: ColumnElement[bool]) -> Appointment:
    statement = _with_parties().where(*conditions).execution_options(populate_existing=True)
    appointment = session.scalars(statement).one_or_none()
    if appointment is None:
        raise NotFound("There is no such appointment among yours.")
    return appointment


def _own(role: Role, person: int | Parameter) -> ColumnElement[bool]:
    """Those of which somebody is a party; see `domain.appointments.party_of`."""
    is_patient = Appointment.patient_id == person
    return or_(Appointment.doctor_id == person, is_patient) if role is Role.DOCTOR else is_patient


@lru_cache
def _own_page(role: Role, filters: frozenset[str]) -> Statement:
    """The query of a page, of which `_PAGE_FILTERS` say what parameters they take."""
    newest_first = "past" in filters
    page = (
        select(Appointment)
        .where(
            _own(role, Parameter("actor_id")),
            *(_PAGE_FILTERS[name] for name in sorted(filters)),
        )
        .order_by(*_by_start(Appointment, newest_first=newest_first))
        .limit(Parameter("limit"))
    )
    source = aliased(Appointment, page.subquery())
    return Statement(_shown(source).order_by(*_by_start(source, newest_first=newest_first)))


def _by_start(source: type[Appointment], *, newest_first: bool) -> list[ColumnElement[Any]]:
    columns = (source.starts_at, source.id)
    return [column.desc() if newest_first else column.asc() for column in columns]


def _with_parties() -> Select[Appointment]:
    return select(Appointment).options(
        joinedload(Appointment.doctor), joinedload(Appointment.patient)
    )


def _check_may_book(
    session: Transaction, *, patient_id: int, most_open: int, now: datetime
) -> None:
    ((is_active, open_visits),) = execute(session, _STANDING, patient_id=patient_id, now=now)
    if not is_active:
        raise NotFound("There is no such patient.")
    if open_visits >= most_open:
        raise TooManyOpenVisits(most_open)


def _refusal(
    session: Transaction, values: dict[str, Any], *, excluding: int = 0
) -> SlotTaken | PatientBusy:
    """Which party's diary the database's refusal was about."""
    asked = {name: values[name] for name in ("patient_id", "doctor_id", "starts_at", "ends_at")}
    is_elsewhere = execute(session, _ELSEWHERE, excluding=excluding, **asked)
    return PatientBusy() if is_elsewhere else SlotTaken()
