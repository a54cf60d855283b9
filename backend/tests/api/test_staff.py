"""Admins approve, invite, deactivate and look things up."""

from typing import Any

import pytest

from app.core.config import DoctorRegistration
from app.db.database import Database
from app.services.staff import STILL_BOOKED
from tests.api.clinic import MONDAY, Clinic, add_hours, book, deactivate, register_admin, set_back
from tests.api.tables import read_all
from tests.people import PASSWORD, Visitor, code_of

AFFECTED = (409, "appointments_affected")


def listed(visitor) -> list[str]:
    return [doctor["full_name"] for doctor in visitor.get("/users/doctors").json()]


def registration(username: str, **more):
    return {
        "username": username,
        "email": f"{username}@example.com",
        "full_name": username,
        "password": PASSWORD,
        "role": "doctor",
        **more,
    }


def test_a_doctor_who_waits_for_approval_is_not_listed_and_has_no_slots(visitor_with, database):
    visitor = visitor_with(doctor_registration=DoctorRegistration.APPROVAL)
    admin = register_admin(visitor.another(), database)
    doctor = visitor.another().register("dr_new", role="doctor")
    add_hours(doctor)
    slots = f"/schedules/doctor/{doctor.id}/available-slots"
    week = {"start_date": "2026-11-30", "end_date": "2026-11-30"}

    assert doctor.account["is_approved"] is False
    assert listed(visitor) == []
    assert code_of(visitor.get(slots, **week)) == (404, "not_found")
    patient = visitor.another().register("john_patient")
    assert code_of(book(patient, doctor, time="09:00")) == (404, "not_found")

    approved = admin.patch(f"/users/{doctor.id}", is_approved=True)
    assert (approved.status_code, approved.json()["is_approved"]) == (200, True)
    assert listed(visitor) == ["Dr New"]
    assert len(visitor.get(slots, **week).json()) == 16
    assert patient.account["is_approved"] is True


def test_where_doctors_are_invited_an_invitation_makes_one_account(visitor_with, database, clock):
    visitor = visitor_with(doctor_registration=DoctorRegistration.INVITE)
    admin = register_admin(visitor.another(), database)
    refused = visitor.post("/auth/register", **registration("dr_stranger"))
    assert code_of(refused) == (403, "invitation_needed")
    assert (
        visitor.post("/auth/register", **registration("anyone", role="patient")).status_code == 201
    )

    token = admin.post("/users/invitations").json()["token"]
    taken = visitor.post("/auth/register", **registration("anyone", invitation=token))
    assert code_of(taken) == (409, "username_taken")
    made = visitor.post("/auth/register", **registration("dr_invited", invitation=token))
    assert (made.status_code, made.json()["is_approved"]) == (201, True)
    again = visitor.post("/auth/register", **registration("dr_second", invitation=token))
    assert code_of(again) == (403, "invitation_needed")

    late = admin.post("/users/invitations").json()["token"]
    clock.advance(days=14)
    expired = visitor.post("/auth/register", **registration("dr_late", invitation=late))
    assert code_of(expired) == (403, "invitation_needed")


def test_an_invited_doctor_needs_no_approval(visitor_with, database):
    visitor = visitor_with(doctor_registration=DoctorRegistration.APPROVAL)
    admin = register_admin(visitor.another(), database)
    token = admin.post("/users/invitations").json()["token"]
    invited = visitor.post("/auth/register", **registration("dr_invited", invitation=token))
    again = visitor.post("/auth/register", **registration("dr_second", invitation=token))
    assert [made.json()["is_approved"] for made in (invited, again)] == [True, False]


def test_deactivation_ends_every_session_at_once(clinic: Clinic):
    assert clinic.john.delete(f"/appointments/{clinic.visit}").status_code == 200
    assert clinic.john.get("/auth/me").status_code == 200
    deactivated = clinic.admin.patch(f"/users/{clinic.john.id}", is_active=False)
    assert (deactivated.status_code, deactivated.json()["is_active"]) == (200, False)
    assert code_of(clinic.john.get("/auth/me")) == (401, "not_signed_in")

    assert clinic.admin.patch(f"/users/{clinic.john.id}", is_active=True).status_code == 200
    assert code_of(clinic.john.get("/auth/me")) == (401, "not_signed_in")
    assert clinic.john.another().log_in("john_patient").id == clinic.john.id


def test_a_change_of_role_ends_every_session(clinic: Clinic):
    assert clinic.admin.patch(f"/users/{clinic.john.id}", role="admin").status_code == 200
    assert code_of(clinic.john.get("/auth/me")) == (401, "not_signed_in")
    assert clinic.john.another().log_in("john_patient").account["role"] == "admin"


