"""Refusals of people who are signed in go into the audit log."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import structlog
from fastapi import Request
from pydantic import TypeAdapter, ValidationError

from app.core.rates import Rate, Turn
from app.domain.errors import DomainError, TooManyAttempts
from app.domain.people import Actor
from app.http.authentication import authentication_of
from app.http.resources import Resources, resources_of
from app.schemas.fields import Id
from app.services import audit
from app.services.audit import AuditEvent

log = structlog.get_logger(__name__)

AUDIT_ACTION = "audit_action"

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])

_ID: TypeAdapter[int] = TypeAdapter(Id)


def audited(action: str, resource_type: str) -> Callable[[Endpoint], Endpoint]:
    """Declare what the audit log calls a request to this route that is refused.

    A route that does several things names the one that is requested with `set_audit_action`.
    """

    def declare(endpoint: Endpoint) -> Endpoint:
        vars(endpoint)[AUDIT_ACTION] = (action, resource_type)
        return endpoint

    return declare


def set_audit_action(request: Request, action: str) -> None:
    """Say what a route that does several things is asked for, before it may be refused."""
    request.state.attempt = action


async def record_refusal(
    request: Request, refusal: DomainError, fields: Sequence[str] = ()
) -> DomainError:
    """Record what a signed-in person was refused, in a transaction of its own.

    Returns the refusal to answer with. Nobody can fill the log: of the same refusal of the same
    thing only some are recorded within an hour, and an account that is refused too often is
    answered TooManyAttempts, of which only the first is recorded. The application log has the
    numbers of those that were left out.

    A refusal is recorded under the name of the event. Whose data it was about is not: somebody who
    guesses ids would read the answer in their own part of the log. `fields` are the names of
    those that were sent although they are not the sender's to set.
    """
    actor: Actor | None = getattr(request.state, "actor", None)
    if actor is None:
        return refusal
    app: Resources = request.app.state.resources
    event = replace(_event_of(request), fields=fields)
    same = _take(app.rates.same_refusals, actor, event.action, event.resource_id, refusal.code)
    if same.wait:
        return refusal
    turn = _take(app.rates.refusals, actor)
    if turn.wait:
        refusal = TooManyAttempts(turn.wait)
    if not turn.wait or turn.refused == 1:
        now, outcome = app.clock(), refusal.code
        await app.write_queue.submit(
            lambda session: audit.record(session, event, by=actor, now=now, outcome=outcome)
        )
    return refusal


def _take(rate: Rate, actor: Actor, *refused: object) -> Turn:
    """Take an actor's turn to have a refusal recorded; log how many were left out before it."""
    turn = rate.take((actor.id, *refused))
    if turn.refused and not turn.wait:
        log.warning("refusals_not_recorded", actor_id=actor.id, count=turn.refused)
    return turn


async def recognise(request: Request) -> None:
    """Find who sent a request that is refused before it is routed."""
    authenticate = authentication_of(request)
    if authenticate is None:
        return
    who = await resources_of(request).reader.read_async(authenticate)
    if who is not None:
        request.state.actor = who.actor


def _event_of(request: Request) -> AuditEvent:
    if "route" not in request.scope:
        return AuditEvent("request.send", "request")
    action, resource_type = vars(request.scope["route"].endpoint)[AUDIT_ACTION]
    identifiers = list(request.path_params.values())
    return AuditEvent(
        action=getattr(request.state, "attempt", action),
        resource_type=resource_type,
        resource_id=_as_id(identifiers[-1]) if identifiers else None,
    )


def _as_id(text: str) -> int | None:
    """The id that a route reads at the end of a path; None for what is none."""
    try:
        return _ID.validate_python(text)
    except ValidationError:
        return None
