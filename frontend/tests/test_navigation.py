"""Every address leads somewhere for everybody."""

import pytest
from streamlit.testing.v1 import AppTest

from frontend.tests.clinic import Clinic
from frontend.tests.conftest import OpenPage
from frontend.tests.people import labels, log_in, texts
from ui.formatting.text import plain, with_article
from ui.navigation import ENTRIES

LINKS = {
    "patient": ["Book Appointment", "My Appointments", "Account"],
    "doctor": ["Appointments", "Schedule Management", "Account"],
    "admin": ["People", "Book for a Patient", "Audit Log", "Account"],
}
TITLES = {entry.url_path: entry.title for entry in ENTRIES}
OFFICE = ["people", "book-for-a-patient", "audit-log"]
FOREIGN = {
    "patient": ["appointments", "schedule-management", *OFFICE],
    "doctor": ["book-appointment", "my-appointments", *OFFICE],
    "admin": ["book-appointment", "my-appointments", "appointments", "schedule-management"],
}
OWNERS = {
    "book-appointment": "patients",
    "my-appointments": "patients",
    "appointments": "doctors",
    "schedule-management": "doctors",
    **dict.fromkeys(OFFICE, "admins"),
}


def link_labels(tab: AppTest) -> list[str]:
    return [link.label for link in tab.get("page_link")]


@pytest.mark.parametrize("role", LINKS)
def test_the_links_are_those_of_the_role(clinic: Clinic, open_page: OpenPage, role: str):
    tab = open_page(as_user=clinic.add_user("somebody", role=role))

    assert link_labels(tab) == LINKS[role]
    assert texts(tab.title) == LINKS[role][:1]


@pytest.mark.parametrize("url_path", TITLES)
def test_a_deep_link_leads_through_the_login_to_the_page(
    clinic: Clinic, open_page: OpenPage, url_path: str
):
    role = OWNERS.get(url_path, "patients").removesuffix("s")
    clinic.add_user("somebody", role=role)
    tab = open_page(url_path)
    assert (labels(tab.tabs), texts(tab.title)) == (["Login", "Register"], ["Test Clinic"])

    log_in(tab, "somebody")

    assert texts(tab.title) == [TITLES[url_path]]


@pytest.mark.parametrize(
    ("role", "url_path"), [(role, path) for role, paths in FOREIGN.items() for path in paths]
)
def test_a_page_of_another_role_says_whose_it_is(
    clinic: Clinic, open_page: OpenPage, role: str, url_path: str
):
    tab = open_page(url_path, as_user=clinic.add_user("somebody", role=role))

    assert texts(tab.title) == [TITLES[url_path]]
    sentence = (
        f"This page is for {OWNERS[url_path]}, and you are logged in as {with_article(role)}. "
        "Choose one of the pages above, or log out and in again with another account."
    )
    assert texts(tab.warning) == [sentence]
    assert link_labels(tab) == LINKS[role]


def test_a_name_is_shown_letter_by_letter(clinic: Clinic, open_page: OpenPage):
    name = "[Jo](https://evil.example) :red[hn] **Doe**"
    tab = open_page("account", as_user=clinic.add_user("john_patient", full_name=name))

    assert texts(tab.markdown)[1] == plain(name)
    assert plain(name) != name


def test_a_doctor_who_waits_for_approval_is_told_so(clinic: Clinic, open_page: OpenPage):
    waiting = clinic.add_user("dr_smith", role="doctor", is_approved=False)

    tab = open_page("account", as_user=waiting)

    sentence = (
        "The clinic has yet to approve your account. "
        "Until then patients see neither you nor your working hours."
    )
    assert texts(tab.info) == [sentence]
