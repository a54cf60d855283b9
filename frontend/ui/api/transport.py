"""Sends requests to the API with a person's credentials, and raises refusals as errors."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, Final, TypeVar

import httpx
from pydantic import TypeAdapter, ValidationError

from ui.api.errors import ApiError, ApiFailure, Unreachable
from ui.api.models import Problem
from ui.config import settings

PREFIX: Final = "/api/v1"
TIMEOUT: Final = httpx.Timeout(15, connect=3)
# Shorter than the server's five seconds, so that the client never picks up a connection which
# the server is just closing.
LIMITS: Final = httpx.Limits(max_connections=100, keepalive_expiry=4)
LONGEST_USER_AGENT: Final = 500
COOKIE_VALUE: Final = re.compile(r"[A-Za-z0-9._~-]{1,2000}")  # a browser may send anything
GATEWAY_STATUSES: Final = frozenset({502, 503, 504})

T = TypeVar("T")


def new_client(transport: httpx.BaseTransport | None = None) -> httpx.Client:
    """A connection pool for all sessions, with a cookie jar that stores nothing.

    An ordinary client keeps the cookie of a login and would send one person's session
    with another person's request.
    """
    return httpx.Client(
        base_url=settings().api_url,
        timeout=TIMEOUT,
        limits=LIMITS,
        transport=transport,
        cookies=CookieJar(policy=DefaultCookiePolicy(allowed_domains=[])),
    )


@cache
def shared_client() -> httpx.Client:
    return new_client()


@dataclass(frozen=True)
class Transport:
    """Sends calls with the credentials of one person; `token` is None without a login.

    `device` is the device cookie of the person's browser. `user_agent` and `address` are those of
    the browser too: the API lists them with the session and counts failures by them.

    Raises `ApiError` when the API refuses and `Unreachable` when it does not answer.
    `on_signed_out` is called before a refusal with `not_signed_in` is raised.
    """

    token: str | None = None
    csrf_token: str | None = None
    device: str | None = None
    user_agent: str | None = None
    address: str | None = None
    on_signed_out: Callable[[], None] | None = None

    def send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int | bool | Sequence[int]] | None = None,
        json: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        sent = {**(headers or {}), **self._common_headers(), **self._credentials()}
        try:
            return _request(method, path, sent, params=params, json=json)
        except ApiError as refusal:
            if refusal.code == "not_signed_in" and self.on_signed_out:
                self.on_signed_out()
            raise

    def send_repeatable(
        self, path: str, *, json: Mapping[str, object], headers: Mapping[str, str]
    ) -> httpx.Response:
        """Post, and once more if the answer was lost; only for what the API carries out once."""
        try:
            return self.send("POST", path, json=json, headers=headers)
        except Unreachable as lost:
            if not lost.outcome_unknown:
                raise
            try:
                return self.send("POST", path, json=json, headers=headers)
            except Unreachable:
                raise lost from None

    def read_public(self, path: str, params: Mapping[str, str] | None = None) -> httpx.Response:
        """Read without credentials, so that an automatic refresh does not count as use."""
        return _request("GET", path, self._common_headers(), params=params)

    def _common_headers(self) -> dict[str, str]:
        headers = {"Accept": "application/json"}
        if self.user_agent:
            headers["User-Agent"] = _as_header(self.user_agent)
        if self.address:
            headers["X-Forwarded-For"] = self.address
        return headers

    def _credentials(self) -> dict[str, str]:
        credentials = {}
        cookies = {
            settings().device_cookie: self.device,
            settings().session_cookie: self.token,
        }
        sent = [
            f"{name}={value}"
            for name, value in cookies.items()
            if value and COOKIE_VALUE.fullmatch(value)
        ]
        if sent:
            credentials["Cookie"] = "; ".join(sent)
        if self.csrf_token:
            credentials["X-CSRF-Token"] = self.csrf_token
        return credentials


def parse(shape: TypeAdapter[T], answer: httpx.Response) -> T:
    try:
        return shape.validate_json(answer.content)
    except ValidationError as mismatch:
        raise unexpected(answer) from mismatch


def unexpected(answer: httpx.Response) -> ApiError:
    return ApiError(answer.status_code, "unexpected_answer", "The answer could not be read.")


def given(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values that are not None."""
    return {name: value for name, value in values.items() if value is not None}


def _as_header(user_agent: str) -> str:
    """The `User-Agent` header, which may be any text, in a form that httpx can send."""
    return user_agent[:LONGEST_USER_AGENT].encode("ascii", "replace").decode()


def _request(
    method: str,
    path: str,
    headers: Mapping[str, str],
    *,
    params: Mapping[str, str | int | bool | Sequence[int]] | None = None,
    json: Mapping[str, object] | None = None,
) -> httpx.Response:
    try:
        answer = shared_client().request(
            method, PREFIX + path, params=params, json=json, headers=headers
        )
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as failure:
        raise Unreachable from failure
    except httpx.TransportError as failure:
        raise Unreachable(outcome_unknown=method != "GET") from failure
    if answer.is_success:
        return answer
    raise _refusal(answer)


def _refusal(answer: httpx.Response) -> ApiFailure:
    """The refusal as an error; `Unreachable` when a proxy answers because the API is down."""
    try:
        problem = Problem.model_validate_json(answer.content)
    except ValidationError:
        return Unreachable() if answer.status_code in GATEWAY_STATUSES else unexpected(answer)
    return ApiError(problem.status, problem.code, problem.detail, problem)
