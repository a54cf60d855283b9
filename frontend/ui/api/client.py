"""The API client: one call a method, typed answers, every refusal an `ApiFailure`."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import cache, partial
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, Final, NamedTuple, TypeVar

import httpx
from pydantic import TypeAdapter, ValidationError

from ui.api.errors import ApiError, ApiFailure, Unreachable
from ui.api.models import (
    Appointment,
    AppointmentStatus,
    Audit,
    Doctor,
    Invitation,
    OpenInvitation,
    OpenSessions,
    Problem,
    Schedule,
    Session,
    SignedIn,
    Slot,
    User,
)
from ui.config import settings

PREFIX: Final = "/api/v1"
TIMEOUT: Final = httpx.Timeout(15, connect=3)
# Shorter than the server's five seconds, so that the client never picks up a connection which
# the server is just closing.
LIMITS: Final = httpx.Limits(max_connections=100, keepalive_expiry=4)
PAGE_SIZE: Final = 200
LONGEST_USER_AGENT: Final = 500
COOKIE_VALUE: Final = re.compile(r"[A-Za-z0-9._~-]{1,2000}")  # a browser may send anything
GATEWAY_STATUSES: Final = frozenset({502, 503, 504})

T = TypeVar("T")

_USER: Final = TypeAdapter(User)
_USERS: Final = TypeAdapter(list[User])
_INVITATION: Final = TypeAdapter(Invitation)
_INVITATIONS: Final = TypeAdapter(list[OpenInvitation])
_OPEN_SESSIONS: Final = TypeAdapter(OpenSessions)
_AUDIT: Final = TypeAdapter(list[Audit])
_SIGNED_IN: Final = TypeAdapter(SignedIn)
_SESSIONS: Final = TypeAdapter(list[Session])
_DOCTORS: Final = TypeAdapter(list[Doctor])
_SCHEDULE: Final = TypeAdapter(Schedule)
_SCHEDULES: Final = TypeAdapter(list[Schedule])
_SLOTS: Final = TypeAdapter(list[Slot])
_APPOINTMENT: Final = TypeAdapter(Appointment)
_APPOINTMENTS: Final = TypeAdapter(list[Appointment])


def new_client(transport: httpx.BaseTransport | None = None) -> httpx.Client:
    """A connection pool for everybody, with a jar that refuses every cookie.

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


class NewSession(NamedTuple):
    """A session that was just opened: its token, the device cookie, what the API says about it."""

    token: str
    device: str | None
    signed_in: SignedIn


