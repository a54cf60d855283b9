"""The fast paths to booking and to a patient's own appointments."""

import json
import re
from collections.abc import Callable
from datetime import datetime
from functools import partial

from fastapi import Request, Response
from starlette.datastructures import QueryParams

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


async def own_appointments(request: Request) -> Response | None:
    """A patient's page. Those of doctors are recorded as reads of others' data."""
    authenticate, wanted = authentication_of(request), _as_page(request.query_params)
    if authenticate is None or wanted is None:
        return None
    app = resources_of(request)
    find = partial(_patient_and_page, authenticate, wanted, app.clock())
    who, found = await app.reader.read_async(find)
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


async def book(request: Request) -> Response | None:
    """Book in the write queue, with others that book at the same time."""
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
    return appointments.booked_response(request, reply)


def _as_appointment(body: bytes) -> NewAppointment | None:
    try:
        return NewAppointment.model_validate(json.loads(body))
    except (ValueError, RecursionError):
        return None


def _is_usual(key: str | None) -> bool:
    return key is None or re.fullmatch(appointments.KEY_PATTERN, key) is not None
