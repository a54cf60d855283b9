"""Every route, asked by everybody: authorization.toml says how it answers."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from httpx2 import Response

from app.api.fast.routes import FastRoute
from app.crud import crud_appointment, crud_user
from app.db.database import Database
from app.domain.appointments import AppointmentStatus
from app.domain.people import Role
from tests.api.clinic import OTHER_REASON, REASON, Clinic, set_back
from tests.api.tables import read_all
from tests.conftest import MONDAY_MORNING
from tests.people import Visitor, code_of

MATRIX = tomllib.loads(Path(__file__).with_name("authorization.toml").read_text())
CASES, SEES = MATRIX["case"], MATRIX["sees"]
PERSONAS = {
    "anonymous": "anonymous",
    "own_patient": "john",
    "other_patient": "jane",
    "own_doctor": "smith",
    "other_doctor": "jones",
    "admin": "admin",
    "patient_now_doctor": "john",
    "patient_now_admin": "john",
    "doctor_now_patient": "smith",
    "doctor_now_admin": "smith",
}
NEW_ROLES = {
    "patient_now_doctor": Role.DOCTOR,
    "patient_now_admin": Role.ADMIN,
    "doctor_now_patient": Role.PATIENT,
    "doctor_now_admin": Role.ADMIN,
}
PRIVATE = {
    "john": ("john_patient@example.com", "+442079460001", REASON),
    "jane": ("jane_patient@example.com", "+442079460002", OTHER_REASON),
    "smith": ("dr_smith@example.com",),
    "jones": ("dr_jones@example.com",),
}
NOT_OF_THE_API = {
    "/metrics",  # by network, not by person: see test_metrics.py
    "/openapi.json",
    "/static-offline-docs",
    "/docs",
    "/docs/oauth2-redirect",
}


def filled(values: dict[str, Any], clinic: Clinic) -> dict[str, Any]:
    """The values of a case, with the ids of the clinic in place of names in braces."""
    return {
        name: id_of(value[1:-1], clinic) if str(value).startswith("{") else value
        for name, value in values.items()
    }


def id_of(name: str, clinic: Clinic) -> int:
    if name == "session":
        return int(clinic.john.get("/auth/sessions").json()[0]["id"])
    named = getattr(clinic, name)
    return named.id if isinstance(named, Visitor) else int(named)


def routes_of(app: FastAPI) -> list[APIRoute]:
    """Every route of every router, whether the OpenAPI document shows it or not."""
    routers = [route.original_router for route in app.routes if hasattr(route, "original_router")]
    return [route for router in routers for route in router.routes]


def name_of(case: dict[str, Any]) -> str:
    return " ".join(case[part] for part in ("call", "what", "status") if part in case)


def give_role(database: Database, person: Visitor, role: Role) -> None:
    """Give a person another role, without the rules about that; their session stays."""
    with database.writing() as session:
        crud_user.update_user(session, person.id, changes={"role": role})


def set_status(database: Database, appointment_id: int, status: str) -> None:
    with database.writing() as session:
        crud_appointment.set_status(
            session, appointment_id, status=AppointmentStatus(status), now=MONDAY_MORNING
        )


def revealed_by(answer: Response) -> set[str]:
    """Whose private data an answer shows."""
    return {person for person, data in PRIVATE.items() if any(item in answer.text for item in data)}


@pytest.mark.parametrize("persona", PERSONAS)
@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_everybody_gets_the_answer_of_the_matrix(
    clinic: Clinic, database: Database, case: dict[str, Any], persona: str
):
    visitor: Visitor = getattr(clinic, PERSONAS[persona])
    method, template = case["call"].split()
    headers = {} if visitor.csrf_token is None else {"X-CSRF-Token": visitor.csrf_token}
    status, _, code = case[persona].partition(" ")
    path = template.format(**filled(case.get("ids", {}), clinic))
    if "status" in case:
        set_status(database, clinic.visit, case["status"])
    if "days_earlier" in case:
        set_back(database, clinic.visit, days=case["days_earlier"])
    if persona in NEW_ROLES:
        give_role(database, visitor, NEW_ROLES[persona])
    before = read_all(database)

    answer = visitor.client.request(
        method,
        path,
        headers=headers,
        params=filled(case.get("query", {}), clinic),
        json=filled(case["body"], clinic) if "body" in case else None,
    )

    if code:
        assert code_of(answer) == (int(status), code)
        assert read_all(database) == before
    else:
        assert (answer.status_code, answer.text) == (int(status), answer.text)
    assert revealed_by(answer) <= {*SEES[persona], *case.get("reveals", [])}


def test_private_data_is_recognised_where_it_may_be_seen(clinic: Clinic):
    """The control: the answers do hold what the matrix keeps from others."""
    diary = clinic.smith.get(f"/appointments/{clinic.visit}")
    assert all(item in diary.text for item in PRIVATE["john"])
    assert revealed_by(clinic.admin.get("/users/")) == {"john", "jane", "smith", "jones"}


def test_no_route_is_missing(clinic: Clinic):
    app = clinic.anonymous.client.app
    documented = {
        f"{method.upper()} {path}"
        for path, methods in app.openapi()["paths"].items()
        for method in methods
    }
    assert {case["call"] for case in CASES} == documented
    assert [route.path for route in routes_of(app) if not route.include_in_schema] == []
    assert len(routes_of(app)) == len(documented)


def test_nothing_else_is_mounted(clinic: Clinic):
    routes = clinic.anonymous.client.app.routes
    others = [route for route in routes if not isinstance(route, FastRoute)]
    assert {
        route.path for route in others if not hasattr(route, "original_router")
    } == NOT_OF_THE_API


@pytest.mark.fast_routes
def test_a_fast_route_stands_before_a_route_that_is_documented(clinic: Clinic):
    app = clinic.anonymous.client.app
    fast = {(route.method, route.path) for route in app.routes if isinstance(route, FastRoute)}
    assert fast == {
        ("GET", "/api/v1/appointments/my"),
        ("GET", "/api/v1/schedules/doctor/{doctor_id}/available-slots"),
        ("POST", "/api/v1/appointments/"),
    }
    documented = {
        (method, f"/api/v1{route.path}") for route in routes_of(app) for method in route.methods
    }
    assert fast <= documented


def test_every_case_answers_every_persona():
    optional = {"call", "what", "status", "days_earlier", "reveals", "ids", "query", "body"}
    assert [case.keys() - optional for case in CASES] == [PERSONAS.keys()] * len(CASES)
