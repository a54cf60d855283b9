"""Log in and register, as a person does it."""

import json
from datetime import timedelta

import httpx
import pytest
from streamlit.testing.v1 import AppTest

from app.core.security import token_digest
from app.domain.errors import InvitationNeeded, TooManyAttempts
from app.models.models import LoginSession
from frontend.tests.clinic import Clinic
from frontend.tests.conftest import OpenPage
from frontend.tests.gateway import Gateway
from frontend.tests.people import browser_answers, cookie_order, fill, log_in, press, texts
from ui.api.errors import SENTENCES, UNREACHABLE
from ui.login.session import COOKIE_NOT_KEPT
from ui.login.tickets import pinned_store

WRONG = "The username or the password is wrong. Please check both and try again."


def choose_role(tab: AppTest, role: str) -> AppTest:
    return tab.radio[0].set_value(role).run()


def fields(tab: AppTest, form: str) -> list[tuple[str, str]]:
    """The labels of a tab's fields, each with what stands in it."""
    panel = next(one for one in tab.tabs if one.label == form)
    return [(field.label, field.value) for field in panel.text_input]


def register(tab: AppTest, **entries: str) -> AppTest:
    for label, text in entries.items():
        fill(tab.tabs[1], label.replace("_", " "), text)
    return press(tab, "Register")


def sent(gateway: Gateway, path: str) -> list[httpx.Request]:
    return [request for request in gateway.requests if request.url.path == f"/api/v1{path}"]


@pytest.mark.parametrize(
    ("role", "title"), [("patient", "Book Appointment"), ("doctor", "Appointments")]
)
def test_login_leads_to_the_first_page_of_the_role(
    clinic: Clinic, open_page: OpenPage, role: str, title: str
):
    clinic.add_user("somebody", role=role)

    tab = log_in(open_page(), "somebody")

    assert texts(tab.title) == [title]


@pytest.mark.parametrize("name", ["john_patient", "john_patient@example.com", " john_patient "])
def test_login_takes_username_and_address(clinic: Clinic, open_page: OpenPage, name: str):
    clinic.add_user("john_patient", full_name="John Doe")

    tab = log_in(open_page(), name)

    assert texts(tab.markdown)[:2] == ["**Test Clinic**", "John Doe"]


def test_the_browser_trades_the_ticket_for_the_new_session(clinic: Clinic, open_page: OpenPage):
    clinic.add_user("john_patient")
    tab = open_page()
    fill(tab, "Username", "john_patient")
    fill(tab, "Password", "password123")

    press(tab, "Log in")

    order = cookie_order(tab)
    cookies = pinned_store().redeem(order["ticket"], "the-browser-under-test")
    [session] = clinic.all(LoginSession)
    assert (order["operation"], texts(tab.title)) == ("adopt", [])
    assert session.token_digest == token_digest(cookies.session)
    assert cookies.device


def test_the_session_stands_nowhere_on_the_page(
    clinic: Clinic, open_page: OpenPage, cookies: dict[str, str]
):
    john = clinic.add_user("john_patient")
    login = clinic.add_session(john)
    cookies["session"] = login.token

    tab = open_page("account")

    page = "".join(str(getattr(node, "proto", "")) for node in tab)
    secrets = (login.token, login.csrf_token)
    assert ("John Patient" in page, [one in page for one in secrets]) == (True, [False, False])


def test_a_browser_that_keeps_no_cookie_is_told_so(clinic: Clinic, open_page: OpenPage):
    clinic.add_user("john_patient")
    tab = open_page()
    fill(tab, "Username", "john_patient")
    fill(tab, "Password", "password123")
    press(tab, "Log in")

    browser_answers(tab, "lost")

    assert texts(tab.warning) == [COOKIE_NOT_KEPT]
    assert texts(tab.title) == ["Book Appointment"]


def test_a_browser_without_cookies_is_told_so(
    clinic: Clinic, open_page: OpenPage, cookies: dict[str, str]
):
    clinic.add_user("john_patient")
    cookies.clear()

    tab = log_in(open_page(), "john_patient")

    assert texts(tab.warning) == [COOKIE_NOT_KEPT]
    assert texts(tab.title) == ["Book Appointment"]


@pytest.mark.parametrize(("username", "password"), [("john_patient", "wrong"), ("nobody", "x")])
def test_a_refused_login_says_why(
    clinic: Clinic, open_page: OpenPage, username: str, password: str
):
    clinic.add_user("john_patient")

    tab = log_in(open_page(), username, password)

    assert texts(tab.error) == [WRONG]
    assert fields(tab, "Login") == [("Username", username), ("Password", password)]


