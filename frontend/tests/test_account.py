"""The account page."""

import json
from datetime import timedelta

import pytest

from app.domain.errors import TooManyAttempts
from app.models.models import LoginSession, User
from frontend.tests.clinic import Clinic
from frontend.tests.conftest import OpenPage
from frontend.tests.gateway import Gateway
from frontend.tests.people import browser_answers, cookie_order, fill, labels, press, texts
from ui.account.devices import device_name
from ui.api.errors import SENTENCES, UNREACHABLE

CHROME = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/156.0.0.0 Safari/537.36"
)
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/19.0 Mobile/15E148 Safari/604.1"
)


@pytest.fixture
def john(clinic: Clinic) -> User:
    return clinic.add_user("john_patient", full_name="John Doe", email="john@example.com")


def change_password(tab, current: str, new: str, again: str):
    fill(tab, "Current password", current)
    fill(tab, "New password", new)
    fill(tab, "New password again", again)
    return press(tab, "Change password")


def test_only_what_was_changed_is_sent(
    clinic: Clinic, gateway: Gateway, john: User, open_page: OpenPage
):
    clinic.change(john, phone="+442079460000")
    tab = open_page("account", as_user=john)
    fill(tab, "Full name", " John A. Doe ")
    fill(tab, "Phone", " ")

    press(tab, "Save profile")

    bodies = [json.loads(sent.content) for sent in gateway.requests if sent.method == "PATCH"]
    assert bodies == [{"full_name": "John A. Doe", "phone": None}]
    assert texts(tab.success) == ["Your profile has been saved."]
    assert texts(tab.markdown)[1] == "John A. Doe"


def test_nothing_changed_is_said(clinic: Clinic, john: User, open_page: OpenPage):
    tab = open_page("account", as_user=john)

    press(tab, "Save profile")

    assert texts(tab.info) == ["There is nothing to save: nothing has been changed."]


def test_doctors_have_a_specialty_and_a_zone(clinic: Clinic, open_page: OpenPage):
    doctor = clinic.add_user("dr_smith", role="doctor", specialty="Cardiology")
    tab = open_page("account", as_user=doctor)
    fill(tab, "Specialty", "Neurology")
    tab.selectbox[0].set_value("Europe/Berlin")

    press(tab, "Save profile")

    saved = clinic.fresh(doctor)
    assert (saved.specialty, saved.timezone) == ("Neurology", "Europe/Berlin")


def test_a_refused_profile_says_why(clinic: Clinic, john: User, open_page: OpenPage):
    clinic.add_user("jane_patient")
    tab = open_page("account", as_user=john)
    fill(tab, "Email", "jane_patient@example.com")
    fill(tab, "Your password", "password123")

    press(tab, "Save profile")

    assert texts(tab.error) == [SENTENCES["email_unavailable"]]


def test_a_new_address_needs_the_password(clinic: Clinic, john: User, open_page: OpenPage):
    tab = open_page("account", as_user=john)
    fill(tab, "Email", "john.doe@example.com")

    press(tab, "Save profile")
    assert texts(tab.error) == ["Please enter your password to change the email."]
    fill(tab, "Your password", "wrong guess")
    press(tab, "Save profile")
    assert texts(tab.error) == [
        "Please check the current password: This is not your present password."
    ]
    assert clinic.fresh(john).email == "john@example.com"
    fill(tab, "Your password", "password123")
    press(tab, "Save profile")

    assert (clinic.fresh(john).email, texts(tab.success)) == (
        "john.doe@example.com",
        ["Your profile has been saved."],
    )
    assert [field.value for field in tab.text_input if field.label == "Your password"] == [""]


def test_a_new_password_replaces_the_session(clinic: Clinic, john: User, open_page: OpenPage):
    tab = open_page("account", as_user=john)
    clinic.add_session(john)

    change_password(tab, "password123", "correct horse", "correct horse")

    assert (cookie_order(tab)["operation"], len(clinic.all(LoginSession))) == ("adopt", 1)
    browser_answers(tab, "kept")
    assert texts(tab.success) == [
        "Your password has been changed. All other devices are logged out."
    ]
    assert clinic.has_password(john, "correct horse")
    assert texts(tab.title) == ["Account"]


@pytest.mark.parametrize(
    ("entered", "sentence"),
    [
        (("", "", ""), "Please enter your current password and a new one."),
        (
            ("password123", "one", "two"),
            "The two new passwords differ. Please enter the same one twice.",
        ),
        (
            ("wrong", "correct horse", "correct horse"),
            "Please check the current password: This is not your present password.",
        ),
    ],
)
def test_a_refused_password_says_why(
    clinic: Clinic, john: User, open_page: OpenPage, entered: tuple[str, str, str], sentence: str
):
    tab = open_page("account", as_user=john)

    change_password(tab, *entered)

    assert texts(tab.error) == [sentence]
    assert clinic.has_password(john, "password123")


def test_too_many_guesses_of_the_present_password_say_how_long_to_wait(
    gateway: Gateway, john: User, open_page: OpenPage
):
    sentence = "Too many attempts. Try again in 5 minutes."
    gateway.refusals["POST", "/auth/password"] = TooManyAttempts(timedelta(minutes=5))
    tab = open_page("account", as_user=john)

    change_password(tab, "password123", "correct horse", "correct horse")

    assert texts(tab.error) == [sentence]


def test_devices_are_listed_by_name_and_last_use(clinic: Clinic, john: User, open_page: OpenPage):
    clinic.add_session(john, IPHONE)
    clinic.now += timedelta(minutes=50)

    tab = open_page("account", as_user=john)

    assert texts(tab.markdown)[2:] == [
        "**Unknown browser**  \nThis device",
        "**Safari on iPhone**  \nLast used Monday 30 November 2026, 7:00",
    ]


def test_another_device_is_logged_out(clinic: Clinic, john: User, open_page: OpenPage):
    clinic.add_session(john, IPHONE)
    tab = open_page("account", as_user=john)

    press(tab, "Log out this device")

    assert texts(tab.success) == ["That device has been logged out."]
    assert (len(clinic.all(LoginSession)), labels(tab.button)[-1:]) == (1, ["Log out everywhere"])


def test_log_out_everywhere(clinic: Clinic, john: User, open_page: OpenPage):
    jane = clinic.add_user("jane_patient")
    hers = clinic.add_session(jane)
    clinic.add_session(john)
    tab = open_page("account", as_user=john)

    press(tab, "Log out everywhere")

    assert [one.id for one in clinic.all(LoginSession)] == [hers.session.id]
    assert cookie_order(tab)["operation"] == "clear"


def test_an_outage_in_the_middle_of_the_page_is_a_sentence(
    gateway: Gateway, john: User, open_page: OpenPage
):
    tab = open_page("account", as_user=john)
    gateway.down = True

    tab.run()

    assert (texts(tab.error), labels(tab.button)[-1:]) == ([UNREACHABLE], ["Try again"])


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (CHROME, "Chrome on Linux"),
        (IPHONE, "Safari on iPhone"),
        (CHROME.replace("X11; Linux x86_64", "Windows NT 10.0") + " Edg/156.0", "Edge on Windows"),
        ("Mozilla/5.0 (Android 16; Mobile; rv:150.0) Firefox/150.0", "Firefox on Android"),
        ("curl/8.5.0", "curl"),
        ("", "Unknown browser"),
        (None, "Unknown browser"),
    ],
)
def test_devices_have_the_names_people_use(user_agent: str | None, name: str):
    assert device_name(user_agent) == name
