"""The clinic's API as a small thing in memory, for the tests of the pages.

It speaks the real paths, shapes, statuses and codes. It knows only as much of the rules as a page
can notice; what it leaves out is tested against the real API.
"""

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

import httpx

from frontend.tests.fake_clinic import FakeClinic, FakeSession, Json, overlap, public, stamp
from frontend.tests.fake_refusals import RefusedError, problem
from ui.config.zones import is_zone

Handler = Callable[..., httpx.Response]

ROUTES: Final[list[tuple[str, re.Pattern[str], Handler]]] = []
AFFECTED_FIELDS: Final = (
    "id",
    "appointment_date",
    "appointment_time",
    "starts_at",
    "ends_at",
    "timezone",
)


@dataclass
class FakeApi(FakeClinic):
    """Set `down` to be unreachable, and `refusals[method, path]` to have a call refused."""

    page_size: int = 100
    down: bool = False
    refusals: dict[tuple[str, str], RefusedError] = field(default_factory=dict)
    requests: list[httpx.Request] = field(default_factory=list)
    replies: dict[str, tuple[Json, Json | None]] = field(default_factory=dict)

    def transport(self) -> httpx.BaseTransport:
        return httpx.MockTransport(self.answer)

    def answer(self, request: httpx.Request) -> httpx.Response:
        if self.down:
            raise httpx.ConnectError("connection refused", request=request)
        self.requests.append(request)
        path = request.url.path.removeprefix("/api/v1")
        try:
            if (request.method, path) in self.refusals:
                raise self.refusals[request.method, path]
            self._check_csrf(request)
            return self._dispatch(request, path)
        except RefusedError as refused:
            return problem(refused)

    def session_of(self, request: httpx.Request) -> FakeSession:
        session = self._session_or_none(request)
        if session is None:
            raise RefusedError("not_signed_in")
        return session

    def user_of(self, request: httpx.Request, *roles: str) -> Json:
        user = self.users[self.session_of(request).user_id]
        if roles and user["role"] not in roles:
            raise RefusedError("forbidden")
        return user

    def signed_in(self, session: FakeSession) -> Json:
        return {
            "user": self.users[session.user_id],
            "csrf_token": session.csrf_token,
            "expires_at": stamp(self.now + timedelta(hours=12)),
        }

    def _session_or_none(self, request: httpx.Request) -> FakeSession | None:
        cookie = request.headers.get("cookie", "")
        return self.sessions.get(cookie.partition("session=")[2])

    def _check_csrf(self, request: httpx.Request) -> None:
        session = self._session_or_none(request)
        sent = request.headers.get("x-csrf-token")
        if request.method != "GET" and session is not None and sent != session.csrf_token:
            raise RefusedError("csrf_failed")

    def _dispatch(self, request: httpx.Request, path: str) -> httpx.Response:
        for method, pattern, handler in ROUTES:
            match = pattern.fullmatch(path)
            if method == request.method and match:
                return handler(self, request, *(int(part) for part in match.groups()))
        raise RefusedError("not_found")


def route(method: str, path: str) -> Callable[[Handler], Handler]:
    pattern = re.compile(path.replace("{id}", r"(\d+)"))

    def register(handler: Handler) -> Handler:
        ROUTES.append((method, pattern, handler))
        return handler

    return register


@route("POST", "/auth/register")
def register_user(api: FakeApi, request: httpx.Request) -> httpx.Response:
    body = fields_of(request, {"username", "email", "full_name", "password", "role"})
    if len(body["password"]) < 7:
        message = "must have at least 7 characters"
        raise RefusedError("invalid_input", errors=[{"field": "password", "message": message}])
    for name in ("username", "email"):
        if body[name].casefold() in {user[name].casefold() for user in api.users.values()}:
            raise RefusedError(f"{name}_taken")
    return httpx.Response(201, json=api.add_user(body.pop("username"), **body))


