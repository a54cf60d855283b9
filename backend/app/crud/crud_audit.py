"""Statements about the audit log: it only grows."""

from collections.abc import Generator, Sequence
from datetime import datetime
from typing import Any, NamedTuple, cast

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Select,
    Table,
    func,
    insert,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import Session, selectinload

from app.db.statements import Parameter, RunQuery, Statement, Transaction, parameters_for
from app.db.transactions import execute, rows_for_each
from app.domain.people import Actor
from app.models.models import AuditHead, AuditPatient, AuditRecord

BATCH = 1000

RECENT = 200
"""The records of a person that are searched for one that is repeated."""

_RECORDS = cast("Table", AuditRecord.__table__)
_PATIENTS = cast("Table", AuditPatient.__table__)
_LOCK_HEAD = Statement(select(AuditHead.sequence, AuditHead.hash).with_for_update())
_APPEND = Statement(insert(_RECORDS).values(parameters_for(*_RECORDS.c)))
_APPEND_PATIENTS = Statement(insert(_PATIENTS).values(parameters_for(*_PATIENTS.c)))
_RECENT = (
    select(AuditRecord)
    .where(AuditRecord.actor_id == Parameter("actor_id"))
    .order_by(AuditRecord.sequence.desc())
    .limit(RECENT)
    .subquery()
)
_PATIENTS_SEEN = Statement(
    select(func.coalesce(AuditPatient.patient_id, _RECENT.c.patient_id))
    .select_from(_RECENT)
    .outerjoin(AuditPatient, AuditPatient.sequence == _RECENT.c.sequence)
    .where(
        _RECENT.c.at > Parameter("since", AuditRecord.at.type),
        _RECENT.c.at <= Parameter("until", AuditRecord.at.type),
        _RECENT.c.outcome == Parameter("outcome", AuditRecord.outcome.type),
        _RECENT.c.action == Parameter("action", AuditRecord.action.type),
        _RECENT.c.resource_type == Parameter("resource_type", AuditRecord.resource_type.type),
        func.coalesce(_RECENT.c.resource_id, 0) == Parameter("resource_id"),
    )
)


class Head(NamedTuple):
    """The end of the chain: its last record's number and hash."""

    sequence: int
    hash: str


def lock_head(session: Transaction) -> Head:
    """The end of the chain, locked for whoever appends next."""
    (row,) = execute(session, _LOCK_HEAD)
    return Head(*row)


def get_head(session: Session) -> AuditHead:
    """The end of the chain."""
    return session.scalars(select(AuditHead)).one()


def append_records(session: Transaction, rows: Sequence[dict[str, Any]]) -> None:
    """Insert records with their `patient_ids`.

    The database moves the end of the chain to the last one.
    """
    rows_for_each(session, _APPEND, rows)
    patients = [
        {"sequence": row["sequence"], "patient_id": patient_id}
        for row in rows
        for patient_id in row["patient_ids"]
    ]
    if patients:
        rows_for_each(session, _APPEND_PATIENTS, patients)


def patients_seen(
    query: RunQuery,
    *,
    actor_id: int,
    action: str,
    resource_type: str,
    resource_id: int | None,
    outcome: str,
    since: datetime,
    until: datetime,
) -> set[int | None]:
    """The patients named by the actor's newest records of an action, {None} for one of nobody.

    Records that are older than `since`, or newer than `until`, do not count.
    """
    rows = query(
        _PATIENTS_SEEN,
        actor_id=actor_id,
        action=action,
        resource_type=resource_type,
        resource_id=resource_id or 0,
        outcome=outcome,
        since=since,
        until=until,
    )
    return {patient_id for (patient_id,) in rows}


def iterate_records(session: Session) -> Generator[AuditRecord]:
    """Every record in the order of the chain, read in batches."""
    statement = _with_patients().order_by(AuditRecord.sequence)
    with session.scalars(statement.execution_options(yield_per=BATCH)) as records:
        yield from records


def list_records(
    session: Session,
    *,
    actor: Actor,
    actor_id: int | None,
    patient_id: int | None,
    action: str | None,
    outcome: str | None,
    since: datetime | None,
    until: datetime | None,
    before: int | None,
    limit: int,
) -> Sequence[AuditRecord]:
    """A page of the records that the actor may see, the newest first."""
    filters: list[ColumnElement[bool]] = [_visible_to(actor)]
    if actor_id is not None:
        filters.append(AuditRecord.actor_id == actor_id)
    if patient_id is not None:
        filters.append(AuditRecord.sequence.in_(_about(patient_id)))
    if action is not None:
        filters.append(AuditRecord.action == action)
    if outcome is not None:
        filters.append(AuditRecord.outcome == outcome)
    if since is not None:
        filters.append(AuditRecord.at >= since)
    if until is not None:
        filters.append(AuditRecord.at < until)
    if before is not None:
        filters.append(AuditRecord.sequence < before)
    return session.scalars(
        _with_patients().where(*filters).order_by(AuditRecord.sequence.desc()).limit(limit)
    ).all()


def _visible_to(actor: Actor) -> ColumnElement[bool]:
    """What a person did, and what was done to their data; everything for an admin."""
    if actor.is_admin:
        return true()
    own = select(AuditRecord.sequence).where(AuditRecord.actor_id == actor.id)
    return AuditRecord.sequence.in_(union_all(own, *_about(actor.id).selects))


def _about(patient_id: int) -> CompoundSelect[int]:
    """The sequences of the records about a patient: of theirs alone, and of several people's."""
    return union_all(
        select(AuditRecord.sequence).where(AuditRecord.patient_id == patient_id),
        select(AuditPatient.sequence).where(AuditPatient.patient_id == patient_id),
    )


def _with_patients() -> Select[AuditRecord]:
    return select(AuditRecord).options(selectinload(AuditRecord.patients))
