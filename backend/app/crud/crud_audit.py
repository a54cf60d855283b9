"""Statements about the audit log and its seals: both only grow."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple, cast

from sqlalchemy import (
    Select,
    Table,
    func,
    insert,
    select,
)
from sqlalchemy.orm import Session, selectinload

from app.db.statements import Parameter, RunQuery, Statement, Transaction, parameters_for
from app.db.transactions import rows_for_each
from app.db.writes import try_lock
from app.models.models import AuditPatient, AuditRecord, AuditSeal

BATCH = 1000

RECENT = 200
"""The records of a person that are searched for one that is repeated."""

LATE_RECORDS = 5000
"""How many later records may be sealed before one whose transaction took long is looked for in
vain, until all records are looked through again."""

_RECORDS = cast("Table", AuditRecord.__table__)
_PATIENTS = cast("Table", AuditPatient.__table__)
_VALUES = parameters_for(*(column for column in _RECORDS.c if column.name != "id"))
_APPEND = Statement(insert(_RECORDS).values(_VALUES).returning(_RECORDS.c.id))
_APPEND_PATIENTS = Statement(insert(_PATIENTS).values(parameters_for(*_PATIENTS.c)))
_RECENT = (
    select(AuditRecord)
    .where(AuditRecord.actor_id == Parameter("actor_id"))
    .order_by(AuditRecord.id.desc())
    .limit(RECENT)
    .subquery()
)
_PATIENTS_SEEN = Statement(
    select(func.coalesce(AuditPatient.patient_id, _RECENT.c.patient_id))
    .select_from(_RECENT)
    .outerjoin(AuditPatient, AuditPatient.record_id == _RECENT.c.id)
    .where(
        _RECENT.c.at > Parameter("since", AuditRecord.at.type),
        _RECENT.c.at <= Parameter("until", AuditRecord.at.type),
        _RECENT.c.outcome == Parameter("outcome", AuditRecord.outcome.type),
        _RECENT.c.action == Parameter("action", AuditRecord.action.type),
        _RECENT.c.resource_type == Parameter("resource_type", AuditRecord.resource_type.type),
        func.coalesce(_RECENT.c.resource_id, 0) == Parameter("resource_id"),
    )
)
_IS_SEALED = select(AuditSeal.record_id).where(AuditSeal.record_id == AuditRecord.id).exists()


class Head(NamedTuple):
    """The end of the chain: the number and the hash of its last seal."""

    sequence: int
    hash: str


class Unsealed(NamedTuple):
    """A record without a seal, as far as its seal covers it."""

    id: int
    mac: str


def append_records(session: Transaction, rows: Sequence[dict[str, Any]]) -> None:
    """Insert records with their `patient_ids`."""
    patient_ids = [row.pop("patient_ids") for row in rows]
    inserted = rows_for_each(session, _APPEND, rows)
    patients = [
        {"record_id": record_id, "patient_id": patient_id}
        for ((record_id,),), listed in zip(inserted, patient_ids, strict=True)
        for patient_id in listed
    ]
    if patients:
        rows_for_each(session, _APPEND_PATIENTS, patients)


def lock_chain(session: Session) -> bool:
    """Whether nobody else is sealing; if so, nobody else does until the commit."""
    return try_lock(session, "audit-seals")


def find_head(session: Session) -> Head | None:
    """The end of the chain, or None before the first seal."""
    newest = select(AuditSeal.sequence, AuditSeal.hash).order_by(AuditSeal.sequence.desc())
    row = session.execute(newest.limit(1)).first()
    return None if row is None else Head(*row)


def list_unsealed(session: Session, *, limit: int, is_thorough: bool) -> list[Unsealed]:
    """The first records without a seal, in the order of their ids.

    A search that is not thorough leaves out what is older than `LATE_RECORDS` before the last
    record that was sealed.
    """
    wanted = select(AuditRecord.id, AuditRecord.mac).where(~_IS_SEALED)
    if not is_thorough:
        last = select(func.coalesce(func.max(AuditSeal.record_id), 0)).scalar_subquery()
        wanted = wanted.where(AuditRecord.id > last - LATE_RECORDS)
    rows = session.execute(wanted.order_by(AuditRecord.id).limit(limit))
    return [Unsealed(*row) for row in rows]


def find_next_to_seal(session: Session) -> datetime | None:
    """When the first record was made after the last one that was sealed; None if there is none."""
    last = select(func.coalesce(func.max(AuditSeal.record_id), 0)).scalar_subquery()
    following = select(AuditRecord.at).where(AuditRecord.id > last).order_by(AuditRecord.id)
    return session.scalars(following.limit(1)).first()


def append_seals(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Insert seals."""
    session.execute(insert(AuditSeal), rows)


def iterate_seals(session: Session) -> Iterator[tuple[AuditSeal, AuditRecord | None]]:
    """Every seal with its record, if that is there, in the order of the chain, read in batches."""
    seals = (
        select(AuditSeal, AuditRecord)
        .outerjoin(AuditRecord, AuditRecord.id == AuditSeal.record_id)
        .options(selectinload(AuditRecord.patients))
        .order_by(AuditSeal.sequence)
        .limit(BATCH)
    )
    batch = session.execute(seals).all()
    while batch:
        yield from ((seal, record) for seal, record in batch)
        last = batch[-1][0].sequence
        session.expunge_all()
        batch = session.execute(seals.where(AuditSeal.sequence > last)).all()


def iterate_unsealed(session: Session) -> Iterator[AuditRecord]:
    """Every record without a seal in the order of the ids, read in batches."""
    unsealed = _with_patients().where(~_IS_SEALED).order_by(AuditRecord.id).limit(BATCH)
    batch = session.scalars(unsealed).all()
    while batch:
        yield from batch
        last = batch[-1].id
        session.expunge_all()
        batch = session.scalars(unsealed.where(AuditRecord.id > last)).all()


def find_copy(session: Session) -> int | None:
    """The id of a record that has the MAC of an earlier one, which it is a copy of."""
    macs = select(AuditRecord.mac).group_by(AuditRecord.mac).having(func.count() > 1).limit(1)
    copies = select(func.max(AuditRecord.id)).where(AuditRecord.mac.in_(macs))
    return session.scalar(copies)


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


def _with_patients() -> Select[AuditRecord]:
    return select(AuditRecord).options(selectinload(AuditRecord.patients))
