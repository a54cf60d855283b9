"""The audit log has every deed, every refusal and every look at another's data, and no values."""

from datetime import timedelta

import pytest
from fastapi.routing import APIRoute
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DBAPIError, OperationalError

from app.api.v1 import appointments, auth, schedules, users
from app.crud import crud_audit
from app.features.audit_log import routes as audit_routes
from app.http.refusals import AUDIT_ACTION
from app.models.models import AuditPatient, AuditRecord, AuditSeal
from app.services import sealing
from tests.api import tables
from tests.api.clinic import MONDAY, REASON, Clinic, booked, set_back
from tests.people import PEER, code_of

FIELDS = ("actor_id", "action", "resource_id", "patient_id", "fields", "outcome")


def newest(clinic: Clinic, limit: int = 100, **filters) -> list[tuple]:
    """What an admin reads, newest first: who, what, to what, whose data, and how it ended.

    That the admin read it is left out.
    """
    rows = clinic.admin.get("/audit/", limit=limit + 3, **filters).json()
    read = [tuple(row[field] for field in FIELDS) for row in rows]
    return [one for one in read if one[1] != "audit.read"][:limit]


def test_a_booking_its_move_and_its_end_are_recorded_without_values(clinic: Clinic, database):
    visit = booked(clinic.john, clinic.smith, time="10:00")
    moved = "appointment_date,appointment_time,duration,ends_at,starts_at"
    clinic.john.put(
        f"/appointments/{visit}", appointment_date="2026-11-30", appointment_time="11:00"
    )
    set_back(database, visit, days=7)
    clinic.smith.put(f"/appointments/{visit}", status="completed")
    clinic.smith.put(f"/appointments/{visit}", status="scheduled")
    john = clinic.john.id
    assert newest(clinic, limit=4) == [
        (clinic.smith.id, "appointment.reinstate", visit, john, "status=scheduled", "ok"),
        (clinic.smith.id, "appointment.complete", visit, john, "status=completed", "ok"),
        (clinic.john.id, "appointment.move", visit, clinic.john.id, moved, "ok"),
        (
            clinic.john.id,
            "appointment.book",
            visit,
            clinic.john.id,
            f"{moved},status=scheduled",
            "ok",
        ),
    ]
    assert REASON not in clinic.admin.get("/audit/").text


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"role": "admin"}, "role=admin"),
        ({"is_active": False}, "is_active=false"),
        ({"is_approved": True, "role": "doctor"}, "is_approved=true,role=doctor"),
        ({"timezone": "Europe/Paris", "role": "doctor"}, "role=doctor,timezone"),
    ],
)
def test_a_record_tells_which_role_or_state_was_given(
    clinic: Clinic, changes: dict[str, object], told: str
):
    """The person reads it too, whatever they are afterwards."""
    person = clinic.jane
    assert person.delete(f"/appointments/{clinic.other_visit}").status_code == 200
    assert clinic.admin.patch(f"/users/{person.id}", **changes).status_code == 200
    assert newest(clinic, limit=1) == [
        (clinic.admin.id, "account.administer", person.id, person.id, told, "ok")
    ]


def test_of_working_hours_a_record_tells_whether_they_are_switched_on(clinic: Clinic):
    body = {"is_active": True, "start_time": "10:00"}
    assert clinic.smith.put(f"/schedules/{clinic.closed_hours}", **body).status_code == 200
    ((*_, fields, _),) = newest(clinic, limit=1)
    assert fields == "is_active=true,start_time"


def test_a_record_tells_when_who_from_where_and_by_which_request(clinic: Clinic, database, clock):
    answer = clinic.john.delete(f"/appointments/{clinic.visit}")
    with database.reading() as session:
        last = session.scalars(select(AuditRecord).order_by(AuditRecord.id.desc())).first()
    assert (last.at, last.actor_id, last.actor_role) == (clock(), clinic.john.id, "patient")
    assert (last.address, last.request_id) == (PEER[0], answer.headers["X-Request-ID"])
    assert (last.resource_type, last.resource_id) == ("appointment", clinic.visit)


def test_what_cannot_be_recorded_is_not_done(clinic: Clinic, database, monkeypatch):
    """Changes, that is: reads go on, see `test_logs.py`."""

    def fail(*_: object) -> None:
        raise OperationalError("INSERT", None, Exception("no room"))

    before = tables.read_all(database)
    monkeypatch.setattr(crud_audit, "append_records", fail)
    cancelled = clinic.john.delete(f"/appointments/{clinic.visit}")
    assert code_of(cancelled) == (503, "unavailable")
    assert tables.read_all(database) == before
    assert clinic.john.get(f"/appointments/{clinic.visit}").json()["status"] == "scheduled"


def test_refusals_are_recorded_although_they_change_nothing(clinic: Clinic):
    assert code_of(clinic.jane.get(f"/appointments/{clinic.visit}")) == (404, "not_found")
    assert newest(clinic, limit=1) == [
        (clinic.jane.id, "appointment.read", clinic.visit, None, "", "not_found")
    ]


@pytest.mark.parametrize(
    ("body", "action"),
    [
        ({"status": "completed"}, "appointment.complete"),
        ({"status": "cancelled"}, "appointment.cancel"),
        ({"status": "scheduled"}, "appointment.reinstate"),
        (
            {"appointment_date": "2026-11-30", "appointment_time": "11:00"},
            "appointment.move",
        ),
    ],
)
def test_a_refusal_has_the_name_of_the_deed(clinic: Clinic, body: dict[str, str], action: str):
    path = f"/appointments/{clinic.visit}"
    assert code_of(clinic.jane.put(path, **body)) == (404, "not_found")
    assert newest(clinic, limit=1, action=action, outcome="not_found") == [
        (clinic.jane.id, action, clinic.visit, None, "", "not_found")
    ]


def test_every_route_that_may_refuse_a_person_declares_its_action():
    modules = (appointments, audit_routes, auth, schedules, users)
    routes = [
        route for module in modules for route in module.router.routes if isinstance(route, APIRoute)
    ]
    declared = {route.name for route in routes if AUDIT_ACTION in vars(route.endpoint)}
    knows_people = {route.name for route in routes if 401 in route.responses}
    assert declared == knows_people | {"register"}


DAYS = f"from={MONDAY},until={MONDAY}"


def looks(clinic: Clinic, action: str = "diary.read") -> list[tuple]:
    """Each look, the newest first: who, at whose diary, which patients, which days."""
    return [
        (row["actor_id"], row["resource_id"], row["patient_ids"], row["fields"])
        for row in clinic.admin.get("/audit/", action=action).json()
    ]


def test_a_look_at_a_diary_is_one_record_that_names_the_patients(clinic: Clinic):
    booked(clinic.jane, clinic.smith, time="11:00")
    days = {"date_from": MONDAY, "date_to": MONDAY}
    seen = clinic.smith.get("/appointments/my", **days).json()
    both = sorted({visit["patient_id"] for visit in seen})
    assert both == sorted([clinic.john.id, clinic.jane.id])
    assert looks(clinic) == [(clinic.smith.id, clinic.smith.id, both, DAYS)]
    diary = f"/appointments/doctor/{clinic.smith.id}"
    assert clinic.admin.get(diary, appointment_date=MONDAY).status_code == 200
    assert looks(clinic)[0] == (clinic.admin.id, clinic.smith.id, both, DAYS)
    with_one_patient = clinic.jones.get("/appointments/my").json()
    assert [visit["patient_id"] for visit in with_one_patient] == [clinic.jane.id]
    assert looks(clinic)[0] == (clinic.jones.id, clinic.jones.id, [clinic.jane.id], "")


def test_a_look_is_recorded_once_an_hour_for_each_patient(clinic: Clinic, clock):
    def look() -> int:
        clinic.smith.get("/appointments/my")
        clinic.smith.get(f"/appointments/{clinic.visit}")
        return len(looks(clinic)) + len(looks(clinic, "appointment.read"))

    assert [look(), look(), look()] == [2, 2, 2]
    booked(clinic.jane, clinic.smith, time="11:00")
    assert [look(), look()] == [3, 3]
    assert looks(clinic)[0] == (clinic.smith.id, clinic.smith.id, [clinic.jane.id], "")
    clock.now += timedelta(minutes=59)
    assert look() == 3
    clock.now += timedelta(minutes=1)
    clinic.smith.log_in("dr_smith")
    both = sorted([clinic.john.id, clinic.jane.id])
    assert look() == 5
    assert looks(clinic)[0] == (clinic.smith.id, clinic.smith.id, both, "")


def test_a_list_of_accounts_is_one_record_that_names_its_patients(clinic: Clinic):
    both = sorted([clinic.john.id, clinic.jane.id])
    for _ in range(2):
        assert len(clinic.admin.get("/users/").json()) > len(both)
    assert looks(clinic, "account.list") == [(clinic.admin.id, None, both, "")]
    for _ in range(2):
        assert len(clinic.admin.get("/users/", role="doctor").json()) > 0
    of_nobody = (clinic.admin.id, None, [], "")
    assert looks(clinic, "account.list") == [of_nobody, (clinic.admin.id, None, both, "")]


def test_each_patient_of_a_look_sees_it_and_nobody_else_in_it(clinic: Clinic):
    booked(clinic.jane, clinic.smith, time="11:00")
    clinic.smith.get("/appointments/my")
    for patient in (clinic.john, clinic.jane):
        for filters in ({}, {"patient_id": patient.id}):
            seen = patient.get("/audit/", action="diary.read", **filters).json()
            assert [(row["actor_id"], row["patient_id"], row["patient_ids"]) for row in seen] == [
                (clinic.smith.id, patient.id, [patient.id])
            ]
    own = clinic.smith.get("/audit/", action="diary.read").json()
    assert own[0]["patient_ids"] == sorted([clinic.john.id, clinic.jane.id])


def test_an_empty_diary_is_no_look_at_anybody(clinic: Clinic):
    before = newest(clinic, limit=1)
    diary = f"/appointments/doctor/{clinic.smith.id}"
    assert clinic.smith.get(diary, appointment_date="2030-01-01").json() == []
    assert newest(clinic, limit=1) == before


def test_a_look_at_anothers_data_is_recorded_and_at_ones_own_is_not(clinic: Clinic):
    path = f"/appointments/{clinic.visit}"
    before = newest(clinic, action="appointment.read")
    assert clinic.john.get(path).status_code == 200
    assert newest(clinic, action="appointment.read") == before
    assert clinic.smith.get(path).status_code == 200
    assert newest(clinic, action="appointment.read")[0] == (
        clinic.smith.id,
        "appointment.read",
        clinic.visit,
        clinic.john.id,
        "",
        "ok",
    )


def test_failed_logins_are_recorded_with_their_address(clinic: Clinic, database):
    clinic.anonymous.post("/auth/login", username="john_patient", password="wrong guess")
    with database.reading() as session:
        last = session.scalars(select(AuditRecord).order_by(AuditRecord.id.desc())).first()
    assert (last.action, last.outcome, last.resource_id, last.actor_id, last.address) == (
        "login.open",
        "invalid_credentials",
        clinic.john.id,
        None,
        PEER[0],
    )


def test_people_see_what_they_did_and_what_was_done_to_their_data(clinic: Clinic):
    clinic.smith.get(f"/appointments/{clinic.visit}")
    seen = clinic.john.get("/audit/").json()
    assert {row["patient_id"] for row in seen if row["actor_id"] != clinic.john.id} == {
        clinic.john.id
    }
    assert seen[0]["action"] == "appointment.read"
    others = clinic.john.get("/audit/", patient_id=clinic.jane.id)
    assert code_of(others) == (404, "not_found")
    assert code_of(clinic.anonymous.get("/audit/")) == (401, "not_signed_in")


def test_the_database_refuses_to_change_the_log(clinic: Clinic, database):
    booked(clinic.jane, clinic.smith, time="11:00")
    clinic.smith.get("/appointments/my")
    with database.writing() as session:
        assert sealing.seal(session) > 0
    for model, column in ((AuditRecord, "mac"), (AuditPatient, "patient_id"), (AuditSeal, "hash")):
        for change in (update(model).values({column: 1}), delete(model)):
            with pytest.raises(DBAPIError, match="append-only"), database.writing() as session:
                session.execute(change)


@pytest.mark.parametrize("written", [str(2**63), "9" * 30, "mine", "0"])
def test_a_refusal_that_comes_before_the_id_was_read_is_recorded_without_it(
    clinic: Clinic, written: str
):
    answer = clinic.john.client.delete(f"/api/v1/appointments/{written}")
    assert code_of(answer) == (403, "csrf_failed")
    refused = (clinic.john.id, "appointment.cancel", None, None, "", "csrf_failed")
    assert newest(clinic, limit=1) == [refused]


def test_a_refusal_of_the_largest_id_is_recorded_with_it(clinic: Clinic):
    clinic.john.client.delete(f"/api/v1/appointments/{2**63 - 1}")
    ((_, _, resource_id, *_),) = newest(clinic, limit=1)
    assert resource_id == 2**63 - 1


def reads(clinic: Clinic) -> list[tuple]:
    """How the admin's looks at the log are recorded, the newest first."""
    rows = clinic.admin.get("/audit/", action="audit.read", limit=200).json()
    return [
        (row["resource_id"], row["patient_id"])
        for row in rows
        if row["actor_id"] == clinic.admin.id
    ]


def test_looks_at_the_log_are_recorded_once_an_hour(clinic: Clinic, clock):
    clock.advance(days=3)  # the log keeps what other tests did
    clinic.admin.log_in("front_desk")
    for _ in range(2):
        clinic.admin.get("/audit/", patient_id=clinic.john.id)
        clinic.admin.get("/audit/", actor_id=clinic.smith.id)
        clinic.admin.get("/audit/", outcome="ok")
    three = [(None, None), (clinic.smith.id, None), (None, clinic.john.id)]
    assert reads(clinic)[:3] == three
    clock.advance(minutes=61)
    clinic.admin.log_in("front_desk")
    clinic.admin.get("/audit/")
    assert reads(clinic)[:4] == [(None, None), *three]

    clinic.john.log_in("john_patient")
    rows = clinic.john.get("/audit/").json()
    assert ("audit.read", clinic.admin.id) in {(row["action"], row["actor_id"]) for row in rows}


def test_people_who_read_about_themselves_leave_no_record(clinic: Clinic):
    before = newest(clinic, limit=1)
    assert clinic.john.get("/audit/").status_code == 200
    assert newest(clinic, limit=1) == before


@pytest.mark.parametrize(
    ("headers", "outcome"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, "cross_site_request"),
        ({"Origin": "https://evil.example"}, "cross_site_request"),
        ({"Content-Type": "text/plain"}, "unsupported_media_type"),
    ],
)
def test_what_another_website_sends_for_somebody_is_recorded(
    clinic: Clinic, headers: dict[str, str], outcome: str
):
    path = f"/appointments/{clinic.visit}"
    answer = clinic.john.call("PUT", path, content=b"{}", headers=headers)
    assert answer.json()["code"] == outcome
    assert newest(clinic, limit=1) == [(clinic.john.id, "request.send", None, None, "", outcome)]


def test_what_another_website_sends_for_nobody_is_not_recorded(clinic: Clinic):
    before = newest(clinic, limit=1)
    clinic.anonymous.client.cookies.set("session", "x" * 43)
    for visitor in (clinic.anonymous, clinic.anonymous.another()):
        answer = visitor.call("POST", "/auth/logout", headers={"Sec-Fetch-Site": "cross-site"})
        assert code_of(answer) == (403, "cross_site_request")
    assert newest(clinic, limit=1) == before


@pytest.mark.parametrize(
    ("method", "path", "body", "action", "fields"),
    [
        ("PATCH", "/users/me", {"role": "admin"}, "account.change", "role"),
        (
            "PATCH",
            "/users/me",
            {"full_name": "J", "is_approved": True, "id": 1, "Not a name!": 1},
            "account.change",
            "id,is_approved,unknown",
        ),
        ("POST", "/auth/register", {"role": "admin"}, "account.create", "role"),
        ("PUT", "/appointments/1", {"patient_id": 7}, "appointment.change", "patient_id"),
    ],
)
def test_fields_that_are_not_ones_own_to_set_are_recorded(
    clinic: Clinic, method: str, path: str, body: dict, action: str, fields: str
):
    refused = clinic.john.call(method, path, json=body)
    assert code_of(refused) == (422, "invalid_input")
    resource = 1 if path.endswith("/1") else None
    assert newest(clinic, limit=1) == [
        (clinic.john.id, action, resource, None, fields, "invalid_input")
    ]


def test_a_value_that_is_mistyped_is_not_recorded(clinic: Clinic):
    before = newest(clinic, limit=1)
    assert code_of(clinic.john.patch("/users/me", full_name="")) == (422, "invalid_input")
    assert newest(clinic, limit=1) == before


def test_that_logins_have_to_wait_is_recorded_when_it_begins(clinic: Clinic):
    for _ in range(12):
        clinic.anonymous.post("/auth/login", username="jane_patient", password="wrong guess")
    jane, failed = clinic.jane.id, "invalid_credentials"
    expected = ["too_many_attempts", *[failed] * 10]
    assert newest(clinic, limit=11, action="login.open") == [
        (None, "login.open", jane, None, "", outcome) for outcome in expected
    ]


def test_that_registrations_have_to_wait_is_recorded_when_it_begins(visitor_with, database):
    visitor = visitor_with(registrations_per_hour=2)
    for number in range(4):
        body = {"username": f"patient_{number}", "email": f"p{number}@example.com"}
        rest = {"full_name": "P", "password": "password123", "role": "patient"}
        visitor.post("/auth/register", **body, **rest)
    with database.reading() as session:
        newest_first = select(AuditRecord).order_by(AuditRecord.id.desc()).limit(3)
        outcomes = [(row.action, row.outcome) for row in session.scalars(newest_first)]
    assert outcomes == [
        ("account.create", "ok"),
        ("account.create", "too_many_attempts"),
        ("account.create", "ok"),
    ]
