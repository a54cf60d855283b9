"""Registering, and one's own account."""

import pytest

from app.db.database import Database
from tests.api.clinic import Clinic, deactivate
from tests.api.tables import read_all
from tests.conftest import FakeClock
from tests.people import PASSWORD, Visitor, code_of

INVALID = (422, "invalid_input")
JOHN = {
    "username": "john_patient",
    "email": "john@example.com",
    "full_name": "John Doe",
    "password": PASSWORD,
    "role": "patient",
}
SMITH = {
    "username": "dr_smith",
    "email": "dr.smith@example.com",
    "full_name": "Dr. John Smith",
    "password": PASSWORD,
    "role": "doctor",
}


def test_a_patient_registers_with_the_walkthroughs_values(visitor: Visitor):
    answer = visitor.post("/auth/register", **JOHN)
    assert answer.status_code == 201
    assert answer.json() == {
        "id": answer.json()["id"],
        "username": "john_patient",
        "email": "john@example.com",
        "full_name": "John Doe",
        "phone": None,
        "role": "patient",
        "specialty": None,
        "timezone": "Europe/London",
        "is_active": True,
        "is_approved": True,
        "created_at": "2026-11-23T08:00:00Z",
    }


def test_a_doctor_registers_with_a_profile(visitor: Visitor):
    profile = {
        "phone": "+61890000000",
        "specialty": "Cardiology",
        "timezone": "Australia/Lord_Howe",
    }
    answer = visitor.post("/auth/register", **SMITH, **profile)
    assert answer.status_code == 201
    assert {field: answer.json()[field] for field in ("role", *profile)} == {
        "role": "doctor",
        **profile,
    }


def test_a_phone_number_is_kept_as_e164_at_registration_and_in_the_profile(visitor: Visitor):
    answer = visitor.post("/auth/register", **JOHN, phone="(020) 7946 0958")
    assert (answer.status_code, answer.json()["phone"]) == (201, "+442079460958")
    visitor.log_in("john_patient")
    changed = visitor.patch("/users/me", phone="+44 (0)20 7946 0000 ext. 5")
    assert changed.json()["phone"] == "+442079460000;ext=5"
    refused = visitor.patch("/users/me", phone="123")
    assert code_of(refused) == (422, "invalid_input")
    assert refused.json()["errors"] == [
        {"field": "phone", "message": "This phone number is too short."}
    ]
    assert visitor.get("/users/me").json()["phone"] == "+442079460000;ext=5"


def test_registering_does_not_log_in(visitor: Visitor):
    answer = visitor.post("/auth/register", **JOHN)
    assert (answer.status_code, "set-cookie" in answer.headers) == (201, False)
    assert code_of(visitor.get("/auth/me")) == (401, "not_signed_in")


def test_names_are_kept_composed_and_trimmed(visitor: Visitor):
    answer = visitor.post(
        "/auth/register",
        **(JOHN | {"username": "jose\u0301", "full_name": "  Jose\u0301 Nu\u0301n\u0303ez "}),
    )
    assert (answer.json()["username"], answer.json()["full_name"]) == ("josé", "José Núñez")


@pytest.mark.parametrize("name", ["JOHN_PATIENT", "John@Example.com", "john_pat\u0069ent"])
def test_one_logs_in_by_user_name_or_address_in_any_spelling(visitor: Visitor, name: str):
    visitor.post("/auth/register", **JOHN)
    assert visitor.log_in(name).account["username"] == "john_patient"


def test_a_taken_name_stays_taken_after_its_owner_left(visitor: Visitor, database: Database):
    john = visitor.another().register("john_patient")
    deactivate(database, john)
    answer = visitor.post("/auth/register", **JOHN)
    assert code_of(answer) == (409, "username_taken")


def test_anybody_sees_the_doctors_by_name_and_nothing_private(clinic: Clinic):
    answer = clinic.anonymous.get("/users/doctors")
    zone = {"specialty": None, "timezone": "Europe/London"}
    assert answer.json() == [
        {"id": clinic.jones.id, "full_name": "Dr. Amy Jones", **zone},
        {"id": clinic.smith.id, "full_name": "Dr. John Smith", **zone},
    ]
    one = clinic.anonymous.get(f"/users/doctors/{clinic.smith.id}")
    assert one.json() == answer.json()[1]


def test_no_doctors_is_an_empty_list(visitor: Visitor):
    answer = visitor.get("/users/doctors")
    assert (answer.status_code, answer.json()) == (200, [])


def test_a_doctor_who_left_is_not_to_be_found(clinic: Clinic):
    answer = clinic.john.get(f"/users/doctors/{clinic.jose.id}")
    assert code_of(answer) == (404, "not_found")


def test_only_what_was_sent_changes(clinic: Clinic):
    before = clinic.john.get("/users/me").json()
    answer = clinic.john.patch("/users/me", full_name="John Q. Doe", phone=None)
    assert answer.status_code == 200
    assert answer.json() == before | {"full_name": "John Q. Doe", "phone": None}
    assert clinic.john.get("/users/me").json() == answer.json()