class Api:
    """The API as one person sees it; `token=None` is somebody who has not logged in.

    `device` is the device cookie of the person's browser. `user_agent` and `address` are those of
    the browser too, which the API lists with the session and counts failures by.

    Every method raises `ApiError` when the API refuses and `Unreachable` when it does not
    answer. `on_signed_out` is called before a refusal with `not_signed_in` is raised.
    """

    def __init__(
        self,
        token: str | None,
        csrf_token: str | None,
        *,
        device: str | None = None,
        user_agent: str | None = None,
        address: str | None = None,
        on_signed_out: Callable[[], None] | None = None,
    ) -> None:
        self._token = token
        self._csrf_token = csrf_token
        self._device = device
        self._user_agent = user_agent
        self._address = address
        self._on_signed_out = on_signed_out

    def register(
        self,
        *,
        username: str,
        email: str,
        full_name: str,
        password: str,
        role: str,
        phone: str | None = None,
        specialty: str | None = None,
        invitation: str | None = None,
    ) -> User:
        body = {
            "username": username,
            "email": email,
            "full_name": full_name,
            "password": password,
            "role": role,
            "phone": phone,
            "specialty": specialty,
            "invitation": invitation,
        }
        return _parse(_USER, self._send("POST", "/auth/register", json=_given(body)))

    def login(self, username: str, password: str) -> NewSession:
        answer = self._send(
            "POST", "/auth/login", json={"username": username, "password": password}
        )
        return _new_session(answer)

    def logout(self) -> None:
        self._send("POST", "/auth/logout")

    def logout_all(self) -> None:
        self._send("POST", "/auth/logout-all")

    def me(self) -> SignedIn:
        return _parse(_SIGNED_IN, self._send("GET", "/auth/me"))

    def sessions(self) -> list[Session]:
        return _parse(_SESSIONS, self._send("GET", "/auth/sessions"))

    def revoke_session(self, session_id: int) -> None:
        self._send("DELETE", f"/auth/sessions/{session_id}")

    def change_password(self, current_password: str, new_password: str) -> NewSession:
        """The session that replaces this one; all others have ended."""
        body = {"current_password": current_password, "new_password": new_password}
        answer = self._send("POST", "/auth/password", json=body)
        return _new_session(answer)

    def update_me(self, **changes: str | None) -> User:
        return _parse(_USER, self._send("PATCH", "/users/me", json=changes))

    def users(self, **filters: str | int | bool | Sequence[int] | None) -> list[User]:
        """Accounts by name, for admins: `id`, `role`, `is_active`, `is_approved`, `name`.

        `after` the last id of a page come the next ones, `limit` (at most 200) at once.
        """
        return _parse(_USERS, self._send("GET", "/users/", params=_given(filters)))

    def change_user(self, user_id: int, **changes: str | bool) -> User:
        return _parse(_USER, self._send("PATCH", f"/users/{user_id}", json=changes))

    def user_sessions(self, user_id: int) -> OpenSessions:
        """On how many devices somebody is logged in, for admins."""
        return _parse(_OPEN_SESSIONS, self._send("GET", f"/users/{user_id}/sessions"))

    def end_user_sessions(self, user_id: int) -> None:
        self._send("DELETE", f"/users/{user_id}/sessions")

    def invite_doctor(self) -> Invitation:
        return _parse(_INVITATION, self._send("POST", "/users/invitations"))

    def invitations(self) -> list[OpenInvitation]:
        """The invitations that can still be used, the newest first."""
        return _parse(_INVITATIONS, self._send("GET", "/users/invitations"))

    def revoke_invitation(self, invitation_id: int) -> None:
        self._send("DELETE", f"/users/invitations/{invitation_id}")

    def audit(self, **filters: str | int | None) -> list[Audit]:
        """What one may see of the audit log, the newest first, by the filters of `GET audit/`.

        `before` a record's sequence come the older ones, `limit` (at most 200) at once.
        """
        return _parse(_AUDIT, self._send("GET", "/audit/", params=_given(filters)))

    def doctors(self) -> list[Doctor]:
        return _parse(_DOCTORS, self._read_public("/users/doctors"))

    def schedules(self) -> list[Schedule]:
        """All working hours of the doctor who is logged in, inactive ones too."""
        return _parse(_SCHEDULES, self._send("GET", "/schedules/my"))

    def add_schedule(
        self,
        day_of_week: int,
        start_time: str,
        end_time: str,
        slot_duration: int,
        *,
        is_active: bool = True,
    ) -> Schedule:
        """Working hours from `start_time` to `end_time` ("HH:MM"), slots of so many minutes."""
        body = {
            "day_of_week": day_of_week,
            "start_time": start_time,
            "end_time": end_time,
            "slot_duration": slot_duration,
            "is_active": is_active,
        }
        return _parse(_SCHEDULE, self._send("POST", "/schedules/", json=body))

    def change_schedule(self, schedule_id: int, **changes: str | int | bool) -> Schedule:
        return _parse(_SCHEDULE, self._send("PUT", f"/schedules/{schedule_id}", json=changes))

    def delete_schedule(self, schedule_id: int) -> None:
        self._send("DELETE", f"/schedules/{schedule_id}")

    def free_slots(self, doctor_id: int, start_date: date, end_date: date) -> list[Slot]:
        """The free slots of both days and all between them, at most 31, in the doctor's zone."""
        days = {"start_date": start_date.isoformat(), "end_date": end_date.isoformat()}
        path = f"/schedules/doctor/{doctor_id}/available-slots"
        return _parse(_SLOTS, self._read_public(path, days))

    def book(
        self, doctor_id: int, slot: Slot, reason: str, *, key: str, patient_id: int | None = None
    ) -> Appointment:
        """Book for oneself or, as an admin, for a patient.

        However often a booking is sent with the same `key`, it is carried out once.
        """
        body = {"doctor_id": doctor_id, "reason": reason, "patient_id": patient_id}
        send = partial(
            self._send,
            "POST",
            "/appointments/",
            json=_given(body) | _slot_fields(slot),
            headers={"Idempotency-Key": key},
        )
        return _parse(_APPOINTMENT, _persist(send))

    def appointments(
        self,
        date_from: date,
        date_to: date,
    ) -> list[Appointment]:
        """All own appointments of some days by their start, from as many pages as there are."""
        appointments: list[Appointment] = []
        cursor: str | None = None
        while True:
            found, cursor = self.appointments_page(
                limit=PAGE_SIZE, cursor=cursor, date_from=date_from, date_to=date_to
            )
            appointments += found
            if cursor is None:
                return appointments

    def appointments_page(
        self, *, limit: int, cursor: str | None, **filters: date | str | None
    ) -> tuple[list[Appointment], str | None]:
        """So many own appointments, and the `cursor` of the next page if there is one.

        The filters are `date_from` and `date_to`, `status`, and `when` (`upcoming` or `past`).
        """
        asked = {name: str(value) for name, value in filters.items() if value is not None}
        page = _given({"limit": str(limit), "cursor": cursor})
        answer = self._send("GET", "/appointments/my", params=asked | page)
        return _parse(_APPOINTMENTS, answer), _next_page(answer).get("cursor")

    def appointment(self, appointment_id: int) -> Appointment:
        return _parse(_APPOINTMENT, self._send("GET", f"/appointments/{appointment_id}"))

    def move(self, appointment_id: int, slot: Slot) -> Appointment:
        return self._change_appointment(appointment_id, _slot_fields(slot))

    def set_status(self, appointment_id: int, status: AppointmentStatus) -> Appointment:
        return self._change_appointment(appointment_id, {"status": status})

    def cancel(self, appointment_id: int) -> Appointment:
        return _parse(_APPOINTMENT, self._send("DELETE", f"/appointments/{appointment_id}"))

    def _change_appointment(
        self, appointment_id: int, changes: Mapping[str, object]
    ) -> Appointment:
        answer = self._send("PUT", f"/appointments/{appointment_id}", json=changes)
        return _parse(_APPOINTMENT, answer)

    def _read_public(self, path: str, params: Mapping[str, str] | None = None) -> httpx.Response:
        """Read without the session, so that a page that refreshes itself keeps nobody logged in."""
        return _request("GET", path, self._common_headers(), params=params)

    def _send(
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
            if refusal.code == "not_signed_in" and self._on_signed_out:
                self._on_signed_out()
            raise

    def _common_headers(self) -> dict[str, str]:
        headers = {"Accept": "application/json"}
        if self._user_agent:
            headers["User-Agent"] = _as_header(self._user_agent)
        if self._address:
            headers["X-Forwarded-For"] = self._address
        return headers

    def _credentials(self) -> dict[str, str]:
        credentials = {}
        cookies = {
            settings().device_cookie: self._device,
            settings().session_cookie: self._token,
        }
        sent = [
            f"{name}={value}"
            for name, value in cookies.items()
            if value and COOKIE_VALUE.fullmatch(value)
        ]
        if sent:
            credentials["Cookie"] = "; ".join(sent)
        if self._csrf_token:
            credentials["X-CSRF-Token"] = self._csrf_token
        return credentials


def _as_header(user_agent: str) -> str:
    """What a browser calls itself, which may be anything, as httpx can send it."""
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


def _persist(send: Callable[[], httpx.Response]) -> httpx.Response:
    """Send once more what may have been carried out; only for what the API carries out once."""
    try:
        return send()
    except Unreachable as lost:
        if not lost.outcome_unknown:
            raise
        try:
            return send()
        except Unreachable:
            raise lost from None


def _parse(shape: TypeAdapter[T], answer: httpx.Response) -> T:
    try:
        return shape.validate_json(answer.content)
    except ValidationError as mismatch:
        raise _unexpected(answer) from mismatch


def _refusal(answer: httpx.Response) -> ApiFailure:
    """The refusal as an error; `Unreachable` when a proxy answered for a dead API."""
    try:
        problem = Problem.model_validate_json(answer.content)
    except ValidationError:
        return Unreachable() if answer.status_code in GATEWAY_STATUSES else _unexpected(answer)
    return ApiError(problem.status, problem.code, problem.detail, problem)


def _unexpected(answer: httpx.Response) -> ApiError:
    return ApiError(answer.status_code, "unexpected_answer", "The answer could not be read.")


def _new_session(answer: httpx.Response) -> NewSession:
    token = answer.cookies.get(settings().session_cookie)
    if not token:
        raise _unexpected(answer)
    device = answer.cookies.get(settings().device_cookie)
    return NewSession(token, device, _parse(_SIGNED_IN, answer))


def _next_page(answer: httpx.Response) -> dict[str, str]:
    """The query of the next page, empty after the last one.

    Only the query is taken from the link: which server to ask is a setting, not an answer.
    """
    link = answer.links.get("next", {}).get("url")
    return dict(httpx.URL(link).params) if link else {}


def _slot_fields(slot: Slot) -> dict[str, str]:
    return {
        "appointment_date": slot.date.isoformat(),
        "appointment_time": slot.time,
        "starts_at": slot.starts_at.isoformat().replace("+00:00", "Z"),
    }


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
