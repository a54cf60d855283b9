"""What the fake API answers to admins, and who may read the audit log."""

from datetime import timedelta

import httpx

from frontend.tests.fake_api import FakeApi, end_sessions, fields_of, refuse_stranding, route
from frontend.tests.fake_clinic import Json, stamp
from frontend.tests.fake_refusals import RefusedError

WORDS = {"true": True, "false": False}


@route("GET", "/users/")
def list_accounts(api: FakeApi, request: httpx.Request) -> httpx.Response:
    api.user_of(request, "admin")
    wanted = dict(request.url.params)
    ids = {int(one) for one in request.url.params.get_list("id")} or api.users.keys()
    wanted.pop("id", None)
    name, after = wanted.pop("name", "").casefold(), int(wanted.pop("after", "0"))
    limit = int(wanted.pop("limit", "100"))
    rows = [
        user
        for user in api.users.values()
        if user["id"] in ids and user["id"] > after
        if name in f"{user['full_name']} {user['username']} {user['email']}".casefold()
        if all(user[field] == WORDS.get(value, value) for field, value in wanted.items())
    ]
    return httpx.Response(200, json=rows[:limit])


@route("PATCH", "/users/{id}")
def change_account(api: FakeApi, request: httpx.Request, user_id: int) -> httpx.Response:
    admin, changes = api.user_of(request, "admin"), fields_of(request, set())
    if user_id == admin["id"]:
        raise RefusedError("own_account")
    user = api.users[user_id]
    parties = set()
    if changes.get("role", user["role"]) != user["role"] or changes.get("is_active") is False:
        parties.add("doctor_id")
    if changes.get("is_active") is False:
        parties.add("patient_id")
    refuse_stranding(
        one
        for one in api.appointments.values()
        if one["status"] == "scheduled" and user_id in {one[party] for party in parties}
    )
    if changes.get("role", user["role"]) != user["role"] or changes.get("is_active") is False:
        end_sessions(api, user_id)
    user.update(changes)
    return httpx.Response(200, json=user)


@route("GET", "/users/{id}/sessions")
def user_sessions(api: FakeApi, request: httpx.Request, user_id: int) -> httpx.Response:
    api.user_of(request, "admin")
    opened = [one.created_at for one in api.sessions.values() if one.user_id == user_id]
    last_seen_at = stamp(max(opened)) if opened else None
    return httpx.Response(200, json={"count": len(opened), "last_seen_at": last_seen_at})


@route("DELETE", "/users/{id}/sessions")
def end_user_sessions(api: FakeApi, request: httpx.Request, user_id: int) -> httpx.Response:
    api.user_of(request, "admin")
    end_sessions(api, user_id)
    return httpx.Response(204)


@route("POST", "/users/invitations")
def invite_doctor(api: FakeApi, request: httpx.Request) -> httpx.Response:
    admin = api.user_of(request, "admin")
    row = add_invitation(api, admin)
    body = {
        "token": f"invitation-code-{row['id']}",
        "id": row["id"],
        "expires_at": row["expires_at"],
    }
    return httpx.Response(201, json=body)


@route("GET", "/users/invitations")
def list_invitations(api: FakeApi, request: httpx.Request) -> httpx.Response:
    api.user_of(request, "admin")
    return httpx.Response(200, json=list(reversed(api.invitations.values())))


@route("DELETE", "/users/invitations/{id}")
def revoke_invitation(api: FakeApi, request: httpx.Request, invitation_id: int) -> httpx.Response:
    api.user_of(request, "admin")
    if api.invitations.pop(invitation_id, None) is None:
        raise RefusedError("not_found")
    return httpx.Response(204)


@route("GET", "/audit/")
def audit_log(api: FakeApi, request: httpx.Request) -> httpx.Response:
    user, wanted = api.user_of(request), dict(request.url.params)
    since, until = wanted.pop("since", ""), wanted.pop("until", "9999")
    before, limit = int(wanted.pop("before", "999999")), int(wanted.pop("limit", "100"))
    patient = wanted.pop("patient_id", "")
    rows = [
        record
        for record in reversed(api.records)
        if user["role"] == "admin" or user["id"] in {record["actor_id"], *record["patient_ids"]}
        if since <= record["at"] < until and record["sequence"] < before
        if not patient or int(patient) in record["patient_ids"]
        if all(str(record[field]) == value for field, value in wanted.items())
    ]
    return httpx.Response(200, json=rows[:limit])


def add_invitation(api: FakeApi, admin: Json) -> Json:
    """An open invitation by `admin`."""
    number = max(api.invitations, default=0) + 1
    api.invitations[number] = {
        "id": number,
        "created_at": stamp(api.now),
        "expires_at": stamp(api.now + timedelta(days=14)),
        "created_by": admin["id"],
        "created_by_name": admin["full_name"],
    }
    return api.invitations[number]


def add_record(api: FakeApi, actor: Json | None, action: str, **fields: object) -> None:
    """A deed of `actor` that succeeded, about nobody's data unless told otherwise."""
    record = {
        "sequence": len(api.records) + 1,
        "at": stamp(api.now),
        "actor_id": actor and actor["id"],
        "actor_role": actor and actor["role"],
        "action": action,
        "resource_type": "user",
        "resource_id": None,
        "patient_id": None,
        "patient_ids": [fields["patient_id"]] if "patient_id" in fields else [],
        "fields": "",
        "outcome": "ok",
        "request_id": None,
    }
    api.records.append(record | fields)
