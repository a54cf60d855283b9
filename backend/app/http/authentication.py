"""The session that a request's cookie proves, and limits for requests that may change something."""

from collections.abc import Callable, Hashable
from functools import partial

import structlog
from fastapi import Request

from app.core.rates import Rate
from app.core.security import csrf_token_for, same_token
from app.crud import crud_login
from app.db.statements import RunQuery
from app.domain.errors import TooManyAttempts
from app.domain.throttling import network_of
from app.http.cookies import known_devices
from app.http.errors import CsrfFailed
from app.http.resources import origin_of, resources_of
from app.http.transactions import NOT_WRITTEN
from app.services import logins
from app.services.logins import SignedIn

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
CSRF_HEADER = "X-CSRF-Token"

log = structlog.get_logger(__name__)


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
    """The query for the session of the request's cookie; None for a request without one."""
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
        take_turn(app.rates.writes, who.actor.id)
        take_turn(app.rates.network_writes, ("signed in", network_key(request)))
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
        who = ("device", device.nonce) if device else ("stranger", network_key(request))
        take_turn(resources_of(request).rates.network_writes, who)


def network_key(request: Request) -> str:
    """The network that a request came from."""
    return network_of(str(origin_of(request).address))


def take_turn(rate: Rate, who: Hashable) -> None:
    """Count a request. Raises TooManyAttempts."""
    turn = rate.take(who)
    if turn.wait:
        raise TooManyAttempts(turn.wait)
