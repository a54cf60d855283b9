"""What one account, or one network, can make the server write is limited."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from app.db.database import Database
from app.models.models import AuditRecord
from tests.api.clinic import add_hours, book
from tests.conftest import MONDAY_MORNING, FakeClock
from tests.people import PASSWORD, PEER, Visitor, code_of

LIMITED = (429, "too_many_attempts")
OK = 200
Visit = Callable[..., Visitor]


def rename(person: Visitor, number: int = 0) -> Any:
    return person.patch("/users/me", full_name=f"Name {number}")


def outcome(answer: Any) -> Any:
    return answer.status_code if answer.is_success else code_of(answer)


def refusals(database: Database, person: Visitor) -> list[str]:
    """The outcomes that the audit log has of what a person was refused."""
    with database.reading() as session:
        found = session.scalars(
            select(AuditRecord.outcome)
            .where(AuditRecord.actor_id == person.id, AuditRecord.outcome != "ok")
            .where(AuditRecord.at >= MONDAY_MORNING + timedelta(days=1))
            .order_by(AuditRecord.id)
        )
        return list(found)


@pytest.fixture
def tuesday(clock: FakeClock) -> None:
    """A day of its own, because records of the audit log stay after a test."""
    clock.advance(days=1)


def test_an_account_changes_only_so_much_within_a_minute(visitor_with: Visit) -> None:
    clinic = visitor_with(writes_per_minute=3)
    john, jane = (clinic.another().register(name) for name in ("john_patient", "jane_patient"))
    answers = [rename(john, number) for number in range(5)]
    assert [outcome(answer) for answer in answers] == [*[OK] * 3, LIMITED, LIMITED]
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 20
    assert john.get("/users/me").json()["full_name"] == "Name 2"
    assert outcome(rename(jane)) == OK, "the control: another account"
    assert outcome(rename(clinic.another().log_in("john_patient"))) == LIMITED


def test_bookings_are_limited_too(visitor_with: Visit) -> None:
    clinic = visitor_with(writes_per_minute=2)
    smith = clinic.another().register("dr_smith", role="doctor")
    john = clinic.another().register("john_patient")
    add_hours(smith)
    times = ("09:00", "09:30", "10:00")
    assert [outcome(book(john, smith, time=time)) for time in times] == [201, 201, LIMITED]


def log_in(browser: Visitor, username: str, address: str) -> Any:
    body = {"username": username, "password": PASSWORD}
    headers = {"X-Forwarded-For": address}
    return browser.client.post("/api/v1/auth/login", json=body, headers=headers)


def test_strangers_of_a_network_share_a_limit(visitor_with: Visit) -> None:
    clinic = visitor_with(trusted_proxies=(PEER[0],), network_writes_per_minute=4)
    john = clinic.another().register("john_patient")
    known = clinic.another()
    assert outcome(log_in(known, "john_patient", "2001:db8::1")) == OK
    known.client.cookies.jar.clear("testserver.local", "/", "session")
    answers = [log_in(clinic.another(), "nobody", f"2001:db8::{number}") for number in range(5)]
    assert [outcome(answer) for answer in answers] == [
        *[(401, "invalid_credentials")] * 3,
        LIMITED,
        LIMITED,
    ]
    assert outcome(log_in(clinic.another(), "john_patient", "2001:db8:0:1::1")) == OK
    assert outcome(log_in(known, "john_patient", "2001:db8::1")) == OK, "a known browser"
    headers = {"X-Forwarded-For": "2001:db8::1"}
    change = {"full_name": "Name"}
    kept = [john.call("PATCH", "/users/me", json=change, headers=headers) for _ in range(5)]
    assert [outcome(answer) for answer in kept] == [*[OK] * 4, LIMITED], "people in a session"


def test_what_was_refused_for_its_token_counts_in_the_log_only(visitor_with: Visit) -> None:
    clinic = visitor_with(writes_per_minute=1)
    john = clinic.another().register("john_patient")
    for _ in range(3):
        answer = john.client.patch("/api/v1/users/me", json={"full_name": "Mallory"})
        assert code_of(answer) == (403, "csrf_failed")
    assert outcome(rename(john)) == OK


def test_an_account_changes_itself_only_so_often(visitor_with: Visit) -> None:
    clinic = visitor_with(account_changes_per_hour=3)
    john = clinic.another().register("john_patient")
    body = {"current_password": PASSWORD, "new_password": PASSWORD}
    answers = [rename(john), john.post("/auth/password", **body)]
    john.csrf_token = answers[-1].json()["csrf_token"]
    answers += [rename(john), rename(john), john.post("/auth/password", **body)]
    assert [outcome(answer) for answer in answers] == [OK, OK, OK, LIMITED, LIMITED]
    assert john.post("/auth/logout").status_code == 204, "other changes go on"


@pytest.mark.usefixtures("tuesday")
def test_refusals_do_not_fill_the_audit_log(visitor_with: Visit, database: Database) -> None:
    clinic = visitor_with(refusals_per_hour=3)
    john, jane = (clinic.another().register(name) for name in ("john_patient", "jane_patient"))
    answers = [john.get(f"/appointments/{number + 1000}") for number in range(8)]
    assert [outcome(answer) for answer in answers] == [*[(404, "not_found")] * 3, *[LIMITED] * 5]
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 1200
    assert refusals(database, john) == [*["not_found"] * 3, "too_many_attempts"]
    assert john.get("/appointments/my").status_code == OK, "what is allowed goes on"
    assert outcome(jane.get("/appointments/1000")) == (404, "not_found")


@pytest.mark.usefixtures("tuesday")
def test_the_same_refusal_is_recorded_a_few_times_only(
    visitor_with: Visit, database: Database
) -> None:
    clinic = visitor_with(same_refusals_per_hour=2)
    john = clinic.another().register("john_patient")
    answers = [john.get("/appointments/1000") for _ in range(5)]
    assert [outcome(answer) for answer in answers] == [(404, "not_found")] * 5
    assert outcome(john.get("/appointments/1001")) == (404, "not_found")
    assert refusals(database, john) == ["not_found"] * 3


def count(database: Database, model: Any) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0
