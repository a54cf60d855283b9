"""The login: it outlives refreshes, tabs and restarts, and ends everywhere at once."""

import httpx
import pytest
from playwright.sync_api import expect

from e2e import actions
from e2e.clinic import Clinic, Person
from e2e.conftest import NewVisitor
from e2e.system import System
from e2e.visitor import Visitor


@pytest.fixture
def patient(clinic: Clinic) -> Person:
    return clinic.register("patient", "Jane Roe")


@pytest.fixture
def signed_in(new_visitor: NewVisitor, patient: Person) -> Visitor:
    visitor = new_visitor(tolerated=("WebSocket connection", "ERR_CONNECTION_REFUSED"))
    visitor.open("/my-appointments")
    actions.log_in(visitor.page, patient.username)
    actions.expect_page(visitor.page, "My Appointments")
    return visitor


def session_cookie_is_set(visitor: Visitor) -> bool:
    return any(cookie["name"] == "session" for cookie in visitor.context.cookies())


def test_a_refresh_keeps_the_login_and_the_page(signed_in: Visitor) -> None:
    signed_in.page.reload()

    actions.expect_page(signed_in.page, "My Appointments")


def test_a_second_tab_is_logged_in(signed_in: Visitor) -> None:
    tab = signed_in.new_tab("/account")

    actions.expect_page(tab, "Account")


def test_a_deep_link_leads_through_the_login(visitor: Visitor, patient: Person) -> None:
    visitor.open("/account")
    actions.log_in(visitor.page, patient.username)

    actions.expect_page(visitor.page, "Account")


def test_a_restart_of_the_frontend_keeps_the_login(signed_in: Visitor, system: System) -> None:
    # Of the notice that the server is away, and of the page's attempts to reach it meanwhile.
    signed_in.tolerate("dynamically imported module", "Client Error", "Is Streamlit still running")
    system.frontend.restart()
    signed_in.page.reload()

    actions.expect_page(signed_in.page, "My Appointments")


def test_a_restart_of_the_backend_keeps_the_login(signed_in: Visitor, system: System) -> None:
    system.backend.restart()
    signed_in.page.reload()

    actions.expect_page(signed_in.page, "My Appointments")


def test_logging_out_in_one_tab_logs_out_the_other(signed_in: Visitor) -> None:
    tab = signed_in.new_tab("/account")
    actions.expect_page(tab, "Account")

    actions.log_out(signed_in.page)

    actions.expect_login(tab)
    assert not session_cookie_is_set(signed_in)


def test_another_person_can_log_in_after_a_logout(signed_in: Visitor, clinic: Clinic) -> None:
    doctor = clinic.register("doctor", "Dr. Alice Moss")
    actions.log_out(signed_in.page)

    actions.log_in(signed_in.page, doctor.username)

    expect(signed_in.page.get_by_text("Dr. Alice Moss", exact=True)).to_be_visible()
    signed_in.page.reload()
    expect(signed_in.page.get_by_text("Dr. Alice Moss", exact=True)).to_be_visible()


def test_a_wrong_password_is_said_in_a_sentence(visitor: Visitor, patient: Person) -> None:
    visitor.open()

    actions.log_in(visitor.page, patient.username, "password124")

    actions.expect_notice(
        visitor.page, "The username or the password is wrong. Please check both and try again."
    )


def wrong_logins(system: System, patient: Person, number: int) -> list[int]:
    """What another program's guesses of the patient's password are answered."""
    body = {"username": patient.username, "password": "wrong guess"}
    with httpx.Client(base_url=f"{system.api_url}/api/v1", trust_env=False) as client:
        return [client.post("/auth/login", json=body).status_code for _ in range(number)]


def test_nobody_locks_a_known_browser_out(
    signed_in: Visitor, new_visitor: NewVisitor, patient: Person, system: System
) -> None:
    actions.log_out(signed_in.page)
    assert wrong_logins(system, patient, 11) == [401] * 10 + [429]

    actions.log_in(signed_in.page, patient.username)
    expect(signed_in.page.get_by_text("Jane Roe", exact=True)).to_be_visible()
    unknown = new_visitor()
    unknown.open()
    actions.log_in(unknown.page, patient.username)
    expect(unknown.page.get_by_text("Too many attempts")).to_be_visible()


def test_scripts_cannot_read_the_session(signed_in: Visitor) -> None:
    readable = signed_in.page.evaluate("document.cookie")
    flags = {
        cookie["name"]: (cookie["httpOnly"], cookie["sameSite"], cookie["path"])
        for cookie in signed_in.context.cookies()
        if cookie["name"] in {"session", "device"}
    }

    assert [part for part in readable.split("; ") if part.startswith(("session", "device"))] == []
    assert flags == {"session": (True, "Lax", "/"), "device": (True, "Lax", "/")}
