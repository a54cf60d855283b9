"""The audit log, as far as one may see it."""

from typing import Annotated

from fastapi import APIRouter, Query

from app.api.errors import documented
from app.api.v1.dependencies import Acting, Reading, TransactionRoute
from app.crud import crud_audit
from app.domain.people import Actor
from app.domain.policies import check_audit_is_visible
from app.schemas.fields import Id, Instant, Word
from app.schemas.schemas import AuditAnswer

router = APIRouter(prefix="/audit", tags=["audit"], route_class=TransactionRoute)


@router.get("/", responses=documented(401, 404))
def audit_log(
    actor: Acting,
    session: Reading,
    actor_id: Id | None = None,
    patient_id: Id | None = None,
    action: Word | None = None,
    outcome: Word | None = None,
    since: Instant | None = None,
    until: Instant | None = None,
    before: Annotated[Id | None, Query(description="the last sequence of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 100,
) -> list[AuditAnswer]:
    """The newest records first: all for admins, one's own deeds and data for others."""
    check_audit_is_visible(actor, patient_id=patient_id, actor_id=actor_id)
    records = crud_audit.list_records(
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
    return [_shown(AuditAnswer.model_validate(record), to=actor) for record in records]


def _shown(answer: AuditAnswer, *, to: Actor) -> AuditAnswer:
    """The answer without the other patients whose data was read together with the reader's."""
    if to.is_admin or answer.actor_id == to.id or to.id not in answer.patient_ids:
        return answer
    return answer.model_copy(update={"patient_id": to.id, "patient_ids": [to.id]})
