"""What routes ask for: the clock, transactions, and the person who is signed in.

What does not wait for anything is `async`, so that it runs without a thread of its own. And each
takes nothing but the request: FastAPI solves what a dependency depends on anew wherever it stands,
and every such step costs it as much as a statement costs the database.
"""

from collections.abc import AsyncIterator, Callable, Hashable
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial, wraps
from inspect import iscoroutinefunction
from typing import Annotated, Any, TypeVar

import structlog
from fastapi import Depends, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.routing import APIRoute
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.core.clock import Clock
from app.core.config import Settings
from app.core.database import Database, concluding
from app.core.devices import LIFETIME as DEVICE_LIFETIME
from app.core.devices import Device, Devices
from app.core.rates import Rate, Rates
from app.core.security import HashingLane, PasswordHasher, csrf_token_for, same_token
from app.crud import crud_login
from app.db.reader import Reader
from app.db.statements import RunQuery
from app.db.write_queue import WriteQueue
from app.domain.booking_limits import BookingLimits
from app.domain.errors import CsrfFailed, NotSignedIn, OutcomeUnknown, TooManyAttempts
from app.domain.people import Actor, Origin
from app.domain.throttling import network_of
from app.schemas.schemas import SignedInAnswer, UserAnswer
from app.services import audit, logins
from app.services.accounts import EmailRules, RegistrationRules
from app.services.audit import AuditEvent
from app.services.idempotency import KeysInFlight
from app.services.logins import NewLogin, SessionLimits, SignedIn
from app.services.readiness import Readiness

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
CSRF_HEADER = "X-CSRF-Token"
NOT_WRITTEN = (OperationalError, OutcomeUnknown)

log = structlog.get_logger(__name__)

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Resources:
    """What an application holds for as long as it runs."""

    settings: Settings
    database: Database
    reader: Reader
    write_queue: WriteQueue
    keys: KeysInFlight
    hasher: PasswordHasher
    hashing: HashingLane
    devices: Devices
    limits: SessionLimits
    registration: RegistrationRules
    readiness: Readiness
    emails: EmailRules
    rates: Rates
    booking: BookingLimits
    clock: Clock


def resources_of(request: Request) -> Resources:
    """The application's resources."""
    app: Resources = request.app.state.resources
    return app


def origin_of(request: Request) -> Origin:
    """Where the request came from, for the throttle and the audit log."""
    address = request.client.host if request.client else None
    return Origin(address, request.state.request_id)


async def resources(request: Request) -> Resources:
    """The application's resources."""
    return resources_of(request)


async def origin(request: Request) -> Origin:
    """Where the request came from."""
    return origin_of(request)


async def present(request: Request) -> datetime:
    """The present instant, in UTC."""
    return resources_of(request).clock()


async def reading(request: Request) -> AsyncIterator[Session]:
    """A transaction that only reads, ended by `ending_transactions`."""
    with resources_of(request).database.reading() as session:
        yield session


async def writing(request: Request) -> AsyncIterator[Session]:
    """A transaction that `ending_transactions` commits before the answer is sent."""
    with resources_of(request).database.writing() as session:
        yield session


class TransactionRoute(APIRoute):
    """A route whose synchronous endpoint runs in one thread, with its transactions.

    FastAPI would open and close them, and validate the answer, each in a thread of the same pool.
    Every change of threads costs as much as a statement, and a transaction that still held its
    locks would wait for a thread while all threads wait for it.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, _in_one_thread(endpoint), **options)


def _in_one_thread(endpoint: Callable[..., Any]) -> Callable[..., Any]:
    if iscoroutinefunction(endpoint):
        return endpoint

    @wraps(endpoint)
    async def run(**values: Any) -> object:
        sessions = [value for value in values.values() if isinstance(value, Session)]
        work = partial(endpoint, **values)
        return await run_in_threadpool(ending_transactions, work, *sessions)

    return run


def ending_transactions(work: Callable[[], Result], *sessions: Session) -> Result:
    """Do the work and end its transactions, as `concluding` says."""
    with concluding(*sessions):
        return work()


async def in_hashing_lane(
    app: Resources, work: Callable[[], Result], *sessions: Session, is_known: bool = False
) -> Result:
    """Do work that hashes, with its transactions, when its turn comes. Raises ServerBusy.

    `is_known` is for people in an open session or in a browser that they have logged in with.
    """
    return await app.hashing.run(partial(ending_transactions, work, *sessions), is_known=is_known)


async def before_hashing(app: Resources, check: Callable[[Session], Result]) -> Result:
    """Look something up before the request takes a place in the hashing lane.

    Those who have to wait are refused here. The work in the lane looks again: others that were
    waiting with it may have failed meanwhile.
    """

    def look_up() -> Result:
        with app.database.reading() as session:
            return check(session)

    return await run_in_threadpool(look_up)


async def session_if_any(request: Request) -> SignedIn | None:
    """The session that the request's cookie proves, if it does.

    Raises CsrfFailed and TooManyAttempts. No transaction is held while the route waits for a
    thread.
    """
    authenticate = authentication_of(request)
    if authenticate is None:
        _limit_writes_of_strangers(request)
        return None
    who = await resources_of(request).reader.read_async(authenticate)
    if who is None:
        _limit_writes_of_strangers(request)
    else:
        await check_csrf_and_touch(request, who)
    return who


def authentication_of(request: Request) -> Callable[[RunQuery], SignedIn | None] | None:
    """The question whose session the request's cookie is; None for a request without one."""
    app = resources_of(request)
    token = request.cookies.get(app.settings.cookie_name)
    if not token:
        return None
    return partial(
        logins.authenticate,
        token=token,
        limits=app.limits,
        origin=origin_of(request),
        now=app.clock(),
    )


async def check_csrf_and_touch(request: Request, who: SignedIn) -> None:
    """Let a person in whose session the request came with, and note that it is used.

    What is read is answered even when that cannot be written.

    Raises, for a request that may change something:
        CsrfFailed: it lacks the session's token.
        TooManyAttempts: the account, or the people at its network, sent too many of them.
    """
    app = resources_of(request)
    request.state.actor = who.actor
    if request.method not in SAFE_METHODS:
        expected = csrf_token_for(who.token, app.settings.secret_key.get_secret_value())
        if not same_token(request.headers.get(CSRF_HEADER, ""), expected):
            raise CsrfFailed
        _take_turn(app.rates.writes, who.actor.id)
        _take_turn(app.rates.network_writes, ("signed in", _network(request)))
    now = app.clock()
    if logins.needs_touch(who, now):
        touch = partial(crud_login.touch_login_session, session_id=who.login.id, now=now)
        try:
            await app.write_queue.submit(touch, lock_key=who.login.id)
        except NOT_WRITTEN as error:
            app.readiness.note_failure(now)
            log.warning("session_not_touched", error=str(error))


def _limit_writes_of_strangers(request: Request) -> None:
    """Raise TooManyAttempts when too many requests that may change something came without a login.

    A browser that has logged in before has turns of its own: others at its network, or behind the
    same proxy, cannot keep it from logging in.
    """
    if request.method not in SAFE_METHODS:
        device = next(iter(known_devices(request)), None)
        who = ("device", device.nonce) if device else ("stranger", _network(request))
        _take_turn(resources_of(request).rates.network_writes, who)


def _network(request: Request) -> str:
    return network_of(str(origin_of(request).address))


def _take_turn(rate: Rate, who: Hashable) -> None:
    turn = rate.take(who)
    if turn.wait:
        raise TooManyAttempts(turn.wait)


async def signed_in(request: Request) -> SignedIn:
    """The person whose session the request comes with. Raises NotSignedIn."""
    who = await session_if_any(request)
    if who is None:
        raise NotSignedIn
    return who


async def changing_account(request: Request) -> SignedIn:
    """A person who changes their own account. Raises NotSignedIn and TooManyAttempts."""
    who = await signed_in(request)
    _take_turn(resources_of(request).rates.account_changes, who.actor.id)
    return who


async def current_actor(request: Request) -> Actor:
    """The person as the rules see them. Raises NotSignedIn."""
    return (await signed_in(request)).actor


class ReadRecorder:
    """Writes into the audit log who read the data of which patients other than themselves.

    When nothing can be written a clinic still needs its day: the record goes to the log of the
    server then.
    """

    def __init__(self, app: Resources) -> None:
        self._app = app

    def __call__(self, event: AuditEvent, *, by: Actor) -> None:
        """Record a read before it is answered, unless it is recorded already."""
        now = self._app.clock()
        new = self._app.reader.read(partial(audit.unrecorded, event=event, by=by, now=now))
        if new is None:
            return
        try:
            with self._app.database.writing() as session:
                audit.record(session, new, by=by, now=now)
        except NOT_WRITTEN as error:
            self._app.readiness.note_failure(now)
            log.error(  # noqa: TRY400 - no bug
                "read_not_recorded", actor_id=by.id, **asdict(new), error=str(error)
            )


async def recording(request: Request) -> ReadRecorder:
    """What reads are recorded with."""
    return ReadRecorder(resources_of(request))


App = Annotated[Resources, Depends(resources)]
ClientOrigin = Annotated[Origin, Depends(origin)]
Now = Annotated[datetime, Depends(present)]
Reading = Annotated[Session, Depends(reading, scope="function")]
Writing = Annotated[Session, Depends(writing, scope="function")]
SessionIfAny = Annotated[SignedIn | None, Depends(session_if_any)]
Person = Annotated[SignedIn, Depends(signed_in)]
AccountOwner = Annotated[SignedIn, Depends(changing_account)]
CurrentActor = Annotated[Actor, Depends(current_actor)]
Recording = Annotated[ReadRecorder, Depends(recording)]


def signed_in_answer(user: UserAnswer, who: SignedIn, settings: Settings) -> SignedInAnswer:
    """What a person's browser needs to know of its session."""
    return SignedInAnswer(
        user=user,
        csrf_token=csrf_token_for(who.token, settings.secret_key.get_secret_value()),
        expires_at=who.login.expires_at,
    )


def set_session_cookie(response: Response, who: SignedIn, settings: Settings) -> None:
    """Hand a session's token to the browser, out of reach of its scripts."""
    response.set_cookie(
        settings.cookie_name,
        who.token,
        max_age=settings.session_absolute_hours * 3600,
        path="/",
        secure=settings.is_https,
        httponly=True,
        samesite="lax",
    )


def known_devices(request: Request) -> list[Device]:
    """The accounts that this browser has logged in to before."""
    app = resources_of(request)
    cookie = request.cookies.get(app.settings.device_cookie_name, "")
    return app.devices.read(cookie, now=app.clock())


def set_device_cookie(request: Request, response: Response, opened: NewLogin) -> None:
    """Let the browser be known by its next login to this account."""
    app = resources_of(request)
    settings = app.settings
    response.set_cookie(
        settings.device_cookie_name,
        app.devices.remember(
            request.cookies.get(settings.device_cookie_name, ""),
            user_id=opened.user.id,
            generation=opened.user.device_generation,
            now=app.clock(),
        ),
        max_age=int(DEVICE_LIFETIME.total_seconds()),
        path="/",
        secure=settings.is_https,
        httponly=True,
        samesite="lax",
    )


def clear_session_cookie(response: Response, settings: Settings) -> None:
    """Let the browser forget its session."""
    response.delete_cookie(
        settings.cookie_name, path="/", secure=settings.is_https, httponly=True, samesite="lax"
    )