def test_a_doctor_with_booked_patients_stays_a_doctor(clinic: Clinic):
    refused = clinic.admin.patch(f"/users/{clinic.smith.id}", role="patient")
    assert code_of(refused) == (409, "appointments_affected")
    assert [visit["id"] for visit in refused.json()["appointments"]] == [clinic.visit]


def change(clinic: Clinic, who: str, **changes: Any) -> Any:
    return clinic.admin.patch(f"/users/{getattr(clinic, who).id}", **changes)


@pytest.mark.parametrize(
    ("who", "changes"),
    [
        ("smith", {"is_active": False}),
        ("smith", {"is_approved": False}),
        ("smith", {"role": "admin", "is_active": True}),
        ("john", {"is_active": False}),
        ("john", {"is_active": False, "role": "doctor"}),
    ],
)
def test_who_has_visits_that_are_not_over_does_not_leave(
    clinic: Clinic, database: Database, who: str, changes: dict[str, Any]
):
    before = read_all(database)
    refused = change(clinic, who, **changes)
    assert code_of(refused) == AFFECTED
    assert refused.json()["detail"] == STILL_BOOKED
    assert [visit["id"] for visit in refused.json()["appointments"]] == [clinic.visit]
    assert read_all(database) == before

    set_back(database, clinic.visit, days=14)
    assert change(clinic, who, **changes).status_code == 200


def test_who_became_something_else_leaves_no_visit_of_their_own_behind(clinic: Clinic):
    """As a patient, in each role that the person is given, beside those as a doctor."""
    for role in ("doctor", "admin"):
        assert change(clinic, "john", role=role).status_code == 200
        refused = change(clinic, "john", is_active=False)
        assert code_of(refused) == AFFECTED
        assert [visit["id"] for visit in refused.json()["appointments"]] == [clinic.visit]


def test_what_changes_nothing_about_visits_passes(clinic: Clinic, database: Database):
    for who, changes in (
        ("smith", {"is_active": True, "is_approved": True, "role": "doctor"}),
        ("john", {"is_approved": False}),
    ):
        answer = change(clinic, who, **changes)
        assert {name: answer.json()[name] for name in changes} == changes
    deactivate(database, clinic.smith)  # as a version before could
    assert change(clinic, "smith", is_active=False).status_code == 200
    assert code_of(change(clinic, "smith", role="patient")) == AFFECTED
    assert change(clinic, "smith", is_active=True).status_code == 200


def test_a_past_visit_is_not_moved_after_its_patient_left(clinic: Clinic, database: Database):
    set_back(database, clinic.visit, days=14)
    path, later = f"/appointments/{clinic.visit}", {"appointment_date": MONDAY}
    missed = clinic.smith.put(path, **later, appointment_time="10:00")
    assert (missed.status_code, missed.json()["appointment_time"]) == (200, "10:00")  # the control

    set_back(database, clinic.visit, days=14)
    assert change(clinic, "john", is_active=False).status_code == 200
    before = read_all(database)
    refused = clinic.smith.put(path, **later, appointment_time="11:00")
    assert code_of(refused) == (409, "illegal_transition")
    assert refused.json()["detail"] == "The patient of this visit has left the clinic."
    assert read_all(database) == before


@pytest.mark.parametrize(
    ("who", "changes"),
    [
        ("john", {"timezone": "Europe/Paris"}),
        ("admin", {"timezone": "Europe/Paris"}),
        ("jose", {"timezone": "Europe/Paris", "role": "patient"}),
    ],
)
def test_only_doctors_have_a_time_zone(
    clinic: Clinic, database: Database, who: str, changes: dict[str, Any]
):
    before = read_all(database)
    refused = change(clinic, who, **changes)
    if who == "admin":
        assert code_of(refused) == (409, "own_account")
    else:
        assert code_of(refused) == (422, "invalid_input")
        assert refused.json()["errors"] == [
            {"field": "timezone", "message": "Only doctors have a time zone."}
        ]
    assert read_all(database) == before


def test_who_becomes_a_doctor_gets_a_time_zone_at_once(clinic: Clinic):
    answer = change(clinic, "john", role="doctor", timezone="Europe/Paris")
    assert [answer.json()[name] for name in ("role", "timezone")] == ["doctor", "Europe/Paris"]