def test_a_doctor_changes_and_clears_the_public_profile(clinic: Clinic):
    answer = clinic.jones.patch("/users/me", specialty="Cardiology")
    assert answer.json()["specialty"] == "Cardiology"
    answer = clinic.jones.patch("/users/me", specialty=None)
    assert answer.json()["specialty"] is None


def test_a_changed_address_logs_in_and_the_old_one_does_not(clinic: Clinic):
    assert change_email(clinic.john, "new@example.com").status_code == 200
    assert clinic.john.another().log_in("new@example.com").account["username"] == "john_patient"
    answer = clinic.anonymous.post(
        "/auth/login", username="john_patient@example.com", password=PASSWORD
    )
    assert code_of(answer) == (401, "invalid_credentials")


def test_ones_own_address_in_another_spelling_is_not_taken(clinic: Clinic):
    answer = change_email(clinic.john, "John_Patient@example.com")
    assert (answer.status_code, answer.json()["email"]) == (200, "John_Patient@example.com")


def test_a_new_address_needs_the_password(clinic: Clinic):
    before = clinic.john.get("/users/me").json()
    missing = clinic.john.patch("/users/me", email="new@example.com", full_name="Someone else")
    wrong = change_email(clinic.john, "new@example.com", "wrong guess")
    assert [answer.json()["errors"] for answer in (missing, wrong)] == [
        [
            {
                "field": "current_password",
                "message": "Enter your password to change your e-mail address.",
            }
        ],
        [{"field": "current_password", "message": "This is not your present password."}],
    ]
    assert code_of(clinic.john.patch("/users/me", current_password=PASSWORD)) == INVALID
    assert clinic.john.get("/users/me").json() == before


def test_without_the_password_nobody_learns_whose_an_address_is(clinic: Clinic):
    for password in ("wrong guess", "", None):
        answers = [
            change_email(clinic.john, email, password)
            for email in ("jane_patient@example.com", "nobody@example.com")
        ]
        assert [code_of(answer) for answer in answers] == [INVALID] * 2
        assert answers[0].json() == answers[1].json()


def test_a_refused_address_does_not_say_why(clinic: Clinic):
    refused = change_email(clinic.john, "JANE_PATIENT@example.com")
    assert code_of(refused) == (409, "email_unavailable")
    assert refused.json()["detail"] == (
        "This e-mail address cannot be used. Use another one, or ask the clinic."
    )


@pytest.mark.parametrize("email", ["jane_patient@example.com", "john_{}@example.com"])
def test_five_new_addresses_an_hour_taken_or_not(clinic: Clinic, clock: FakeClock, email: str):
    for number in range(5):
        assert change_email(clinic.john, email.format(number)).status_code in {200, 409}
    refused = [change_email(clinic.john, address) for address in (email, "free@example.com")]
    assert [code_of(answer) for answer in refused] == [(429, "too_many_attempts")] * 2
    assert [answer.headers["Retry-After"] for answer in refused] == ["3600"] * 2
    assert change_email(clinic.jane, "jane@example.com").status_code == 200, "the control"
    clock.advance(hours=1)
    assert change_email(again(clinic.john), "free@example.com").status_code == 200


def test_twenty_new_addresses_an_hour_from_one_network(visitor: Visitor):
    people = [visitor.another().register(f"person_{number}") for number in range(5)]
    for number in range(20):
        answer = change_email(people[number // 5], f"new_{number}@example.com")
        assert answer.status_code == 200
    assert code_of(change_email(people[4], "one@example.com")) == (429, "too_many_attempts")


def test_wrong_passwords_for_a_new_address_are_limited(clinic: Clinic):
    for _ in range(10):
        assert code_of(change_email(clinic.john, "new@example.com", "wrong guess")) == INVALID
    assert code_of(change_email(clinic.john, "new@example.com")) == (429, "too_many_attempts")
    assert clinic.john.patch("/users/me", full_name="John").status_code == 200, "the control"


def change_email(person: Visitor, email: str, password: str | None = PASSWORD):
    return person.patch("/users/me", email=email, current_password=password)


def again(person: Visitor) -> Visitor:
    """The same person in another browser."""
    return person.another().log_in(person.account["username"])


def test_a_refused_registration_leaves_no_trace(clinic: Clinic, database: Database):
    before = read_all(database)
    taken = clinic.anonymous.post("/auth/register", **(JOHN | {"username": "john_doe_2"}))
    assert taken.status_code == 201
    assert len(read_all(database)["users"]) == len(before["users"]) + 1
    again = clinic.anonymous.post("/auth/register", **(JOHN | {"username": "john_doe_3"}))
    assert code_of(again) == (409, "email_taken")
    assert len(read_all(database)["users"]) == len(before["users"]) + 1
