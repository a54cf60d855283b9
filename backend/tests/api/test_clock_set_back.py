"""A clock that is set back: what was stored before lies in the future then."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.db.database import Database
from app.models.models import AuditRecord
from tests.api.clinic import MONDAY, TUESDAY, Clinic, add_hours, booking, free_times, set_back
from tests.api.test_throttling import behind_proxy as behind_proxy  # noqa: PLC0414 - a fixture
from tests.api.test_throttling import guess, register
from tests.conftest import FakeClock
from tests.people import PASSWORD, Visitor, code_of

HOURS = 3
Change = Callable[[Clinic, str], Any]


def newest_record(database: Database) -> tuple[int, str]:
    """The number and the action of the last record of the audit log."""
    with database.reading() as session:
        last = session.scalars(select(AuditRecord).order_by(AuditRecord.id.desc())).first()
    assert last is not None
    return last.id, last.action


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            lambda clinic, path: clinic.john.put(
                path, appointment_date=MONDAY, appointment_time="11:00"
            ),
            "scheduled",
        ),
        (lambda clinic, path: clinic.john.delete(path), "cancelled"),
        (lambda clinic, path: clinic.smith.put(path, status="cancelled"), "cancelled"),
    ],
    ids=["move", "delete", "cancel"],
)
def test_a_coming_visit_is_changed(clinic: Clinic, clock: FakeClock, change: Change, expected: str):
    path = f"/appointments/{clinic.visit}"
    before = clinic.john.get(path).json()
    clock.advance(hours=-HOURS)
    answer = change(clinic, path)
    assert (answer.status_code, answer.json()["status"]) == (200, expected)
    # A visit is never changed before it was made.
    assert answer.json()["updated_at"] == before["created_at"]


def test_a_visit_is_completed_and_that_is_taken_back(
    clinic: Clinic, database: Database, clock: FakeClock
):
    set_back(database, clinic.visit, days=7)
    path = f"/appointments/{clinic.visit}"
    created_at = clinic.john.get(path).json()["created_at"]
    clock.advance(hours=-HOURS)
    for status in ("completed", "scheduled"):
        answer = clinic.smith.put(path, status=status)
        assert (answer.status_code, answer.json()["status"]) == (200, status)
        assert answer.json()["updated_at"] == created_at


def test_a_completion_of_the_future_is_taken_back(
    clinic: Clinic, database: Database, clock: FakeClock
):
    set_back(database, clinic.visit, days=7)
    path = f"/appointments/{clinic.visit}"
    assert clinic.smith.put(path, status="completed").status_code == 200
    clock.advance(hours=-HOURS)
    assert clinic.smith.put(path, status="scheduled").json()["status"] == "scheduled"


def test_sessions_and_invitations_go_on(clinic: Clinic, clock: FakeClock):
    clock.advance(hours=-HOURS)
    assert clinic.john.get("/users/me").status_code == 200
    assert clinic.john.same_browser().log_in("john_patient").get("/users/me").status_code == 200
    invitation = clinic.admin.post("/users/invitations")
    assert invitation.status_code == 201
    assert clinic.admin.delete(f"/users/invitations/{clinic.invitation}").status_code == 204
    assert [one["id"] for one in clinic.admin.get("/users/invitations").json()] == [
        invitation.json()["id"]
    ]


def test_hours_and_profiles_are_changed(clinic: Clinic, clock: FakeClock):
    clock.advance(hours=-HOURS)
    assert clinic.smith.put(f"/schedules/{clinic.closed_hours}", is_active=True).status_code == 200
    assert free_times(clinic.john, clinic.smith, TUESDAY)[0] == "09:00"
    assert add_hours(clinic.smith, day_of_week=2) > clinic.hours
    assert clinic.john.patch("/users/me", full_name="John Doe").status_code == 200


def test_free_slots_are_those_of_the_present(clinic: Clinic, clock: FakeClock):
    clock.advance(days=7, hours=4)
    assert free_times(clinic.john.another(), clinic.smith)[0] == "12:00"
    clock.advance(hours=-HOURS)
    assert free_times(clinic.john.another(), clinic.smith)[0] == "09:30"


def test_the_reply_to_a_key_is_sent_again(clinic: Clinic, clock: FakeClock):
    def send() -> tuple[int, Any]:
        answer = clinic.john.call(
            "POST",
            "/appointments/",
            json=booking(clinic.smith, time="14:00"),
            headers={"Idempotency-Key": "once"},
        )
        return answer.status_code, answer.json()

    first = send()
    assert first[0] == 201
    clock.advance(hours=-HOURS)
    assert send() == first


@pytest.mark.parametrize("back", [timedelta(hours=HOURS), timedelta(minutes=2)])
def test_failures_of_the_future_lock_nobody_out(
    behind_proxy: Visitor, clock: FakeClock, back: timedelta
):
    assert register(behind_proxy, 1).status_code == 201
    for _ in range(10):
        guess(behind_proxy, "person_1")
    locked_out = guess(behind_proxy, "person_1", PASSWORD)
    assert code_of(locked_out) == (429, "too_many_attempts")

    clock.now -= back
    assert guess(behind_proxy, "person_1", PASSWORD).status_code == 200
    for _ in range(10):
        guess(behind_proxy, "person_1")
    assert code_of(guess(behind_proxy, "person_1", PASSWORD)) == (429, "too_many_attempts")


def test_failures_count_for_clocks_that_differ_a_little(behind_proxy: Visitor, clock: FakeClock):
    """Several hosts serve one clinic, and a request is answered after the moment it came."""
    assert register(behind_proxy, 1).status_code == 201
    for _ in range(10):
        guess(behind_proxy, "person_1")
    clock.advance(seconds=-30)
    refused = guess(behind_proxy, "person_1", PASSWORD)
    assert code_of(refused) == (429, "too_many_attempts")
    assert refused.headers["Retry-After"] == "300"


def test_a_look_of_the_future_hides_none(clinic: Clinic, database: Database, clock: FakeClock):
    path = f"/appointments/{clinic.visit}"
    clock.advance(minutes=30)
    clinic.smith.get(path)
    first = newest_record(database)
    clinic.smith.get(path)
    assert newest_record(database) == first == (first[0], "appointment.read")

    clock.advance(minutes=-30)
    clinic.smith.get(path)
    assert newest_record(database) == (first[0] + 1, "appointment.read")
