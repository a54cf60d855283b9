"""Reading the audit log: all of it for admins, one's own events and data for others."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.domain.people import Actor
from app.domain.policies import check_audit_is_visible
from app.features.audit_log import queries
from app.models.models import AuditRecord


@dataclass(frozen=True, slots=True)
class VisibleRecord:
    """A record without the patients that its reader may not know of."""

    sequence: int
    at: datetime
    actor_id: int | None
    actor_role: str | None
    action: str
    resource_type: str
    resource_id: int | None
    patient_id: int | None
    patient_ids: Sequence[int]
    fields: str
    outcome: str
    request_id: str | None


def list_records(
    session: Session,
    actor: Actor,
    *,
    actor_id: int | None,
    patient_id: int | None,
    action: str | None,
    outcome: str | None,
    since: datetime | None,
    until: datetime | None,
    before: int | None,
    limit: int,
) -> list[VisibleRecord]:
    """Return the newest records before the sequence `before`, the newest first.

    Raises NotFound when somebody other than an admin names another person.
    """
    check_audit_is_visible(actor, patient_id=patient_id, actor_id=actor_id)
    found = queries.list_records(
        session,
        actor=actor,
        actor_id=actor_id,
        patient_id=patient_id,
        action=action,
        outcome=outcome,
        since=since,
        until=until,
        before=before,
        limit=limit,
    )
    return [_as_visible(record, to=actor) for record in found]


def _as_visible(record: AuditRecord, *, to: Actor) -> VisibleRecord:
    patient_id, patient_ids = record.patient_id, record.patient_ids
    if not to.is_admin and record.actor_id != to.id and to.id in patient_ids:
        patient_id, patient_ids = to.id, [to.id]
    return VisibleRecord(
        sequence=record.id,
        at=record.at,
        actor_id=record.actor_id,
        actor_role=record.actor_role,
        action=record.action,
        resource_type=record.resource_type,
        resource_id=record.resource_id,
        patient_id=patient_id,
        patient_ids=patient_ids,
        fields=record.fields,
        outcome=record.outcome,
        request_id=record.request_id,
    )
