"""Shortcuts to what is asked all the time by those who are signed in.

FastAPI takes longer to find a route and to solve what it depends on than these requests take to
answer. Each has a shortcut before the router, for its usual form. What is unusual goes on to the
plain route, which is also what documents it.
"""

import json
import re
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.datastructures import QueryParams
from starlette.routing import BaseRoute, Match
from starlette.types import Message, Receive, Scope, Send

from app.api.v1 import appointments
from app.api.v1.appointments import OwnPage
from app.api.v1.dependencies import current_actor
from app.db.statements import RunQuery
from app.domain.appointments import ShownAppointment
from app.domain.people import Role
from app.http.authentication import authentication_of, check_csrf_and_touch
from app.http.resources import resources_of
from app.schemas.schemas import NewAppointment
from app.services.logins import SignedIn

JSON = "application/json"

Handler = Callable[[Request], Awaitable[Response | None]]


class Shortcut(BaseRoute):
    """Stands before the plain route of its name; answers what its handler does not decline."""

    def __init__(self, handler: Handler, plain: APIRoute, *, prefix: str) -> None:
        self._handler = handler
        self._plain = plain
        (method,) = plain.methods or ("GET",)
        self.address = (method, prefix + plain.path)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Requests of this method to this path that were not declined before."""
        is_usual = (
            scope["type"] == "http"
            and (scope["method"], scope["path"]) == self.address
            and "declined" not in scope
        )
        return (Match.FULL, {"route": self._plain}) if is_usual else (Match.NONE, {})

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        answer = await self._handler(request)
        if answer is not None:
            await answer(scope, receive, send)
            return
        scope["declined"] = True
        await scope["router"](scope, _as_received(await request.body()), send)


def shortcuts(prefix: str) -> list[BaseRoute]:
    """The shortcuts to the routes under a prefix."""
    plain = {
        route.name: route for route in appointments.router.routes if isinstance(route, APIRoute)
    }
    return [
        Shortcut(_book, plain["book"], prefix=prefix),
        Shortcut(_own_appointments, plain["my_appointments"], prefix=prefix),
    ]


async def _own_appointments(request: Request) -> Response | None:
    """A patient's page. Those of doctors are recorded as reads of others' data."""
    authenticate, wanted = authentication_of(request), _as_page(request.query_params)
    if authenticate is None or wanted is None:
        return None
    app = resources_of(request)
    question = partial(_patient_and_page, authenticate, wanted, app.clock())
    who, found = await app.reader.read_async(question)
    if who is None or found is None:
        return None
    await check_csrf_and_touch(request, who)
    return appointments.page_of_appointments(request, found, wanted.limit)


def _patient_and_page(
    authenticate: Callable[[RunQuery], SignedIn | None],
    wanted: OwnPage,
    now: datetime,
    query: RunQuery,
) -> tuple[SignedIn | None, list[ShownAppointment] | None]:
    """Who asks, and what was found for them if they are a patient."""
    who = authenticate(query)
    if who is None or who.actor.role is not Role.PATIENT:
        return who, None
    return who, appointments.own_appointments(query, actor=who.actor, wanted=wanted, now=now)


def _as_page(parameters: QueryParams) -> OwnPage | None:
    if not OwnPage.model_fields.keys() >= parameters.keys():
        return None
    try:
        return OwnPage.model_validate(dict(parameters))
    except ValueError:
        return None


async def _book(request: Request) -> Response | None:
    actor = await current_actor(request)
    body = _as_appointment(await request.body())
    key = request.headers.get("idempotency-key")
    if request.query_params or body is None or not _is_usual(key):
        return None
    app = resources_of(request)
    with app.keys.claimed(actor.id, key):
        reply = await app.write_queue.submit(
            partial(
                appointments.book_once,
                actor=actor,
                body=body,
                key=key,
                limits=app.booking,
                now=app.clock(),
            ),
            lock_key=body.doctor_id,
        )
    return Response(reply, 201, media_type=JSON)


def _as_appointment(body: bytes) -> NewAppointment | None:
    try:
        return NewAppointment.model_validate(json.loads(body))
    except (ValueError, RecursionError):
        return None


def _is_usual(key: str | None) -> bool:
    return key is None or re.fullmatch(appointments.KEY_PATTERN, key) is not None


def _as_received(body: bytes) -> Receive:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive
