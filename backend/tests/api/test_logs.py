"""Logs: one line an event with the id of its request, and nothing that is nobody's business."""

import io
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from app.core.config import LogFormat
from app.core.logs import configure_logs
from app.crud import crud_appointment, crud_audit, crud_user
from app.db.database import Database
from app.services import diary
from tests.api.clinic import MONDAY, Clinic, add_hours, booking
from tests.people import PASSWORD, Visitor, code_of

REASON = "a reason that is nobody's business"


@dataclass
class Log:
    """What was logged since it was read last."""

    stream: io.StringIO

    def read(self) -> str:
        written = self.stream.getvalue()
        self.stream.seek(0)
        self.stream.truncate()
        return written

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.read().splitlines()]


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[Log]:
    stream = io.StringIO()
    with monkeypatch.context() as during:
        during.setattr(sys, "stderr", stream)
        yield Log(stream)
    configure_logs("CRITICAL", LogFormat.CONSOLE)


@pytest.fixture
def logged(log: Log, visitor_with: Callable[..., Visitor]) -> Visitor:
    """A visitor of an application that logs everything as JSON."""
    return visitor_with(log_level="DEBUG", log_format=LogFormat.JSON)


def test_a_request_is_one_line_with_its_id(logged: Visitor, log: Log):
    answer = logged.get("/schedules/doctor/123456/available-slots", start_date="secret")
    (line,) = (line for line in log.lines() if line["logger"] == "access")
    assert line == {
        "event": "request",
        "method": "GET",
        "route": line["route"],
        "status": 422,
        "milliseconds": line["milliseconds"],
        "request_id": answer.headers["x-request-id"],
        "logger": "access",
        "level": "info",
        "timestamp": line["timestamp"],
    }
    assert line["route"].endswith("/doctor/{doctor_id}/available-slots")


def test_every_line_of_a_request_has_its_id(
    logged: Visitor, log: Log, monkeypatch: pytest.MonkeyPatch
):
    def fail(*_: object) -> None:
        raise OperationalError("SELECT 1", {}, Exception("the disk is gone"))

    monkeypatch.setattr(crud_user, "list_doctors", fail)
    answer = logged.get("/users/doctors")
    assert code_of(answer) == (503, "unavailable")
    written = [(line["event"], line["request_id"]) for line in log.lines() if "request_id" in line]
    request_id = answer.headers["x-request-id"]
    assert written == [("database_failure", request_id), ("request", request_id)]


def test_probes_leave_no_line(logged: Visitor, log: Log):
    assert logged.client.get("/livez").status_code == 200
    assert logged.client.get("/readyz").status_code == 200
    assert [line for line in log.lines() if line["logger"] == "access"] == []


def use_everything(visitor: Visitor) -> list[str]:
    """Register, log in and out, book and err; what must not be in a log."""
    doctor = visitor.another().register("dr_smith", role="doctor")
    patient = visitor.another().register("john_patient")
    add_hours(doctor)
    wanted = booking(doctor, time="09:00") | {"reason": REASON}
    patient.post("/appointments/", **wanted)
    patient.post("/appointments/", **wanted)
    patient.post("/appointments/", **(wanted | {"reason": REASON * 20}))
    patient.get("/appointments/my", date_from=MONDAY)
    visitor.post("/auth/login", username="john_patient", password="the wrong password")
    visitor.post("/auth/login", username=REASON, password=PASSWORD)
    tokens = [patient.client.cookies["session"], str(patient.csrf_token)]
    patient.post("/auth/password", current_password=PASSWORD, new_password="the new password")
    tokens.append(patient.client.cookies["session"])
    patient.call("GET", "/auth/me", headers={"Cookie": "session=a-stolen-token"})
    patient.post("/auth/logout")
    secrets = [PASSWORD, "the wrong password", "the new password", REASON, "a-stolen-token"]
    return [*secrets, *tokens, "john_patient@example.com"]


def test_no_secret_reaches_the_log(logged: Visitor, log: Log):
    secrets = use_everything(logged)
    written = log.read()
    assert written.count('"event": "request"') > 10
    assert [secret for secret in secrets if secret in written] == []


def test_a_row_that_the_database_refuses_does_not_reach_the_log(
    logged: Visitor, log: Log, monkeypatch: pytest.MonkeyPatch
):
    """PostgreSQL repeats the whole row in the detail of such an error."""
    create = crud_appointment.create_appointment
    monkeypatch.setattr(
        crud_appointment,
        "create_appointment",
        lambda session, parties, **values: create(session, parties, **(values | {"duration": 1})),
    )
    doctor = logged.another().register("dr_smith", role="doctor")
    patient = logged.another().register("john_patient")
    add_hours(doctor)

    answer = patient.post("/appointments/", **(booking(doctor, time="09:00") | {"reason": REASON}))

    assert code_of(answer) == (500, "internal_error")
    written = log.read()
    assert written.count("unhandled_exception") == 1
    assert "IntegrityError" in written
    assert REASON not in written


def test_a_read_that_cannot_be_recorded_is_answered_and_logged(
    clinic: Clinic, logged: Visitor, log: Log, monkeypatch: pytest.MonkeyPatch
):
    def fail(*_: object) -> None:
        raise OperationalError("INSERT", None, Exception("no room"))

    smith, path = logged.log_in("dr_smith"), f"/appointments/{clinic.visit}"
    monkeypatch.setattr(crud_audit, "append_records", fail)
    log.read()
    assert smith.get(path).json()["id"] == clinic.visit
    (line,) = (line for line in log.lines() if line["event"] == "read_not_recorded")
    told = (line["actor_id"], line["action"], line["resource_id"], line["patient_id"])
    assert told == (smith.id, "appointment.read", clinic.visit, clinic.john.id)

    monkeypatch.undo()
    assert smith.get(path).status_code == 200
    assert [line for line in log.lines() if line["event"] == "read_not_recorded"] == []


def test_a_time_zone_that_does_not_exist_is_told_once(
    clinic: Clinic, logged: Visitor, log: Log, database: Database
):
    with database.writing() as session:
        crud_user.update_user(session, clinic.smith.id, changes={"timezone": "Europe/Atlantis"})
    diary._note_unknown_zone.cache_clear()
    for _ in range(2):
        assert logged.get("/schedules/first-slots").status_code == 200
    told = [line for line in log.lines() if line["event"] == "unknown_zone"]
    assert [(line["level"], line["timezone"]) for line in told] == [("error", "Europe/Atlantis")]
