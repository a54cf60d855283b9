"""Roles change while appointments exist: what somebody may do follows from being a party of one."""

from app.db.database import Database
from app.domain.people import Role
from tests.api.clinic import Clinic, book, booked, booking, set_back
from tests.api.test_authorization import give_role
from tests.conftest import FakeClock
from tests.people import Visitor, code_of


def given_role(clinic: Clinic, person: Visitor, role: str) -> Visitor:
    """The person after an admin has given them another role and they have logged in again."""
    username = person.account["username"]
    assert clinic.admin.patch(f"/users/{person.id}", role=role).status_code == 200
    return person.another().log_in(username)


def own_ids(person: Visitor) -> list[int]:
    return [visit["id"] for visit in person.get("/appointments/my").json()]


def test_a_patient_who_became_a_doctor_does_not_complete_their_own_visit(
    clinic: Clinic, database: Database
):
    john = given_role(clinic, clinic.john, "doctor")
    path = f"/appointments/{clinic.visit}"
    assert own_ids(john) == [clinic.visit, clinic.cancelled]
    assert code_of(john.put(path, status="completed")) == (403, "forbidden")
    moved = john.put(path, appointment_date="2026-11-30", appointment_time="10:00")
    assert (moved.status_code, moved.json()["appointment_time"]) == (200, "10:00")
    set_back(database, clinic.visit, days=7)
    assert code_of(john.put(path, status="completed")) == (403, "forbidden")
    assert clinic.smith.put(path, status="completed").json()["status"] == "completed"


def test_a_patient_who_became_an_admin_has_no_say_about_their_own_visit(
    clinic: Clinic, clock: FakeClock, database: Database
):
    set_back(database, clinic.other_visit, days=14)
    later = booked(clinic.john, clinic.smith, time="12:00")
    john = given_role(clinic, clinic.john, "admin")
    assert code_of(john.put(f"/appointments/{later}", status="completed")) == (403, "forbidden")
    of_jane = john.put(f"/appointments/{clinic.other_visit}", status="completed")
    assert of_jane.json()["status"] == "completed"
    assert john.delete(f"/appointments/{later}").json()["status"] == "cancelled"
    clock.advance(days=7, hours=1)  # Monday, 9:00, after the session is over
    john = john.another().log_in("john_patient")
    begun = john.delete(f"/appointments/{clinic.visit}")
    assert code_of(begun) == (409, "illegal_transition")


def test_a_doctor_keeps_reaching_a_patient_who_became_a_doctor(clinic: Clinic):
    john = given_role(clinic, clinic.john, "doctor")
    path = f"/users/patients/{clinic.john.id}"
    for person in (john, clinic.smith, clinic.admin):
        assert person.get(path).json()["phone"] == "+442079460001"
    for person in (clinic.jones, clinic.jane):
        assert code_of(person.get(path)) == (404, "not_found")


def test_who_is_no_doctor_any_more_sees_no_patients(clinic: Clinic, database: Database):
    assert own_ids(clinic.smith) == [clinic.visit, clinic.cancelled]  # the control
    give_role(database, clinic.smith, Role.PATIENT)
    assert own_ids(clinic.smith) == []
    for path in (f"/appointments/{clinic.visit}", f"/users/patients/{clinic.john.id}"):
        assert code_of(clinic.smith.get(path)) == (404, "not_found")
    visit = f"/appointments/{clinic.visit}"
    assert code_of(clinic.smith.put(visit, status="completed")) == (404, "not_found")


def test_an_admin_books_nobody_but_the_patient_who_is_named(clinic: Clinic):
    refused = book(clinic.admin, clinic.smith, time="12:00")
    assert code_of(refused) == (422, "invalid_input")
    assert refused.json()["errors"] == [
        {
            "field": "patient_id",
            "message": "Choose the patient whom this appointment is for.",
        }
    ]
    for nobody in (clinic.admin, clinic.jones):
        refused = book(clinic.admin, clinic.smith, time="12:00", patient_id=nobody.id)
        assert code_of(refused) == (404, "not_found")
    named = book(clinic.admin, clinic.smith, time="12:00", patient_id=clinic.jane.id)
    assert named.json()["patient_id"] == clinic.jane.id


def test_the_stored_reply_of_a_former_role_is_not_given_out(clinic: Clinic, database: Database):
    def send() -> tuple[int, str | None]:
        body = booking(clinic.smith, time="12:00", patient_id=clinic.jane.id)
        answer = clinic.admin.call(
            "POST", "/appointments/", json=body, headers={"Idempotency-Key": "at-the-desk"}
        )
        return answer.status_code, answer.json().get("code")

    assert [send(), send()] == [(201, None)] * 2
    give_role(database, clinic.admin, Role.PATIENT)
    assert send() == (422, "idempotency_key_reused")
