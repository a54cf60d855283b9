"""Who is signed in: across tabs, restarts, logouts and expired sessions."""

import pytest
from streamlit.testing.v1 import AppTest

from app.core.security import token_digest
from app.models.models import LoginSession
from frontend.tests.clinic import Clinic
from frontend.tests.conftest import OpenPage
from frontend.tests.gateway import Gateway
from frontend.tests.people import browser_answers, cookie_order, fill, labels, log_in, press, texts
from ui.api.errors import UNREACHABLE
from ui.login.tickets import pinned_store

SIGNED_OUT = "You have been signed out. Please log in again."


def calls(gateway: Gateway, method: str, path: str) -> int:
    seen = [(request.method, request.url.path) for request in gateway.requests]
    return seen.count((method, f"/api/v1{path}"))


def is_login(tab: AppTest) -> bool:
    return labels(tab.tabs) == ["Login", "Register"]


def test_a_new_tab_is_logged_in_by_the_cookie_and_asks_once(
    clinic: Clinic, gateway: Gateway, open_page: OpenPage
):
    tab = open_page("account", as_user=clinic.add_user("john_patient"))

    tab.run()

    assert texts(tab.title) == ["Account"]
    assert calls(gateway, "GET", "/auth/me") == 1


def test_a_tab_without_a_cookie_asks_for_the_login(open_page: OpenPage):
    tab = open_page()

    assert is_login(tab)
    assert texts(tab.warning) == []


def test_an_expired_cookie_asks_for_the_login_and_says_why(
    clinic: Clinic, open_page: OpenPage, cookies: dict[str, str]
):
    cookies["session"] = "of-yesterday"

    tab = open_page("my-appointments")

    assert is_login(tab)
    assert texts(tab.warning) == [SIGNED_OUT]


def test_a_session_that_ends_in_the_middle_of_work_leads_back_to_the_page(
    clinic: Clinic, open_page: OpenPage
):
    tab = open_page("account", as_user=clinic.add_user("john_patient"))
    clinic.end_sessions()
    tab.run()
    assert is_login(tab)
    assert texts(tab.warning) == [SIGNED_OUT]

    log_in(tab, "john_patient")

    assert texts(tab.title) == ["Account"]
    assert texts(tab.warning) == []


def test_a_session_that_ends_in_a_callback_says_so(clinic: Clinic, open_page: OpenPage):
    john = clinic.add_user("john_patient")
    clinic.add_session(john)
    tab = open_page("account", as_user=john)
    clinic.end_sessions()

    press(tab, "Log out this device")

    assert is_login(tab)
    assert texts(tab.warning) == [SIGNED_OUT]


def test_a_second_login_in_the_same_tab_is_kept_too(clinic: Clinic, open_page: OpenPage):
    clinic.add_user("john_patient")
    tab = log_in(open_page("account"), "john_patient")
    clinic.end_sessions()
    tab.run()
    fill(tab, "Username", "john_patient")
    fill(tab, "Password", "password123")

    press(tab, "Log in")

    ticket = cookie_order(tab)["ticket"]
    cookies = pinned_store().redeem(ticket, "the-browser-under-test")
    [session] = clinic.all(LoginSession)
    assert session.token_digest == token_digest(cookies.session)
    assert cookies.device


def test_the_device_cookie_goes_along_with_the_next_login(
    clinic: Clinic, gateway: Gateway, open_page: OpenPage, cookies: dict[str, str]
):
    clinic.add_user("john_patient")
    cookies["device"] = "of-an-earlier-login"
    tab = log_in(open_page("account"), "john_patient")
    clinic.end_sessions()
    tab.run()

    log_in(tab, "john_patient")

    logins = [request for request in gateway.requests if request.url.path.endswith("/login")]
    first, second = [request.headers.get("cookie") for request in logins]
    assert first == "device=of-an-earlier-login"
    assert (second.startswith("device="), second == first) == (True, False)


@pytest.mark.parametrize("value", ["ü", "a b", "x; session=stolen", "x" * 3000])
def test_cookies_that_the_clinic_never_set_are_not_sent(
    clinic: Clinic, gateway: Gateway, open_page: OpenPage, cookies: dict[str, str], value: str
):
    clinic.add_user("john_patient")
    cookies |= {"device": value, "session": value}

    tab = log_in(open_page("account"), "john_patient")

    assert texts(tab.title) == ["Account"]
    assert [request.headers.get("cookie") for request in gateway.requests[:2]] == [None, None]


def test_logout_ends_the_session_and_clears_the_cookie(clinic: Clinic, open_page: OpenPage):
    tab = open_page("account", as_user=clinic.add_user("john_patient"))

    press(tab, "Log out")

    assert clinic.all(LoginSession) == []
    assert cookie_order(tab) == {"operation": "clear", "ticket": ""}
    assert (texts(tab.caption), labels(tab.button)) == (["One moment …"], [])


def test_logout_of_a_session_that_is_over_is_a_logout(clinic: Clinic, open_page: OpenPage):
    tab = open_page("account", as_user=clinic.add_user("john_patient"))
    clinic.end_sessions()

    press(tab, "Log out")

    assert cookie_order(tab)["operation"] == "clear"


def test_a_logout_that_fails_leaves_the_person_logged_in(
    clinic: Clinic, gateway: Gateway, open_page: OpenPage
):
    tab = open_page("account", as_user=clinic.add_user("john_patient"))
    gateway.down = True

    press(tab, "Log out")

    assert len(clinic.all(LoginSession)) == 1
    assert cookie_order(tab)["operation"] is None
    assert texts(tab.warning) == [f"You are still logged in. {UNREACHABLE}"]
    assert texts(tab.title) == ["Account"]


@pytest.mark.parametrize("url_path", ["home", "account", "my-appointments"])
def test_an_outage_shows_a_calm_page_and_passes(
    clinic: Clinic, gateway: Gateway, open_page: OpenPage, url_path: str
):
    gateway.down = True
    tab = open_page(url_path, as_user=clinic.add_user("john_patient"))
    assert texts(tab.title) == ["We will be right back"]
    assert texts(tab.info) == [UNREACHABLE]
    assert not tab.exception
    gateway.down = False

    press(tab, "Try again")

    titles = {"home": "Book Appointment", "account": "Account"}
    assert texts(tab.title) == [titles.get(url_path, "My Appointments")]


def test_one_person_never_sees_the_session_of_another(
    clinic: Clinic, open_page: OpenPage, cookies: dict[str, str]
):
    clinic.add_user("john_patient", full_name="John Doe")
    clinic.add_user("jane_patient", full_name="Jane Roe")
    john = log_in(open_page("account"), "john_patient")
    jane = log_in(open_page("account"), "jane_patient")

    john.run()
    jane.run()

    names = [texts(tab.markdown)[1] for tab in (john, jane)]
    assert names == ["John Doe", "Jane Roe"]


def test_answers_of_the_browser_without_an_order_change_nothing(
    clinic: Clinic, open_page: OpenPage
):
    tab = open_page("account", as_user=clinic.add_user("john_patient"))

    browser_answers(tab, "kept")

    assert texts(tab.title) == ["Account"]
