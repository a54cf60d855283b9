"""The login of one browser tab.

A tab reads it once, from the cookie of its connection or from a login. A later login changes the
browser's cookie, but Streamlit still shows the tab the cookies with which it connected. A logout in
another tab or on another device shows in the API's next answer.
"""

import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, NamedTuple, cast

import streamlit as st

from ui.api.auth import NewSession
from ui.api.client import Api
from ui.api.errors import SENTENCES, ApiError, ApiFailure
from ui.api.models import Role, SignedIn, User
from ui.api.transport import Transport
from ui.config import settings
from ui.formatting.text import shown_zone, with_article
from ui.login.tickets import LoginCookies, pinned_store
from ui.widgets import clock, dialogs

_KEY: Final = "clinic_session"
ACTIVITY_SECONDS: Final = 60.0
WARN_BEFORE: Final = timedelta(minutes=5)
ENDED_UNUSED: Final = (
    "You have been logged out because this page was not used for a while. "
    "Log in again to go on where you were."
)
ENDED_BY_AGE: Final = (
    "You have been logged out because you logged in a long time ago. "
    "Log in again to go on where you were."
)
COOKIE_NOT_KEPT: Final = (
    "You are logged in, but this browser did not keep the login, so a reload will ask for it "
    "again. Allow cookies for this address, then log out and in again."
)


@dataclass(frozen=True)
class SignedInPerson:
    """The person who is logged in, and the API with their credentials."""

    user: User
    api: Api

    @property
    def zone(self) -> str:
        """The zone in which instants are shown to this person."""
        return shown_zone(self.user.timezone)


class Ending(NamedTuple):
    """When a session ends by itself, and from when on the person is warned.

    `by_idling` is false for the end that comes however much the session is used.
    """

    at: datetime
    warn_at: datetime
    by_idling: bool


@dataclass(frozen=True)
class CookieOrder:
    """What the browser has to do with its session cookie; `ticket` is for adopting one."""

    operation: Literal["adopt", "clear"]
    ticket: str = ""


@dataclass
class _Tab:
    token: str | None = None
    device: str | None = None
    signed_in: SignedIn | None = None
    cookie_looked_at: bool = False
    order: CookieOrder | None = None
    warning: str | None = None
    last_user: int | None = None
    last_activity: float = 0.0


def current() -> SignedInPerson | None:
    """The person of this tab, or None. Raises `ApiFailure` when the API does not answer."""
    tab = _tab()
    if not tab.cookie_looked_at:
        _restore(tab)
    if tab.signed_in is None:
        return None
    api = _api(tab.token, tab.signed_in.csrf_token, noticing=True)
    return SignedInPerson(tab.signed_in.user, api)


def require_role(*roles: Role) -> SignedInPerson:
    """The person of this tab, if they have one of the roles; otherwise says so and ends the run."""
    person = current()
    if person is None:
        st.info("Please log in to see this page.")
        st.stop()
    if person.user.role not in roles:
        st.warning(
            f"This page is for {' and '.join(f'{role}s' for role in roles)}. "
            f"You are logged in as {with_article(person.user.role)}."
        )
        st.stop()
    return person


def anonymous_api() -> Api:
    """The API without credentials."""
    return _api(None, None)


def sign_in(username: str, password: str) -> None:
    """Log in, in this tab and in the browser. Raises `ApiFailure` and then changes nothing."""
    keep(anonymous_api().auth.login(username, password))


def keep(opened: NewSession) -> None:
    """Use this session from now on, in this tab and in the browser's cookies."""
    tab = _tab()
    if tab.last_user not in {None, opened.signed_in.user.id}:
        # Another person must not see what this one has typed or read.
        st.session_state.clear()
        st.session_state[_KEY] = tab
    tab.cookie_looked_at, tab.device = True, opened.device
    _note_use(tab, opened.token, opened.signed_in)
    browser = handshake_cookie(settings().browser_cookie)
    if browser is None:
        tab.warning = COOKIE_NOT_KEPT
    else:
        cookies = LoginCookies(opened.token, opened.device)
        tab.order = CookieOrder("adopt", pinned_store().issue(cookies, browser))


def note_activity() -> None:
    """Report to the API that the person is active, at most once a minute.

    Public data is read without the session, so that an automatic refresh does not keep a session
    open; this is for the clicks between other requests.
    """
    tab = _tab()
    if tab.signed_in is None or time.monotonic() - tab.last_activity < ACTIVITY_SECONDS:
        return
    tab.last_activity = time.monotonic()
    with suppress(ApiFailure):
        stay()


