"""What routes ask for: the clock, transactions, and the person who is signed in.

What does not wait for anything is `async`, so that it runs without a thread of its own.
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial, wraps
from inspect import iscoroutinefunction
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.routing import APIRoute
from sqlalchemy.orm import Session

from app.core.clock import Clock
from app.core.config import Settings
from app.core.database import Database
from app.core.lookups import Lookups
from app.core.security import HashingLane, PasswordHasher, csrf_token_for, same_token
from app.crud import crud_user
from app.domain.errors import CsrfFailed, DomainError, NotSignedIn
from app.domain.people import Actor, Origin
from app.schemas.schemas import SignedInAnswer, UserAnswer
from app.services import audit, logins
from app.services.accounts import RegistrationRules
from app.services.audit import Deed
from app.services.logins import SessionLimits, SignedIn

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
CSRF_HEADER = "X-CSRF-Token"

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Resources:
    """What an application holds for as long as it runs."""

    settings: Settings
    database: Database
    lookups: Lookups
    hasher: PasswordHasher
    hashing: HashingLane
    limits: SessionLimits
    registration: RegistrationRules
    clock: Clock


async def resources(request: Request) -> Resources:
    """The application's resources."""
    held: Resources = request.app.state.resources
    return held


Held = Annotated[Resources, Depends(resources)]


async def present(held: Held) -> datetime:
    """The present instant, in UTC."""
    return held.clock()


async def reading(held: Held) -> AsyncIterator[Session]:
    """A transaction that only reads, ended by `ending_transactions`."""
    with held.database.reading() as session:
        yield session


async def writing(held: Held) -> AsyncIterator[Session]:
    """A transaction that `ending_transactions` commits before the answer is sent."""
    with held.database.writing() as session:
        yield session


async def origin_of(request: Request) -> Origin:
    """Where the request came from, for the throttle and the audit log."""
    address = request.client.host if request.client else None
    return Origin(address, request.state.request_id)


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
    """Do the work, then commit what it wrote; a refusal or a failure undoes it.

    A refusal that keeps its changes is committed too.
    """
    try:
        result = work()
    except DomainError as refusal:
        for session in sessions:
            (session.commit if refusal.keeps_changes else session.rollback)()
        raise
    except BaseException:
        for session in sessions:
            session.rollback()
        raise
    for session in sessions:
        session.commit()
    return result


async def in_hashing_lane(
    held: Resources, work: Callable[[], Result], *sessions: Session
) -> Result:
    """Do work that hashes, with its transactions, when its turn comes. Raises ServerBusy."""
    return await held.hashing.run(partial(ending_transactions, work, *sessions))


From = Annotated[Origin, Depends(origin_of)]
Now = Annotated[datetime, Depends(present)]
Reading = Annotated[Session, Depends(reading, scope="function")]
Writing = Annotated[Session, Depends(writing, scope="function")]


def session_if_any(request: Request, held: Held, origin: From, now: Now) -> SignedIn | None:
    """The session that the request's cookie proves, if it does.

    Raises CsrfFailed when a request that may change something lacks the session's token. The
    transactions are short ones of their own: none is held while the route waits for a thread.
    """
    token = request.cookies.get(held.settings.cookie_name)
    if not token:
        return None
    with held.database.reading() as session:
        who = logins.authenticate(session, token=token, limits=held.limits, origin=origin, now=now)
    if who is None:
        return None
    request.state.actor = who.actor
    if request.method not in SAFE_METHODS:
        expected = csrf_token_for(token, held.settings.secret_key.get_secret_value())
        if not same_token(request.headers.get(CSRF_HEADER, ""), expected):
            raise CsrfFailed
    if logins.needs_touch(who, now):
        with held.database.writing() as session:
            crud_user.touch_login_session(session, session_id=who.login.id, now=now)
    return who


async def signed_in(who: Annotated[SignedIn | None, Depends(session_if_any)]) -> SignedIn:
    """The person whose session the request comes with. Raises NotSignedIn."""
    if who is None:
        raise NotSignedIn
    return who


SessionIfAny = Annotated[SignedIn | None, Depends(session_if_any)]
Person = Annotated[SignedIn, Depends(signed_in)]


async def acting(who: Person) -> Actor:
    """The person as the rules see them."""
    return who.actor


Acting = Annotated[Actor, Depends(acting)]


class ReadRecorder:
    """Writes into the audit log who read the data of a patient other than themselves."""

    def __init__(self, database: Database, actor: Actor, now: datetime) -> None:
        self._database, self._actor, self._now = database, actor, now

    def __call__(self, *deeds: Deed) -> None:
        """Record reads before they are answered."""
        of_others = [deed for deed in deeds if deed.patient_id != self._actor.id]
        if of_others:
            with self._database.writing() as session:
                audit.record(session, *of_others, by=self._actor, now=self._now)


async def recording(held: Held, actor: Acting, now: Now) -> ReadRecorder:
    """What this person's reads are recorded with."""
    return ReadRecorder(held.database, actor, now)


Recording = Annotated[ReadRecorder, Depends(recording)]


def signed_in_answer(who: SignedIn, settings: Settings) -> SignedInAnswer:
    """What a person's browser needs to know of its session."""
    return SignedInAnswer(
        user=UserAnswer.model_validate(who.user),
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


def clear_session_cookie(response: Response, settings: Settings) -> None:
    """Let the browser forget its session."""
    response.delete_cookie(
        settings.cookie_name, path="/", secure=settings.is_https, httponly=True, samesite="lax"
    )
