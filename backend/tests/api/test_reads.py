"""Services decide who may read what: no route is between the reader and the data here."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.db.database import Database
from app.domain.errors import DomainError, Forbidden, NotFound
from app.domain.people import Actor, Role
from app.features.audit_log import service
from app.services import appointments, directory, scheduling
from tests.api.clinic import Clinic

Read = Callable[[Session, Actor, Clinic], object]
ALL_ACCOUNTS: dict[str, Any] = {
    "ids": None,
    "role": None,
    "is_active": None,
    "is_approved": None,
    "name": None,
    "after": 0,
    "limit": 100,
}
ALL_RECORDS: dict[str, Any] = {
    "actor_id": None,
    "action": None,
    "outcome": None,
    "since": None,
    "until": None,
    "before": None,
    "limit": 100,
}
ROLES = {
    "john": Role.PATIENT,
    "jane": Role.PATIENT,
    "smith": Role.DOCTOR,
    "jones": Role.DOCTOR,
    "admin": Role.ADMIN,
}


def doctor_day(session: Session, actor: Actor, clinic: Clinic) -> object:
    return appointments.doctor_day(
        session, actor, doctor_id=clinic.smith.id, day=date(2026, 11, 30)
    )


def one_appointment(session: Session, actor: Actor, clinic: Clinic) -> object:
    return appointments.get_appointment(session, actor, appointment_id=clinic.visit)


def patient(session: Session, actor: Actor, clinic: Clinic) -> object:
    return directory.get_patient(session, actor, patient_id=clinic.john.id)


def accounts(session: Session, actor: Actor, clinic: Clinic) -> object:
    return directory.list_accounts(session, actor, **ALL_ACCOUNTS)


def own_hours(session: Session, actor: Actor, clinic: Clinic) -> object:
    return scheduling.own_hours(session, actor)


def records(session: Session, actor: Actor, clinic: Clinic) -> object:
    return service.list_records(session, actor, patient_id=clinic.john.id, **ALL_RECORDS)


@pytest.mark.parametrize(
    ("read", "may", "refusal"),
    [
        (doctor_day, {"smith", "admin"}, NotFound),
        (one_appointment, {"john", "smith", "admin"}, NotFound),
        (patient, {"john", "smith", "admin"}, NotFound),
        (accounts, {"admin"}, Forbidden),
        (own_hours, {"smith", "jones"}, Forbidden),
        (records, {"john", "admin"}, NotFound),
    ],
)
def test_who_may_read(
    clinic: Clinic, database: Database, read: Read, may: set[str], refusal: type[DomainError]
):
    outcomes: dict[str, type[DomainError] | None] = {}
    with database.reading() as session:
        for name, role in ROLES.items():
            actor = Actor(getattr(clinic, name).id, role)
            try:
                read(session, actor, clinic)
                outcomes[name] = None
            except DomainError as error:
                outcomes[name] = type(error)
    assert outcomes == {name: None if name in may else refusal for name in ROLES}


def test_a_record_shows_its_patient_no_other_patient(clinic: Clinic, database: Database):
    assert clinic.admin.get("/users/").status_code == 200

    def patients_of_the_list(person: Actor) -> list[list[int]]:
        wanted = ALL_RECORDS | {"action": "account.list"}
        with database.reading() as session:
            found = service.list_records(session, person, patient_id=None, **wanted)
        return [sorted(record.patient_ids) for record in found]

    everybody = sorted({clinic.john.id, clinic.jane.id})
    assert patients_of_the_list(Actor(clinic.john.id, Role.PATIENT)) == [[clinic.john.id]]
    assert patients_of_the_list(Actor(clinic.admin.id, Role.ADMIN)) == [everybody]
