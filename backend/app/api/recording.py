"""Refusals of people who are signed in go into the audit log."""

from fastapi import Request
from starlette.concurrency import run_in_threadpool

from app.api.v1.dependencies import Resources
from app.domain.errors import DomainError
from app.domain.people import Actor
from app.services import audit
from app.services.audit import Deed


async def record_refusal(request: Request, refusal: DomainError) -> None:
    """Record what a signed-in person was refused, in a transaction of its own."""
    actor: Actor | None = getattr(request.state, "actor", None)
    if actor is not None:
        await run_in_threadpool(_record, request.app.state.resources, actor, request, refusal)


def _record(held: Resources, actor: Actor, request: Request, refusal: DomainError) -> None:
    route = request.scope["route"]
    identifiers = list(request.path_params.values())
    deed = Deed(
        action=route.name.replace("_", "-"),
        resource_type=route.tags[0],
        resource_id=int(identifiers[-1]) if identifiers else None,
    )
    with held.database.writing() as session:
        audit.record(session, deed, by=actor, now=held.clock(), outcome=refusal.code)