def test_an_empty_login_asks_nobody(gateway: Gateway, open_page: OpenPage):
    tab = log_in(open_page(), "  ", "")

    assert texts(tab.error) == ["Please enter your username and your password."]
    assert gateway.requests == []


def test_login_while_the_backend_is_down_works_when_it_is_back(
    clinic: Clinic, gateway: Gateway, open_page: OpenPage
):
    clinic.add_user("john_patient")
    tab = open_page()
    gateway.down = True
    log_in(tab, "john_patient")
    assert texts(tab.error) == [UNREACHABLE]
    gateway.down = False

    log_in(tab, "john_patient")

    assert texts(tab.title) == ["Book Appointment"]


def test_a_patient_registers_and_can_log_in_at_once(clinic: Clinic, open_page: OpenPage):
    tab = choose_role(open_page(), "patient")

    register(
        tab,
        Username="john_patient",
        Email="john@example.com",
        Full_name="John Doe",
        Password="password123",
    )

    assert texts(tab.success) == ["Your account has been created. You can log in with it now."]
    assert fields(tab, "Login") == [("Username", "john_patient"), ("Password", "")]
    assert fields(tab, "Register") == [
        ("Username", ""),
        ("Email", ""),
        ("Full name", ""),
        ("Password", ""),
        ("Phone", ""),
    ]
    fill(tab, "Password", "password123")
    press(tab, "Log in")
    browser_answers(tab, "kept")
    assert texts(tab.title) == ["Book Appointment"]


def test_a_doctor_registers_with_a_specialty(gateway: Gateway, open_page: OpenPage):
    tab = choose_role(open_page(), "doctor")

    register(
        tab,
        Username="dr_smith",
        Email=" dr.smith@example.com ",
        Full_name="Dr. John Smith",
        Password=" password123 ",
        Specialty="Cardiology",
    )

    assert [json.loads(request.content) for request in sent(gateway, "/auth/register")] == [
        {
            "username": "dr_smith",
            "email": "dr.smith@example.com",
            "full_name": "Dr. John Smith",
            "password": " password123 ",
            "role": "doctor",
            "specialty": "Cardiology",
        }
    ]


@pytest.mark.parametrize(
    ("username", "email", "password", "sentence"),
    [
        (
            "john",
            "john@example.com",
            "password123",
            "This username is already taken. Please choose another one.",
        ),
        (
            "jack",
            "jack",
            "short",
            (
                "Please check the e-mail address: "
                "An e-mail address has one @, as in name@example.com."
            ),
        ),
    ],
)
def test_a_refused_registration_says_why_and_keeps_the_form(
    clinic: Clinic, open_page: OpenPage, username: str, email: str, password: str, sentence: str
):
    clinic.add_user("john", email="other@example.com")
    tab = choose_role(open_page(), "patient")

    register(tab, Username=username, Email=email, Full_name="John Doe", Password=password)

    assert texts(tab.error) == [sentence]
    kept = [text for _, text in fields(tab, "Register")]
    assert kept == [username, email, "John Doe", password, ""]


def test_an_invited_doctor_hands_in_the_code(gateway: Gateway, open_page: OpenPage):
    tab = choose_role(open_page(), "doctor")

    register(
        tab,
        Username="dr_smith",
        Email="dr.smith@example.com",
        Full_name="Dr. John Smith",
        Password="password123",
        Invitation_code=" a-code ",
    )

    bodies = [json.loads(request.content) for request in sent(gateway, "/auth/register")]
    assert [body["invitation"] for body in bodies] == ["a-code"]


def test_a_doctor_without_an_invitation_is_told_where_to_get_one(
    gateway: Gateway, open_page: OpenPage
):
    gateway.refusals["POST", "/auth/register"] = InvitationNeeded()
    tab = choose_role(open_page(), "doctor")

    register(tab, Username="dr", Email="d@example.com", Full_name="Dr. D", Password="password123")

    assert texts(tab.error) == [SENTENCES["invitation_needed"]]


def test_too_many_attempts_say_how_long_to_wait(gateway: Gateway, open_page: OpenPage):
    sentence = "Too many attempts. Try again in 4 minutes."
    for path in ("/auth/login", "/auth/register"):
        gateway.refusals["POST", path] = TooManyAttempts(timedelta(minutes=4))
    tab = log_in(open_page(), "john_patient")
    assert texts(tab.error) == [sentence]

    register(tab, Username="j", Email="j@example.com", Full_name="J. Doe", Password="password123")

    assert texts(tab.error) == [sentence]


def test_an_incomplete_registration_asks_nobody(gateway: Gateway, open_page: OpenPage):
    tab = choose_role(open_page(), "patient")

    register(tab, Username="john_patient")

    assert texts(tab.error) == ["Please fill in username, email, full name and password."]
    assert gateway.requests == []
