"""Fast paths: the requests that are sent most, answered in front of their routes.

FastAPI takes longer to find a route and to solve its dependencies than these requests take to
answer. A fast path answers the usual form of a request and declines all others, which go on to
the plain route; the plain route is also what documents it. Without this folder every request is
answered by its plain route, in the same bytes.
"""

from collections.abc import Awaitable, Callable

from fastapi import APIRouter, Request
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Match, compile_path
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.fast.appointments import book, own_appointments
from app.api.fast.free_slots import FreeSlots
from app.api.v1 import appointments, schedules
from app.http.resources import Resources

Handler = Callable[[Request], Awaitable[ASGIApp | None]]


class FastRoute(BaseRoute):
    """Stands in front of a plain route; answers what its handler does not decline."""

    def __init__(self, handler: Handler, plain: APIRoute, *, prefix: str) -> None:
        self._handler = handler
        self._plain = plain
        (self.method,) = plain.methods or ("GET",)
        self.path = prefix + plain.path
        self._pattern, _, _ = compile_path(self.path)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Requests of this method to this path that were not declined before."""
        is_usual = (
            scope["type"] == "http"
            and scope["method"] == self.method
            and "declined" not in scope
            and self._pattern.match(scope["path"]) is not None
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


def fast_routes(resources: Resources, *, prefix: str) -> list[BaseRoute]:
    """The fast paths to the routes under a prefix, to be put in front of them."""
    find_slots = FreeSlots(reader=resources.reader, limits=resources.booking, clock=resources.clock)
    return [
        FastRoute(find_slots, _plain(schedules.router, "available_slots"), prefix=prefix),
        FastRoute(book, _plain(appointments.router, "book"), prefix=prefix),
        FastRoute(own_appointments, _plain(appointments.router, "my_appointments"), prefix=prefix),
    ]


def _plain(router: APIRouter, name: str) -> APIRoute:
    (route,) = (
        route for route in router.routes if isinstance(route, APIRoute) and route.name == name
    )
    return route


def _as_received(body: bytes) -> Receive:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive
