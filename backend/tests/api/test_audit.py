"""The audit log has every deed, every refusal and every look at another's data, and no values."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import DBAPIError, OperationalError

from app.api.recording import ATTEMPTS
from app.crud import crud_audit
from app.models import AuditHead, AuditRecord
from app.services import audit
from tests.api import tables
from tests.api.clinic import MONDAY, REASON, Clinic, booked
from tests.people import code_of


def newest(clinic: Clinic, **filters) -> list[tuple]:
    """What an admin reads, newest first: who, what, to what, whose data, and how it ended."""
    return [
        tuple(
            row[field]
            for field in ("actor_id", "action", "resource_id", "patient_id", "fields", "outcome")
        )
        for row in clinic.admin.get("/audit/", **filters).json()
    ]


@contextmanager
def without_guard(database) -> Iterator:
    """A session of somebody who owns the database and can switch its guard off."""
    with database.writing() as session:
        if database.engine.dialect.name == "sqlite":
            session.execute(text("DROP TRIGGER tr_audit_log_no_UPDATE"))
            session.execute(text("DROP TRIGGER tr_audit_log_no_DELETE"))
        else:
            session.execute(text("ALTER TABLE audit_log DISABLE TRIGGER ALL"))
        yield session
        session.flush()
        session.expunge_all()
        yielded_bad = audit.first_bad_record(session)
        session.info["found"] = yielded_bad
        session.rollback()


def test_a_booking_its_move_and_its_end_are_recorded_without_values(clinic: Clinic):
    visit = booked(clinic.john, clinic.smith, time="10:00")
    moved = "appointment_date,appointment_time,duration,ends_at,starts_at"
    clinic.john.put(
        f"/appointments/{visit}", appointment_date="2026-11-30", appointment_time="11:00"
    )
    clinic.smith.put(f"/appointments/{visit}", status="completed")
    assert newest(clinic, limit=3) == [
        (clinic.smith.id, "appointment.complete", visit, clinic.john.id, "status", "ok"),
        (clinic.john.id, "appointment.move", visit, clinic.john.id, moved, "ok"),
        (clinic.john.id, "appointment.book", visit, clinic.john.id, f"{moved},status", "ok"),
    ]
    assert REASON not in clinic.admin.get("/audit/").text


def test_a_record_tells_when_who_from_where_and_by_which_request(clinic: Clinic, database, clock):
    answer = clinic.john.delete(f"/appointments/{clinic.visit}")
    with database.reading() as session:
        last = session.scalars(select(AuditRecord).order_by(AuditRecord.sequence.desc())).first()
    assert (last.at, last.actor_id, last.actor_role) == (clock(), clinic.john.id, "patient")
    assert (last.address, last.request_id) == ("testclient", answer.headers["X-Request-ID"])
    assert (last.resource_type, last.resource_id) == ("appointment", clinic.visit)


def test_what_cannot_be_recorded_is_not_done(clinic: Clinic, database, monkeypatch):
    def fail(*_: object) -> None:
        raise OperationalError("INSERT", None, Exception("no room"))

    before = tables.read_all(database)
    monkeypatch.setattr(crud_audit, "append_records", fail)
    cancelled = clinic.john.delete(f"/appointments/{clinic.visit}")
    looked = clinic.smith.get(f"/appointments/{clinic.visit}")
    assert [code_of(answer) for answer in (cancelled, looked)] == [(503, "unavailable")] * 2
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
        ({"status": "scheduled"}, "appointment.change"),
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


def test_every_route_that_may_refuse_a_person_names_its_deed(clinic: Clinic):
    operations = {
        operation["operationId"]: operation["responses"]
        for methods in clinic.anonymous.client.get("/openapi.json").json()["paths"].values()
        for operation in methods.values()
    }
    knows_people = {name for name, answers in operations.items() if "401" in answers}
    assert set(ATTEMPTS) == knows_people | {"register"}


def test_who_is_in_a_diary_is_named_for_each_look_at_it(clinic: Clinic):
    booked(clinic.john, clinic.smith, time="10:00")
    booked(clinic.jane, clinic.smith, time="11:00")
    diary = f"/appointments/doctor/{clinic.smith.id}"
    for path, filters in (("/appointments/my", {}), (diary, {"appointment_date": MONDAY})):
        before = len(newest(clinic, action="diary.read"))
        seen = clinic.smith.get(path, **filters).json()
        assert {visit["patient"]["id"] for visit in seen} == {clinic.john.id, clinic.jane.id}
        looks = newest(clinic, action="diary.read")
        assert looks[: len(looks) - before] == [
            (clinic.smith.id, "diary.read", clinic.smith.id, patient.id, "", "ok")
            for patient in sorted((clinic.john, clinic.jane), key=lambda one: -one.id)
        ]
    assert clinic.john.get("/audit/", limit=1).json()[0]["action"] == "diary.read"


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
        last = session.scalars(select(AuditRecord).order_by(AuditRecord.sequence.desc())).first()
    assert (last.action, last.outcome, last.resource_id, last.actor_id, last.address) == (
        "login.open",
        "invalid_credentials",
        clinic.john.id,
        None,
        "testclient",
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
    for change in (update(AuditRecord).values(outcome="ok"), delete(AuditRecord)):
        with pytest.raises(DBAPIError, match="append-only"), database.writing() as session:
            session.execute(change)


def test_an_untouched_log_is_whole(clinic: Clinic, database):
    with database.reading() as session:
        assert audit.first_bad_record(session) is None


@pytest.mark.parametrize(
    "tamper",
    [
        pytest.param(
            lambda s, n: s.execute(
                update(AuditRecord).where(AuditRecord.sequence == n - 3).values(outcome="denied")
            ),
            id="edited",
        ),
        pytest.param(
            lambda s, n: s.execute(delete(AuditRecord).where(AuditRecord.sequence == n - 3)),
            id="removed",
        ),
        pytest.param(
            lambda s, n: [
                s.execute(
                    update(AuditRecord).where(AuditRecord.sequence == old).values(sequence=new)
                )
                for old, new in ((n - 3, 0), (n - 2, n - 3), (0, n - 2))
            ],
            id="swapped",
        ),
    ],
)
def test_verification_names_the_first_bad_record(clinic: Clinic, database, tamper):
    with without_guard(database) as session:
        length = session.scalars(select(AuditHead.sequence)).one()
        tamper(session, length)
    assert session.info["found"] == length - 3


def test_verification_sees_that_the_last_record_is_gone(clinic: Clinic, database):
    with without_guard(database) as session:
        length = session.scalars(select(AuditHead.sequence)).one()
        session.execute(delete(AuditRecord).where(AuditRecord.sequence == length))
    assert session.info["found"] == length


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