@route("POST", "/auth/login")
def login(api: FakeApi, request: httpx.Request) -> httpx.Response:
    body = fields_of(request, {"username", "password"})
    for user in api.users.values():
        known_as = {user["username"], user["email"]}
        if body["username"] in known_as and api.passwords[user["id"]] == body["password"]:
            return with_cookie(api, api.add_session(user, request.headers.get("user-agent")))
    raise RefusedError("invalid_credentials")


@route("GET", "/auth/me")
def me(api: FakeApi, request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json=api.signed_in(api.session_of(request)))


@route("POST", "/auth/logout")
def logout(api: FakeApi, request: httpx.Request) -> httpx.Response:
    del api.sessions[api.session_of(request).token]
    return httpx.Response(204)


@route("POST", "/auth/logout-all")
def logout_all(api: FakeApi, request: httpx.Request) -> httpx.Response:
    end_sessions(api, api.session_of(request).user_id)
    return httpx.Response(204)


@route("GET", "/auth/sessions")
def list_sessions(api: FakeApi, request: httpx.Request) -> httpx.Response:
    current = api.session_of(request)
    own = [one for one in api.sessions.values() if one.user_id == current.user_id]
    rows = [
        {
            "id": one.id,
            "created_at": stamp(one.created_at),
            "last_seen_at": stamp(one.created_at),
            "expires_at": stamp(one.created_at + timedelta(hours=12)),
            "user_agent": one.user_agent,
            "current": one is current,
        }
        for one in own
    ]
    return httpx.Response(200, json=rows)


@route("DELETE", "/auth/sessions/{id}")
def revoke_session(api: FakeApi, request: httpx.Request, session_id: int) -> httpx.Response:
    owner = api.session_of(request).user_id
    found = [one for one in api.sessions.values() if (one.id, one.user_id) == (session_id, owner)]
    if not found:
        raise RefusedError("not_found")
    del api.sessions[found[0].token]
    return httpx.Response(204)


@route("POST", "/auth/password")
def change_password(api: FakeApi, request: httpx.Request) -> httpx.Response:
    user = api.user_of(request)
    body = fields_of(request, {"current_password", "new_password"})
    if api.passwords[user["id"]] != body["current_password"]:
        message = "This is not your present password."
        raise RefusedError(
            "invalid_input", errors=[{"field": "current_password", "message": message}]
        )
    api.passwords[user["id"]] = body["new_password"]
    end_sessions(api, user["id"])
    return with_cookie(api, api.add_session(user, request.headers.get("user-agent")))


@route("GET", "/users/me")
def my_account(api: FakeApi, request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json=api.user_of(request))


@route("PATCH", "/users/me")
def change_account(api: FakeApi, request: httpx.Request) -> httpx.Response:
    user, changes = api.user_of(request), fields_of(request, set())
    password = changes.pop("current_password", None)
    if "email" in changes and password != api.passwords[user["id"]]:
        message = "This is not your present password."
        errors = [{"field": "current_password", "message": message}]
        raise RefusedError("invalid_input", errors=errors)
    if changes.get("email") in {other["email"] for other in api.users.values()}:
        raise RefusedError("email_unavailable")
    user.update(changes)
    return httpx.Response(200, json=user)


@route("GET", "/users/doctors")
def list_doctors(api: FakeApi, request: httpx.Request) -> httpx.Response:
    doctors = [public(user) for user in api.users.values() if user["role"] == "doctor"]
    return httpx.Response(200, json=sorted(doctors, key=lambda doctor: doctor["full_name"]))


@route("POST", "/schedules/")
def add_schedule(api: FakeApi, request: httpx.Request) -> httpx.Response:
    doctor = api.user_of(request, "doctor")
    body = fields_of(request, {"day_of_week", "start_time", "end_time"})
    refuse_overlap(api, doctor["id"], body)
    return httpx.Response(201, json=api.add_schedule(doctor, body.pop("day_of_week"), **body))


@route("GET", "/schedules/my")
def my_schedules(api: FakeApi, request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json=rows_of(api, api.user_of(request, "doctor")["id"]))


