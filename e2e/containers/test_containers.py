"""The clinic as Docker Compose starts it: it works, stays, and gives no more away than it must."""

import socket
import time
from datetime import date
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import expect

from e2e import actions
from e2e.clinic import FRIDAY, MONDAY, WEDNESDAY, Clinic, coming, spoken
from e2e.containers.compose import NO_FILE, SERVICES, Compose
from e2e.containers.people import Somebody
from e2e.visitor import Visitor

LONGEST_STOP = 5.0  # seconds
MEBIBYTE = 1024 * 1024
MEMORY = {"database": 256 * MEBIBYTE, "backend": 512 * MEBIBYTE, "frontend": 768 * MEBIBYTE}


def test_the_walkthrough_goes_on_over_a_restart_of_every_service(system: Compose) -> None:
    monday, wednesday = coming(MONDAY), coming(WEDNESDAY)
    doctor = Somebody(system.api_url).register(
        "doctor", "dr_smith", "dr.smith@example.com", "Dr. John Smith"
    )
    patient = Somebody(system.api_url).register(
        "patient", "john_patient", "john@example.com", "John Doe"
    )
    for day in (MONDAY, WEDNESDAY):
        doctor.works(day, "09:00", "17:00")
    doctor.works(FRIDAY, "09:00", "13:00")
    appointment = patient.books(doctor, monday, "09:00")

    for service in SERVICES:
        system.restart(service)

    doctors = {each["id"]: each["full_name"] for each in patient.call("GET", "/users/doctors")}
    assert doctors[doctor.id] == "Dr. John Smith"
    assert patient.appointments() == [(str(monday), "09:00", "scheduled")]
    assert patient.free_times(doctor, monday) == half_hours(monday)[1:]
    moved = {"appointment_date": str(wednesday), "appointment_time": "11:00"}
    patient.call("PUT", f"/appointments/{appointment['id']}", **moved)
    assert doctor.appointments() == [(str(wednesday), "11:00", "scheduled")]
    second = patient.books(doctor, monday, "09:30")
    patient.call("DELETE", f"/appointments/{second['id']}")
    assert patient.appointments() == [
        (str(monday), "09:30", "cancelled"),
        (str(wednesday), "11:00", "scheduled"),
    ]


def half_hours(day: date) -> list[str]:
    """The slots of a working day from nine to five."""
    assert day.weekday() in {MONDAY, WEDNESDAY}
    return [f"{hour:02}:{minute:02}" for hour in range(9, 17) for minute in (0, 30)]


def test_a_browser_stays_logged_in_over_a_restart_of_every_service(
    visitor: Visitor, clinic: Clinic, system: Compose
) -> None:
    doctor, patient = clinic.register("doctor", "Dr. Eve Stone"), clinic.register("patient", "Jo")
    clinic.add_schedule(doctor, MONDAY, "09:00", "17:00")
    clinic.book(patient, doctor, coming(MONDAY), "09:00")
    visitor.open("/my-appointments")
    actions.log_in(visitor.page, patient.username)
    actions.expect_page(visitor.page, "My Appointments")
    visitor.open("/healthz")  # no page of the clinic is open while it restarts

    for service in SERVICES:
        system.restart(service)

    visitor.open("/my-appointments")
    actions.expect_page(visitor.page, "My Appointments")
    heading = visitor.page.get_by_text(f"{spoken(coming(MONDAY))}, 9:00")
    expect(heading).to_be_visible()


def test_the_documentation_answers(system: Compose) -> None:
    answer = httpx.get(f"{system.api_url}/docs")

    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")


@pytest.mark.parametrize("service", SERVICES)
def test_a_container_has_no_rights_that_it_does_not_need(system: Compose, service: str) -> None:
    described = system.inspect(service)
    host = described["HostConfig"]

    assert {
        "user": described["Config"]["User"],
        "read-only": host["ReadonlyRootfs"],
        "dropped": host["CapDrop"],
        "added": host["CapAdd"],
        "security": host["SecurityOpt"],
        "privileged": host["Privileged"],
        "processes": host["PidsLimit"],
        "memory": host["Memory"],
    } == {
        "user": "10001:10001",
        "read-only": True,
        "dropped": ["ALL"],
        "added": None,
        "security": ["no-new-privileges:true"],
        "privileged": False,
        "processes": 128,
        "memory": MEMORY[service],
    }


@pytest.mark.parametrize("service", SERVICES)
def test_an_image_has_no_tools_to_build_with_and_no_settings(system: Compose, service: str) -> None:
    look = "command -v gcc cc make uv; find / -xdev -name '.env*' -not -path '/proc/*' 2>/dev/null"

    assert system.attempt("exec", service, "sh", "-c", look).stdout == ""


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_stops_in_time_with_clients_at_work(system: Compose, service: str) -> None:
    with (
        socket.create_connection(address_of(system.api_url)) as idle_at_the_api,
        socket.create_connection(address_of(system.url)) as idle_at_the_frontend,
    ):
        for connection in (idle_at_the_api, idle_at_the_frontend):
            connection.sendall(b"POST /api/v1/auth/login HTTP/1.1\r\nHost: localhost\r\n")
        began = time.monotonic()
        system.run("stop", "--timeout=20", service)
        took = time.monotonic() - began
    state = system.inspect(service)["State"]
    system.start()

    assert took < LONGEST_STOP
    assert (state["Status"], state["OOMKilled"], state["ExitCode"] in {0, 143}) == (
        "exited",
        False,
        True,
    )


def address_of(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return "127.0.0.1", int(parts.port or 80)


@pytest.mark.parametrize(
    ("service", "problems"),
    [
        (
            "backend",
            (
                "refusing to start in production: PUBLIC_URL must begin with https://; "
                "SECRET_KEY must be your own and have 32 characters or more; "
                "PASSWORD_POLICY=document is for trying out; use asvs or nist; "
                "DOCTOR_REGISTRATION=open lets anybody be a doctor; use approval or invite"
            ),
        ),
        ("frontend", "APP_ENV=production needs a PUBLIC_URL that starts with https://"),
    ],
)
def test_production_refuses_unsafe_settings(service: str, problems: str) -> None:
    compose = Compose(APP_ENV="production")
    try:
        compose.run("build", service)
        refused = compose.attempt("run", "--rm", "--no-deps", service)
    finally:
        compose.down()

    assert refused.returncode != 0
    assert problems in refused.stdout + refused.stderr


def test_it_needs_no_settings_at_all() -> None:
    compose = Compose(env_file=NO_FILE)
    try:
        compose.up()
        assert httpx.get(f"{compose.api_url}/readyz", timeout=30).json() == {"status": "ok"}
        assert httpx.get(f"{compose.url}/healthz", timeout=30).json() == {"status": "ok"}
    finally:
        compose.down()
