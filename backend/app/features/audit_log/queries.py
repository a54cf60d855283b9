"""Queries of the audit log, which start from who asks."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, CompoundSelect, select, true, union_all
from sqlalchemy.orm import Session, selectinload

from app.domain.people import Actor
from app.models.models import AuditPatient, AuditRecord


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
        filters.append(AuditRecord.id.in_(_about(patient_id)))
    if action is not None:
        filters.append(AuditRecord.action == action)
    if outcome is not None:
        filters.append(AuditRecord.outcome == outcome)
    if since is not None:
        filters.append(AuditRecord.at >= since)
    if until is not None:
        filters.append(AuditRecord.at < until)
    if before is not None:
        filters.append(AuditRecord.id < before)
    return session.scalars(
        select(AuditRecord)
        .options(selectinload(AuditRecord.patients))
        .where(*filters)
        .order_by(AuditRecord.id.desc())
        .limit(limit)
    ).all()


def _visible_to(actor: Actor) -> ColumnElement[bool]:
    """What a person did, and what was done to their data; everything for an admin."""
    if actor.is_admin:
        return true()
    own = select(AuditRecord.id).where(AuditRecord.actor_id == actor.id)
    return AuditRecord.id.in_(union_all(own, *_about(actor.id).selects))


def _about(patient_id: int) -> CompoundSelect[int]:
    """The ids of the records about a patient: of theirs alone, and of several people's."""
    return union_all(
        select(AuditRecord.id).where(AuditRecord.patient_id == patient_id),
        select(AuditPatient.record_id).where(AuditPatient.patient_id == patient_id),
    )
