"""The application: wiring only."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from datetime import timedelta
from functools import partial
from importlib.metadata import version
from typing import Any

import anyio.to_thread
from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.routing import APIRoute
from fastapi_offline import FastAPIOffline
from starlette.middleware import Middleware

from app.api import health
from app.api.fast.routes import fast_routes
from app.api.metrics import MetricsRoute
from app.api.v1 import appointments, auth, schedules, users
from app.core.client_address import ClientAddress
from app.core.clock import Clock, system_clock
from app.core.config import Settings
from app.core.database import open_database
from app.core.devices import Devices
from app.core.logs import configure_logs
from app.core.rates import Rates
from app.core.security import HashingLane, PasswordHasher
from app.domain.booking_limits import BookingLimits
from app.features.routers import ROUTERS
from app.http.authentication import CSRF_HEADER
from app.http.idempotency import KeysInFlight
from app.http.middleware import BodyLimit, CrossSiteGuard, RequestLog, SecurityHeaders
from app.http.problems import add_error_handlers, documented
from app.http.resources import Resources
from app.schemas.schemas import Problem
from app.services.accounts import EmailRules, RegistrationRules
from app.services.logins import SessionLimits
from app.services.passwords import password_rules_of
from app.services.readiness import Readiness
from app.worker import worker_beside_api

API = "/api/v1"
LARGEST_BODY = 65_536
DESCRIPTION = """Find a doctor, see the slots that are really free, book, move, cancel.

Requests that change something need the session cookie of `POST /api/v1/auth/login` and its
`csrf_token` in the header `X-CSRF-Token`."""


def create_app(
    settings: Settings | None = None,
    clock: Clock = system_clock,
    *,
    has_fast_routes: bool = True,
    has_worker: bool = False,
) -> FastAPI:
    """The ASGI application of one process. Without fast routes it only takes longer to answer.

    One that `has_worker` does the background work too, where the database has it so.
    """
    settings = settings or Settings()
    configure_logs(settings.log_level, settings.log_format)
    make_app = partial(FastAPIOffline, redoc_url=None) if settings.has_docs else _without_docs
    resources = _resources(settings, clock)
    app = make_app(
        title=f"{settings.clinic_name}: appointments",
        description=DESCRIPTION,
        version=version("clinic-backend"),
        lifespan=partial(_lifespan, has_worker=has_worker),
        middleware=_middleware(resources),
        generate_unique_id_function=_operation_id,
    )
    app.state.resources = resources
    add_error_handlers(app)
    if has_fast_routes:
        app.router.routes += fast_routes(resources, prefix=API)
    for router in (
        appointments.router,
        schedules.router,
        users.router,
        auth.router,
        *ROUTERS,
    ):
        app.include_router(router, prefix=API, responses=documented())
    app.include_router(health.router)
    app.router.routes.append(MetricsRoute(settings.metrics_allow))
    app.openapi = partial(_openapi, app.openapi)  # type: ignore[method-assign] # as FastAPI has it
    return app


_without_docs = partial(FastAPI, docs_url=None, redoc_url=None, openapi_url=None)


def _openapi(describe: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The OpenAPI document with the problem that `documented` refers to.

    It is made when it is asked for: it would be a tenth of the time that a start takes.
    """
    document = describe()
    schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas = document["components"]["schemas"]
    schemas |= {**schema.pop("$defs"), Problem.__name__: schema}
    return document


def _resources(settings: Settings, clock: Clock) -> Resources:
    hasher = PasswordHasher(settings.bcrypt_cost)
    database = open_database(settings)
    return Resources(
        settings=settings,
        database=database,
        reader=database.open_reader(),
        write_queue=database.open_write_queue(),
        keys=KeysInFlight(),
        hasher=hasher,
        hashing=HashingLane(settings.hashing_queue),
        devices=Devices(settings.secret_key.get_secret_value()),
        limits=SessionLimits(
            idle=timedelta(minutes=settings.session_idle_minutes),
            absolute=timedelta(hours=settings.session_absolute_hours),
            parallel=settings.sessions_per_account,
        ),
        registration=RegistrationRules(
            hasher=hasher,
            passwords=password_rules_of(settings),
            country=settings.clinic_country,
            doctors=settings.doctor_registration,
            hourly=settings.registrations_per_hour,
        ),
        readiness=Readiness(),
        rates=Rates(settings),
        emails=EmailRules(hasher=hasher, hourly=settings.email_changes_per_hour),
        booking=BookingLimits(settings.booking_horizon_days, settings.open_visits_per_patient),
        clock=clock,
    )


@asynccontextmanager
async def _lifespan(app: FastAPI, *, has_worker: bool) -> AsyncIterator[None]:
    resources: Resources = app.state.resources
    anyio.to_thread.current_default_thread_limiter().total_tokens = (
        resources.settings.worker_threads
    )
    with worker_beside_api(resources.database, resources.clock) if has_worker else nullcontext():
        yield
    resources.hashing.close()
    await resources.reader.close()
    await resources.write_queue.close()
    resources.database.close()


def _middleware(resources: Resources) -> list[Middleware]:
    """The outermost first."""
    settings = resources.settings
    return [
        Middleware(ClientAddress, trusted=settings.trusted_proxies),
        Middleware(SecurityHeaders, https=settings.is_https),
        *_cors(settings),
        Middleware(RequestLog),
        Middleware(CrossSiteGuard, origins=settings.public_origins),
        Middleware(BodyLimit, largest=LARGEST_BODY),
    ]


def _cors(settings: Settings) -> list[Middleware]:
    """Outside of all that answers or refuses, so that a listed page can read each of them."""
    if not settings.cors_origins:
        return []
    return [
        Middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_credentials=True,
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=["Content-Type", CSRF_HEADER, "Idempotency-Key", "If-None-Match"],
            expose_headers=["ETag", "Link", "Location", "Retry-After", "X-Request-ID"],
        )
    ]


def _operation_id(route: APIRoute) -> str:
    return route.name