def stay() -> None:
    """Use the session now, so that it does not end for want of use. Raises `ApiFailure`."""
    tab = _tab()
    if tab.token is not None and tab.signed_in is not None:
        api = _api(tab.token, tab.signed_in.csrf_token, noticing=True)
        _note_use(tab, tab.token, api.auth.me())


def ending() -> Ending | None:
    """When the session of this tab ends by itself, as far as any tab knows; None without one."""
    tab = _tab()
    if tab.token is None or tab.signed_in is None:
        return None
    return _endings().get(tab.token) or _ending_of(tab.signed_in)


def end() -> None:
    """Go on without the session, which has ended by itself."""
    ended = ending()
    _forget(_tab())
    dialogs.reopen()
    _tab().warning = ENDED_UNUSED if ended and ended.by_idling else ENDED_BY_AGE


def is_over() -> bool:
    """Whether the session has ended since the page was drawn."""
    return _tab().signed_in is None


def user_changed(user: User) -> None:
    """Store the account as the API has just answered it."""
    tab = _tab()
    if tab.signed_in is not None:
        tab.signed_in = tab.signed_in.model_copy(update={"user": user})


def sign_out(*, everywhere: bool = False) -> None:
    """End this session, or all of this person, and delete the browser's cookie.

    Raises `ApiFailure` when the API did not end it: the person is then still logged in.
    """
    tab = _tab()
    if tab.signed_in is not None:
        api = _api(tab.token, tab.signed_in.csrf_token)
        try:
            api.auth.logout_all() if everywhere else api.auth.logout()
        except ApiError as failure:
            if failure.code != "not_signed_in":
                raise
    _forget(tab)
    tab.order = CookieOrder("clear")


def cookie_order() -> CookieOrder | None:
    """What the browser has to do with its cookie.

    Pages are drawn only after that, so that a page that shows a login also survives a reload.
    """
    return _tab().order


def cookie_kept() -> None:
    _tab().order = None


def cookie_not_kept() -> None:
    tab = _tab()
    tab.order, tab.warning = None, COOKIE_NOT_KEPT


def warn(sentence: str) -> None:
    """Show a sentence above the page of the next run."""
    _tab().warning = sentence


def take_warning() -> str | None:
    """The sentence to show, once."""
    tab = _tab()
    sentence, tab.warning = tab.warning, None
    return sentence


def handshake_cookie(name: str) -> str | None:
    """A cookie that the browser sent when this tab connected."""
    return st.context.cookies.get(name)


def browser_address() -> str | None:
    """The browser's address; None if it runs on this machine."""
    return st.context.ip_address


def _tab() -> _Tab:
    return cast("_Tab", st.session_state.setdefault(_KEY, _Tab()))


def _restore(tab: _Tab) -> None:
    token = handshake_cookie(settings().session_cookie)
    if token is not None:
        try:
            _note_use(tab, token, _api(token, None).auth.me())
        except ApiError as failure:
            if failure.code != "not_signed_in":
                raise
            tab.warning = SENTENCES["not_signed_in"]
    tab.cookie_looked_at = True


def _signed_out_elsewhere() -> None:
    tab = _tab()
    _forget(tab)
    dialogs.reopen()
    tab.warning = SENTENCES["not_signed_in"]
    st.rerun()


def _note_use(tab: _Tab, token: str, signed_in: SignedIn) -> None:
    tab.token, tab.signed_in = token, signed_in
    tab.last_user, tab.last_activity = signed_in.user.id, time.monotonic()
    endings, now = _endings(), clock.now()
    for other in [name for name, known in list(endings.items()) if known.at < now]:
        endings.pop(other, None)
    endings[token] = _ending_of(signed_in)


def _ending_of(signed_in: SignedIn) -> Ending:
    idle = signed_in.idle_expires_at - clock.now()
    at = min(signed_in.idle_expires_at, signed_in.expires_at)
    return Ending(at, at - min(WARN_BEFORE, idle / 4), by_idling=at == signed_in.idle_expires_at)


@st.cache_resource
def _endings() -> dict[str, Ending]:
    """The ends of sessions by their tokens: use in one tab of a browser counts for the others."""
    return {}


def _forget(tab: _Tab) -> None:
    tab.token, tab.signed_in, tab.order = None, None, None


def _api(token: str | None, csrf_token: str | None, *, noticing: bool = False) -> Api:
    transport = Transport(
        token,
        csrf_token,
        device=_tab().device or handshake_cookie(settings().device_cookie),
        user_agent=st.context.headers.get("User-Agent"),
        address=browser_address(),
        on_signed_out=_signed_out_elsewhere if noticing else None,
    )
    return Api(transport)