@route("GET", "/schedules/doctor/{id}/available-slots")
def available_slots(api: FakeApi, request: httpx.Request, doctor_id: int) -> httpx.Response:
    if not is_zone(doctor_of(api, doctor_id)["timezone"]):
        raise RefusedError("unknown_zone")
    first = date.fromisoformat(request.url.params["start_date"])
    last = date.fromisoformat(request.url.params["end_date"])
    if not timedelta(0) <= last - first < timedelta(days=31):
        message = "must be at most 31 days from the first day"
        raise RefusedError("invalid_input", errors=[{"field": "end_date", "message": message}])
    return httpx.Response(200, json=api.free_slots(doctor_id, first, last))


@route("PUT", "/schedules/{id}")
def change_schedule(api: FakeApi, request: httpx.Request, schedule_id: int) -> httpx.Response:
    row = own_schedule(api, request, schedule_id)
    changed = row | fields_of(request, set())
    refuse_overlap(api, row["doctor_id"], changed)
    row.update(changed)
    return httpx.Response(200, json=row)


@route("DELETE", "/schedules/{id}")
def delete_schedule(api: FakeApi, request: httpx.Request, schedule_id: int) -> httpx.Response:
    row = own_schedule(api, request, schedule_id)
    refuse_stranding(
        one
        for one in api.appointments.values()
        if (one["doctor_id"], one["status"]) == (row["doctor_id"], "scheduled")
        if date.fromisoformat(one["appointment_date"]).weekday() == row["day_of_week"]
    )
    del api.schedules[schedule_id]
    return httpx.Response(204)


@route("GET", "/appointments/my")
def my_appointments(api: FakeApi, request: httpx.Request) -> httpx.Response:
    user, wanted = api.user_of(request), request.url.params
    rows = [
        row
        for row in sorted(api.appointments.values(), key=lambda row: row["starts_at"])
        if user["id"] in {row["doctor_id"], row["patient_id"]}
        if wanted.get("status", row["status"]) == row["status"]
        if wanted.get("date_from", "") <= row["appointment_date"]
        if row["appointment_date"] <= wanted.get("date_to", "9999-12-31")
        if wanted.get("when", period_of(api, row)) == period_of(api, row)
    ]
    if wanted.get("when") == "past":
        rows.reverse()
    start = int(wanted.get("cursor", "0"))
    end = start + min(int(wanted.get("limit", "100")), api.page_size)
    following = request.url.copy_set_param("cursor", str(end))
    headers = {"Link": f'<{following}>; rel="next"'} if end < len(rows) else {}
    return httpx.Response(200, json=rows[start:end], headers=headers)


def period_of(api: FakeApi, row: Json) -> str:
    is_coming = row["status"] == "scheduled" and row["ends_at"] > stamp(api.now)
    return "upcoming" if is_coming else "past"


@route("GET", "/appointments/{id}")
def one_appointment(api: FakeApi, request: httpx.Request, appointment_id: int) -> httpx.Response:
    return httpx.Response(200, json=own_appointment(api, request, appointment_id))


@route("PUT", "/appointments/{id}")
def change_appointment(api: FakeApi, request: httpx.Request, appointment_id: int) -> httpx.Response:
    row = own_appointment(api, request, appointment_id)
    body = fields_of(request, set())
    is_undone = (row["status"], body.get("status")) == ("completed", "scheduled")
    if row["status"] != "scheduled" and not is_undone:
        raise RefusedError("illegal_transition")
    api.now += timedelta(seconds=1)
    row["updated_at"] = stamp(api.now)
    if "status" in body:
        row["status"] = body["status"]
    else:
        slot = offered_slot(api, row["doctor_id"], body)
        refuse_busy(api, row["patient_id"], slot, besides=appointment_id)
        row.update(appointment_date=slot["date"], appointment_time=slot["time"])
        row.update({name: slot[name] for name in ("starts_at", "ends_at", "duration")})
    return httpx.Response(200, json=row)


