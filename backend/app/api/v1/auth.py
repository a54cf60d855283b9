"""Registration, login and the sessions of a person."""

from datetime import datetime
from functools import partial

from fastapi import APIRouter, Request, Response

from app.api.v1.dependencies import (
    AccountOwner,
    App,
    ClientOrigin,
    Now,
    Person,
    Reading,
    SessionIfAny,
    Writing,
    signed_in_answer,
)
from app.domain.people import Role
from app.http.cookies import (
    clear_session_cookie,
    known_devices,
    set_device_cookie,
    set_session_cookie,
)
from app.http.problems import documented
from app.http.refusals import audited
from app.http.resources import resources_of
from app.http.transactions import TransactionRoute, before_hashing, in_hashing_lane
from app.schemas.fields import Id
from app.schemas.schemas import (
    Credentials,
    PasswordChange,
    Registration,
    SessionAnswer,
    SignedInAnswer,
    UserAnswer,
)
from app.services import accounts, directory, logins, throttle
from app.services.logins import LoginRequest, NewLogin
from app.services.passwords import check_not_breached

router = APIRouter(prefix="/auth", tags=["auth"], route_class=TransactionRoute)


@router.post("/register", status_code=201, responses=documented(403, 409, 413, 415, 429))
@audited("account.create", "user")
async def register(
    body: Registration,
    _: SessionIfAny,
    app: App,
    reading: Reading,
    writing: Writing,
    origin: ClientOrigin,
    now: Now,
) -> UserAnswer:
    """Create an account for a patient or a doctor."""
    account = body.model_dump() | {
        "role": Role(body.role),
        "timezone": body.timezone or app.settings.clinic_timezone,
    }
    await before_hashing(
        app, partial(accounts.check_registrations, rules=app.registration, origin=origin, now=now)
    )
    await check_not_breached(body.password, app.registration.passwords)
    user = await in_hashing_lane(
        app,
        partial(
            accounts.register,
            reading,
            writing,
            rules=app.registration,
            origin=origin,
            now=now,
            **account,
        ),
        reading,
        writing,
    )
    return UserAnswer.model_validate(user)


@router.post("/login", responses=documented(401, 403, 413, 415, 429))
@audited("login.open", "user")
async def login(
    body: Credentials,
    request: Request,
    response: Response,
    replaced: SessionIfAny,
    app: App,
    reading: Reading,
    writing: Writing,
    origin: ClientOrigin,
    now: Now,
) -> SignedInAnswer:
    """Log in with a user name or an e-mail address. Sets the session cookie and a device cookie.

    A browser that sends the device cookie of an earlier login to the account is not locked out by
    the failures of others.
    """
    wanted = LoginRequest(
        body.username, origin, known_devices(request), request.headers.get("user-agent")
    )
    attempt = await before_hashing(app, partial(logins.attempt_login, request=wanted, now=now))
    opened = await in_hashing_lane(
        app,
        partial(
            logins.log_in,
            reading,
            writing,
            wanted,
            hasher=app.hasher,
            limits=app.limits,
            now=now,
            password=body.password,
            replaced=replaced,
        ),
        reading,
        writing,
        is_known=attempt.device is not None,
    )
    return _signed_in(request, response, opened, now)


@router.post("/logout", status_code=204, responses=documented(401, 403))
@audited("login.close", "user")
def logout(response: Response, who: Person, app: App, session: Writing, now: Now) -> None:
    """End this session."""
    logins.log_out(session, who, now=now)
    clear_session_cookie(response, app.settings)


@router.post("/logout-all", status_code=204, responses=documented(401, 403))
@audited("login.close-all", "user")
def logout_all(response: Response, who: Person, app: App, session: Writing, now: Now) -> None:
    """End every session of this account, this one included."""
    logins.log_out_everywhere(session, who, now=now)
    clear_session_cookie(response, app.settings)


@router.get("/me", responses=documented(401))
@audited("account.read", "user")
def me(who: Person, app: App, session: Reading, now: Now) -> SignedInAnswer:
    """Who is signed in, and the token that changing requests must carry."""
    user = directory.get_own_account(session, who.actor)
    return signed_in_answer(UserAnswer.model_validate(user), who, app, now)


@router.get("/sessions", responses=documented(401))
@audited("login.list", "user")
def sessions(who: Person, app: App, session: Reading, now: Now) -> list[SessionAnswer]:
    """Where this account is logged in, the newest first."""
    return [
        SessionAnswer(
            id=login.id,
            created_at=login.created_at,
            last_seen_at=login.last_seen_at,
            expires_at=login.expires_at,
            user_agent=login.user_agent,
            current=login.id == who.login.id,
        )
        for login in logins.live_sessions(session, who, limits=app.limits, now=now)
    ]


@router.delete("/sessions/{session_id}", status_code=204, responses=documented(401, 403, 404))
@audited("login.revoke", "session")
def revoke_session(session_id: Id, who: Person, session: Writing, now: Now) -> None:
    """End one session of this account."""
    logins.revoke_session(session, who, session_id=session_id, now=now)


@router.post("/password", responses=documented(401, 403, 413, 415, 429))
@audited("password.change", "user")
async def change_password(
    body: PasswordChange,
    request: Request,
    response: Response,
    who: AccountOwner,
    app: App,
    reading: Reading,
    writing: Writing,
    now: Now,
) -> SignedInAnswer:
    """Change the password. Every session ends; the answer's cookies open a new one.

    No other browser is known any more as one that has logged in to the account.
    """
    await before_hashing(app, partial(throttle.check_proofs, session_id=who.login.id, now=now))
    await check_not_breached(body.new_password, app.registration.passwords, field="new_password")
    renewed = await in_hashing_lane(
        app,
        partial(
            logins.change_password,
            reading,
            writing,
            who,
            hasher=app.hasher,
            rules=app.registration.passwords,
            limits=app.limits,
            now=now,
            current_password=body.current_password,
            new_password=body.new_password,
        ),
        reading,
        writing,
        is_known=True,
    )
    return _signed_in(request, response, renewed, now)


def _signed_in(
    request: Request, response: Response, opened: NewLogin, now: datetime
) -> SignedInAnswer:
    """Hand a new session to the browser, which is a known device from now on."""
    app = resources_of(request)
    set_session_cookie(response, opened.who, app.settings)
    set_device_cookie(request, response, opened)
    return signed_in_answer(UserAnswer.model_validate(opened.user), opened.who, app, now)
