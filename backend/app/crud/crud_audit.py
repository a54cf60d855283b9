"""Statements about the audit log: it only grows."""

from collections.abc import Generator, Sequence
from datetime import datetime
from typing import Any, NamedTuple, cast

from sqlalchemy import ColumnElement, Table, insert, or_, select, true
from sqlalchemy.orm import Session

from app.core.prepared import Prepared, Transaction, parameters_for, rows_for_each, rows_in
from app.domain.people import Actor
from app.models import AuditHead, AuditRecord

BATCH = 1000

_RECORDS = cast("Table", AuditRecord.__table__)
_LOCK_HEAD = Prepared(select(AuditHead.sequence, AuditHead.hash).with_for_update())
_APPEND = Prepared(insert(_RECORDS).values(parameters_for(*_RECORDS.c)))


class Head(NamedTuple):
    """The end of the chain: its last record's number and hash."""

    sequence: int
    hash: str


def lock_head(session: Transaction) -> Head:
    """The end of the chain, locked for whoever appends next."""
    (row,) = rows_in(session, _LOCK_HEAD)
    return Head(*row)


def get_head(session: Session) -> AuditHead:
    """The end of the chain."""
    return session.scalars(select(AuditHead)).one()


def append_records(session: Transaction, rows: Sequence[dict[str, Any]]) -> None:
    """Insert records. The database moves the end of the chain to the last one."""
    rows_for_each(session, _APPEND, rows)


def iterate_records(session: Session) -> Generator[AuditRecord]:
    """Every record in the order of the chain, read in batches."""
    statement = select(AuditRecord).order_by(AuditRecord.sequence)
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
        filters.append(AuditRecord.patient_id == patient_id)
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
        select(AuditRecord).where(*filters).order_by(AuditRecord.sequence.desc()).limit(limit)
    ).all()


def _visible_to(actor: Actor) -> ColumnElement[bool]:
    """What a person did, and what was done to their data; everything for an admin."""
    if actor.is_admin:
        return true()
    return or_(AuditRecord.actor_id == actor.id, AuditRecord.patient_id == actor.id)