@route("DELETE", "/appointments/{id}")
def cancel_appointment(api: FakeApi, request: httpx.Request, appointment_id: int) -> httpx.Response:
    row = own_appointment(api, request, appointment_id)
    if row["status"] != "scheduled":
        raise RefusedError("illegal_transition")
    row["status"] = "cancelled"
    return httpx.Response(200, json=row)


def with_cookie(api: FakeApi, session: FakeSession) -> httpx.Response:
    values = {
        "session": session.token,
        "device": f"device-of-{api.users[session.user_id]['username']}",
    }
    cookies = [
        ("Set-Cookie", f"{name}={value}; HttpOnly; SameSite=Lax; Path=/")
        for name, value in values.items()
    ]
    return httpx.Response(200, json=api.signed_in(session), headers=cookies)


def fields_of(request: httpx.Request, required: set[str]) -> Json:
    body: Json = json.loads(request.content)
    missing = [{"field": name, "message": "is missing"} for name in sorted(required - set(body))]
    if missing or not body:
        raise RefusedError("invalid_input", errors=missing)
    return body


def end_sessions(api: FakeApi, user_id: int) -> None:
    api.sessions = {token: one for token, one in api.sessions.items() if one.user_id != user_id}


def doctor_of(api: FakeApi, doctor_id: int) -> Json:
    doctor = api.users.get(doctor_id)
    if doctor is None or doctor["role"] != "doctor":
        raise RefusedError("not_found")
    return doctor


def rows_of(api: FakeApi, doctor_id: int) -> list[Json]:
    rows = [row for row in api.schedules.values() if row["doctor_id"] == doctor_id]
    return sorted(rows, key=lambda row: (row["day_of_week"], row["start_time"]))


def own_schedule(api: FakeApi, request: httpx.Request, schedule_id: int) -> Json:
    row = api.schedules.get(schedule_id)
    if row is None or row["doctor_id"] != api.user_of(request, "doctor")["id"]:
        raise RefusedError("not_found")
    return row


def own_appointment(api: FakeApi, request: httpx.Request, appointment_id: int) -> Json:
    user, row = api.user_of(request), api.appointments.get(appointment_id)
    if row is None or user["id"] not in {row["doctor_id"], row["patient_id"]}:
        raise RefusedError("not_found")
    return row


def refuse_overlap(api: FakeApi, doctor_id: int, row: Json) -> None:
    for other in rows_of(api, doctor_id):
        same_day = other["day_of_week"] == row["day_of_week"] and other["id"] != row.get("id")
        starts_before_end = row["start_time"] < other["end_time"]
        if same_day and starts_before_end and other["start_time"] < row["end_time"]:
            raise RefusedError("schedule_overlaps")


def refuse_stranding(visits: Iterable[Json]) -> None:
    affected = [
        {name: one[name] for name in AFFECTED_FIELDS}
        | {"doctor_name": one["doctor"]["full_name"], "patient_name": one["patient"]["full_name"]}
        for one in visits
    ]
    if affected:
        raise RefusedError("appointments_affected", appointments=affected)


def offered_slot(api: FakeApi, doctor_id: int, body: Json) -> Json:
    day = date.fromisoformat(body["appointment_date"])
    for slot in api.free_slots(doctor_id, day, day):
        if slot["time"] == body["appointment_time"]:
            return slot
    taken = any(
        (row["doctor_id"], row["appointment_date"], row["appointment_time"])
        == (doctor_id, body["appointment_date"], body["appointment_time"])
        for row in api.appointments.values()
        if row["status"] != "cancelled"
    )
    raise RefusedError("slot_taken" if taken else "slot_not_offered")


def refuse_busy(api: FakeApi, patient_id: int, slot: Json, besides: int | None = None) -> None:
    for row in api.appointments.values():
        holds = row["patient_id"] == patient_id and row["status"] != "cancelled"
        if holds and row["id"] != besides and overlap(row, slot):
            raise RefusedError("patient_busy")
