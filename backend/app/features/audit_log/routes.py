"""The audit log, as far as one may see it."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from app.api.v1.dependencies import CurrentActor, Reading, Recording
from app.features.audit_log import service
from app.features.audit_log.schemas import AuditAnswer
from app.http.problems import documented
from app.http.refusals import audited
from app.http.transactions import TransactionRoute
from app.schemas.fields import Id, Instant, Word
from app.services.audit import AuditEvent

router = APIRouter(prefix="/audit", tags=["audit"], route_class=TransactionRoute)


class AuditFilters(BaseModel):
    """Which records are asked for."""

    actor_id: Id | None = None
    patient_id: Id | None = None
    action: Word | None = None
    outcome: Word | None = None
    since: Instant | None = None
    until: Instant | None = None
    before: Annotated[Id | None, Field(description="the last sequence of the page before")] = None
    limit: Annotated[int, Field(ge=1, le=200)] = 100


@router.get("/", responses=documented(401, 404))
@audited("audit.read", "audit")
def audit_log(
    actor: CurrentActor,
    session: Reading,
    record: Recording,
    wanted: Annotated[AuditFilters, Query()],
) -> list[AuditAnswer]:
    """The newest records first: all for admins, one's own events and data for others.

    That admins read it is recorded too.
    """
    found = service.list_records(session, actor, **wanted.model_dump())
    if actor.is_admin:
        look = AuditEvent("audit.read", "audit", wanted.actor_id, wanted.patient_id)
        record(look, by=actor)
    return [AuditAnswer.model_validate(one) for one in found]