@pytest.mark.parametrize("zone", ["", "localtime", "Europe/Nowhere", None, 1])
def test_a_time_zone_of_another_person_is_one_that_exists(clinic: Clinic, zone: object):
    assert code_of(change(clinic, "jose", timezone=zone)) == (422, "invalid_input")


@pytest.mark.parametrize("changes", [{"is_active": False}, {"role": "doctor"}])
def test_admins_do_not_lock_themselves_out(clinic: Clinic, changes):
    refused = clinic.admin.patch(f"/users/{clinic.admin.id}", **changes)
    assert code_of(refused) == (409, "own_account")
    assert clinic.admin.get("/auth/me").json()["user"]["role"] == "admin"


def test_accounts_are_found_by_role_state_and_name(clinic: Clinic):
    def found(**filters):
        return [user["username"] for user in clinic.admin.get("/users/", **filters).json()]

    everybody = [*("dr_jones", "front_desk", "jane_patient", "john_patient", "dr_smith", "dr_josé")]
    assert found() == everybody
    assert found(role="patient") == ["jane_patient", "john_patient"]
    assert found(is_active=False) == ["dr_josé"]
    assert found(name="AMY") == ["dr_jones"]
    assert found(name="%") == []
    assert found(name="smith JOHN dr") == ["dr_smith"]
    assert found(name="jose") == found(name="JOSÉ") == ["dr_josé"]
    assert found(limit=1, after=clinic.jane.id) == ["john_patient"]
    assert found(id=[clinic.smith.id, clinic.jane.id]) == ["jane_patient", "dr_smith"]
    assert found(after=2**62) == []
    assert code_of(clinic.smith.get("/users/")) == (403, "forbidden")


def test_pages_go_on_behind_the_last_name(visitor: Visitor, database: Database):
    names = [
        "zoe Zander",
        "Åsa Berg",
        "dr. anna Dahl",
        "Joel O\u2019Brien",
        "John O'Brien",
        "Ásta B",
    ]
    for number, name in enumerate(names):
        visitor.another().register(f"person_{number}", full_name=name)
    admin = register_admin(visitor.another(), database)

    seen: list[str] = []
    after = 0
    while page := admin.get("/users/", limit=2, after=after).json():
        seen += [user["full_name"] for user in page]
        after = page[-1]["id"]

    assert seen == [
        *("dr. anna Dahl", "Åsa Berg", "Ásta B", "Front Desk", "Joel O\u2019Brien"),
        *("John O'Brien", "zoe Zander"),
    ]


def test_a_person_is_found_by_a_new_name_and_not_by_the_old(clinic: Clinic):
    def found(name: str) -> list[str]:
        return [user["username"] for user in clinic.admin.get("/users/", name=name).json()]

    clinic.john.patch(
        "/users/me", full_name="Jörg Müller", email="jm@example.com", current_password=PASSWORD
    )
    assert found("mueller") == found("Muller jorg") == found("jm@example.com") == ["john_patient"]
    assert found("john patient") == ["john_patient"]  # that is the user name
    clinic.jane.patch("/users/me", full_name="Eva Novák")
    assert found("novak") == ["jane_patient"]
    assert found("jane eva") == ["jane_patient"]


def test_doctors_are_listed_by_name_whatever_their_titles(visitor: Visitor):
    for number, name in enumerate(["Dr. Zoe Zander", "dr. anna Dahl", "Åsa Berg", "Prof. Émile B"]):
        visitor.another().register(f"dr_{number}", role="doctor", full_name=name)
    assert listed(visitor) == ["dr. anna Dahl", "Åsa Berg", "Prof. Émile B", "Dr. Zoe Zander"]


def test_an_admin_books_for_a_patient(clinic: Clinic):
    answer = book(clinic.admin, clinic.smith, time="12:00", patient_id=clinic.jane.id)
    assert (answer.status_code, answer.json()["patient_id"]) == (201, clinic.jane.id)
    unknown = book(clinic.admin, clinic.smith, time="12:30", patient_id=clinic.smith.id)
    assert code_of(unknown) == (404, "not_found")


def test_contact_data_is_for_those_who_have_an_appointment(clinic: Clinic):
    path = f"/users/patients/{clinic.john.id}"
    expected = {
        "id": clinic.john.id,
        "full_name": "John Patient",
        "email": "john_patient@example.com",
        "phone": "+442079460001",
    }
    for person in (clinic.john, clinic.smith, clinic.admin):
        assert person.get(path).json() == expected
    for person in (clinic.jane, clinic.jones):
        assert code_of(person.get(path)) == (404, "not_found")
    assert code_of(clinic.anonymous.get(path)) == (401, "not_signed_in")
