"""Invitations: what ends them, who sees them, and which one the audit log names."""

import pytest
from sqlalchemy import func, select

from app.core.config import DoctorRegistration
from app.crud import crud_invitation
from app.db.database import Database
from app.domain.errors import NotSignedIn
from app.domain.people import Actor, Role
from app.domain.throttling import AttemptKind
from app.http.resources import Resources
from app.models.models import Attempt
from app.services import staff
from tests.api.clinic import Clinic, register_admin
from tests.api.tables import read_all
from tests.api.test_authorization import give_role
from tests.api.test_staff import registration
from tests.conftest import MONDAY_MORNING, FakeClock
from tests.people import Visitor, code_of

NEEDED = (403, "invitation_needed")


@pytest.fixture
def visitor(visitor_with) -> Visitor:
    """Somebody at a clinic where doctors are invited."""
    return visitor_with(doctor_registration=DoctorRegistration.INVITE)


@pytest.fixture
def admin(visitor: Visitor, database: Database) -> Visitor:
    return register_admin(visitor.another(), database)


@pytest.fixture
def second(visitor: Visitor, admin: Visitor) -> Visitor:
    """A second admin."""
    person = visitor.another().register("second_admin")
    assert admin.patch(f"/users/{person.id}", role="admin").status_code == 200
    return person.log_in("second_admin")


def invited(admin: Visitor) -> tuple[int, str]:
    """A new invitation: its id and its token."""
    answer = admin.post("/users/invitations")
    assert answer.status_code == 201
    return answer.json()["id"], answer.json()["token"]


def open_ids(admin: Visitor) -> list[int]:
    return [one["id"] for one in admin.get("/users/invitations").json()]


def register(visitor: Visitor, username: str, token: str):
    return visitor.another().post("/auth/register", **registration(username, invitation=token))


def registrations(database: Database) -> int:
    """How many registrations have been counted."""
    with database.reading() as session:
        of_kind = select(func.count()).where(Attempt.kind == AttemptKind.REGISTRATION)
        return session.scalars(of_kind).one()


def newest(admin: Visitor, action: str, limit: int) -> list[tuple[int | None, int, str, str]]:
    return [
        (row["actor_id"], row["resource_id"], row["fields"], row["outcome"])
        for row in admin.get("/audit/", action=action, limit=limit).json()
    ]


def test_the_list_has_those_that_can_still_be_used_and_no_token(
    visitor: Visitor, admin: Visitor, second: Visitor, clock: FakeClock
):
    old, _ = invited(admin)
    clock.advance(days=13)
    for person, name in ((admin, "front_desk"), (second, "second_admin")):
        person.log_in(name)
    _, token = invited(admin)
    revoked, _ = invited(admin)
    new, _ = invited(second)
    assert register(visitor, "dr_invited", token).status_code == 201
    assert admin.delete(f"/users/invitations/{revoked}").status_code == 204
    assert open_ids(second) == [new, old]
    assert admin.get("/users/invitations").json()[0] == {
        "id": new,
        "created_at": "2026-12-06T08:00:00Z",
        "expires_at": "2026-12-20T08:00:00Z",
        "created_by": second.id,
        "created_by_name": "Second Admin",
    }
    clock.advance(days=1)
    admin.log_in("front_desk")
    assert open_ids(admin) == [new]


def test_a_revoked_one_makes_no_account(visitor: Visitor, admin: Visitor, database: Database):
    number, token = invited(admin)
    assert admin.delete(f"/users/invitations/{number}").status_code == 204
    before = read_all(database)
    assert code_of(register(visitor, "dr_late", token)) == NEEDED
    assert code_of(admin.delete(f"/users/invitations/{number}")) == (404, "not_found")
    assert read_all(database) == before
    assert newest(admin, "invitation.revoke", 2) == [
        (admin.id, number, "", "not_found"),
        (admin.id, number, "", "ok"),
    ]


@pytest.mark.parametrize(
    ("change", "back"),
    [({"role": "patient"}, {"role": "admin"}), ({"is_active": False}, {"is_active": True})],
)
def test_those_of_a_former_admin_end_for_good(
    visitor: Visitor, admin: Visitor, second: Visitor, change: dict, back: dict
):
    kept, kept_token = invited(admin)
    ended = [invited(second) for _ in range(2)]
    assert admin.patch(f"/users/{second.id}", **change).status_code == 200
    assert open_ids(admin) == [kept]
    assert newest(admin, "invitation.revoke", 2) == [
        (admin.id, number, "", "ok") for number, _ in reversed(ended)
    ]
    assert admin.patch(f"/users/{second.id}", **back).status_code == 200
    assert [code_of(register(visitor, "dr_new", token)) for _, token in ended] == [NEEDED] * 2
    assert register(visitor, "dr_new", kept_token).status_code == 201


def test_the_record_of_an_account_names_its_invitation_and_its_role(
    visitor: Visitor, admin: Visitor
):
    number, token = invited(admin)
    doctor = register(visitor, "dr_invited", token).json()
    patient = visitor.another().register("john_patient")
    assert newest(admin, "account.create", 2) == [
        (None, patient.id, "role=patient", "ok"),
        (None, doctor["id"], f"invitation={number},role=doctor", "ok"),
    ]
    assert newest(admin, "doctor.invite", 1) == [(admin.id, number, "", "ok")]


def test_no_id_is_given_out_twice(visitor: Visitor, admin: Visitor, clock: FakeClock):
    ids = []
    for username in ("dr_first", "dr_second"):
        number, token = invited(admin)
        assert register(visitor, username, token).status_code == 201
        ids.append(number)
        clock.advance(days=15)
        admin.log_in("front_desk")
    assert len({*ids, invited(admin)[0]}) == 3


def test_one_that_is_revoked_while_the_password_is_hashed_makes_no_account(
    visitor: Visitor, admin: Visitor, database: Database, monkeypatch: pytest.MonkeyPatch
):
    number, token = invited(admin)
    assert admin.delete(f"/users/invitations/{number}").status_code == 204
    before, counted = read_all(database), registrations(database)
    monkeypatch.setattr(crud_invitation, "find_open_invitation", lambda *_, **__: number)
    assert code_of(register(visitor, "dr_late", token)) == NEEDED
    assert read_all(database) == before
    assert registrations(database) == counted + 1  # the attempt counts


def test_an_admin_who_has_just_been_demoted_invites_nobody(clinic: Clinic, database: Database):
    resources: Resources = clinic.admin.client.app.state.resources
    actor = Actor(clinic.admin.id, Role.ADMIN)
    give_role(database, clinic.admin, Role.PATIENT)
    with resources.database.writing() as session, pytest.raises(NotSignedIn):
        staff.invite_doctor(session, actor, now=MONDAY_MORNING)
    give_role(database, clinic.admin, Role.ADMIN)
    with resources.database.writing() as session:
        staff.invite_doctor(session, actor, now=MONDAY_MORNING)
