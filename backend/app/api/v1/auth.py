"""Registration, login and the sessions of a person."""

from functools import partial

from fastapi import APIRouter, Request, Response

from app.api.errors import documented
from app.api.v1.dependencies import (
    From,
    Held,
    Now,
    Person,
    Reading,
    SessionIfAny,
    TransactionRoute,
    Writing,
    clear_session_cookie,
    in_hashing_lane,
    set_session_cookie,
    signed_in_answer,
)
from app.crud import crud_user
from app.domain.people import Role
from app.schemas.fields import Id
from app.schemas.schemas import (
    Credentials,
    PasswordChange,
    Registration,
    SessionAnswer,
    SignedInAnswer,
    UserAnswer,
)
from app.services import accounts, logins

router = APIRouter(prefix="/auth", tags=["auth"], route_class=TransactionRoute)


@router.post("/register", status_code=201, responses=documented(403, 409, 413, 415, 429))
async def register(
    body: Registration,
    _: SessionIfAny,
    held: Held,
    reading: Reading,
    writing: Writing,
    origin: From,
    now: Now,
) -> UserAnswer:
    """Create an account for a patient or a doctor."""
    account = body.model_dump() | {
        "role": Role(body.role),
        "timezone": body.timezone or held.settings.clinic_timezone,
    }
    user = await in_hashing_lane(
        held,
        partial(
            accounts.register,
            reading,
            writing,
            rules=held.registration,
            origin=origin,
            now=now,
            **account,
        ),
        reading,
        writing,
    )
    return UserAnswer.model_validate(user)


@router.post("/login", responses=documented(401, 403, 413, 415, 429))
async def login(
    body: Credentials,
    request: Request,
    response: Response,
    replaced: SessionIfAny,
    held: Held,
    reading: Reading,
    writing: Writing,
    origin: From,
    now: Now,
) -> SignedInAnswer:
    """Log in with a user name or an e-mail address. Sets the session cookie."""
    user, who = await in_hashing_lane(
        held,
        partial(
            logins.log_in,
            reading,
            writing,
            hasher=held.hasher,
            limits=held.limits,
            origin=origin,
            now=now,
            login=body.username,
            password=body.password,
            user_agent=request.headers.get("user-agent"),
            replaced=replaced,
        ),
        reading,
        writing,
    )
    set_session_cookie(response, who, held.settings)
    return signed_in_answer(UserAnswer.model_validate(user), who, held.settings)


@router.post("/logout", status_code=204, responses=documented(401, 403))
def logout(response: Response, who: Person, held: Held, session: Writing, now: Now) -> None:
    """End this session."""
    logins.log_out(session, who, now=now)
    clear_session_cookie(response, held.settings)


@router.post("/logout-all", status_code=204, responses=documented(401, 403))
def logout_all(response: Response, who: Person, held: Held, session: Writing, now: Now) -> None:
    """End every session of this account, this one included."""
    logins.log_out_everywhere(session, who, now=now)
    clear_session_cookie(response, held.settings)


@router.get("/me", responses=documented(401))
def me(who: Person, held: Held, session: Reading) -> SignedInAnswer:
    """Who is signed in, and the token that changing requests must carry."""
    user = crud_user.get_user(session, user_id=who.actor.id)
    return signed_in_answer(UserAnswer.model_validate(user), who, held.settings)


@router.get("/sessions", responses=documented(401))
def sessions(who: Person, held: Held, session: Reading, now: Now) -> list[SessionAnswer]:
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
        for login in logins.live_sessions(session, who, limits=held.limits, now=now)
    ]


@router.delete("/sessions/{session_id}", status_code=204, responses=documented(401, 403, 404))
def revoke_session(session_id: Id, who: Person, session: Writing, now: Now) -> None:
    """End one session of this account."""
    logins.revoke_session(session, who, session_id=session_id, now=now)


@router.post("/password", responses=documented(401, 403, 413, 415, 429))
async def change_password(
    body: PasswordChange,
    response: Response,
    who: Person,
    held: Held,
    reading: Reading,
    writing: Writing,
    now: Now,
) -> SignedInAnswer:
    """Change the password. Every session ends; the answer's cookie opens a new one."""
    user, renewed = await in_hashing_lane(
        held,
        partial(
            logins.change_password,
            reading,
            writing,
            who,
            hasher=held.hasher,
            policy=held.settings.password_policy,
            limits=held.limits,
            now=now,
            current_password=body.current_password,
            new_password=body.new_password,
        ),
        reading,
        writing,
    )
    set_session_cookie(response, renewed, held.settings)
    return signed_in_answer(UserAnswer.model_validate(user), renewed, held.settings)
