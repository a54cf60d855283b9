"""Everything can be reached at the width of a phone, without scrolling sideways."""

import pytest
from playwright.sync_api import Page, expect

from e2e import actions
from e2e.clinic import MONDAY, Clinic, Person, coming
from e2e.conftest import NewVisitor
from e2e.visitor import Visitor

PHONE = (390, 844)
PAGES = {
    "patient": ("Book Appointment", "My Appointments", "Account"),
    "doctor": ("Appointments", "Schedule Management", "Account"),
}


@pytest.fixture
def people(clinic: Clinic) -> dict[str, Person]:
    """A doctor and a patient who have met, so that the pages are not empty."""
    doctor = clinic.register("doctor", "Dr. Maximiliane Featherstonehaugh")
    patient = clinic.register("patient", "Bartholomew Cholmondeley")
    clinic.add_schedule(doctor, MONDAY, "09:00", "17:00")
    clinic.book(patient, doctor, coming(MONDAY), "10:00")
    return {"doctor": doctor, "patient": patient}


@pytest.fixture
def phone(new_visitor: NewVisitor) -> Visitor:
    return new_visitor(size=PHONE)


def expect_no_sideways_scroll(page: Page) -> None:
    expect(page.get_by_test_id("stStatusWidget")).to_be_hidden()
    overflow = page.evaluate(
        """() => [document.scrollingElement, ...document.querySelectorAll('[data-testid=stMain]')]
            .map(element => element.scrollWidth - element.clientWidth)"""
    )
    assert overflow == [0 for _ in overflow]


def test_login_and_registration(phone: Visitor) -> None:
    phone.open()
    actions.expect_login(phone.page)
    expect_no_sideways_scroll(phone.page)

    phone.page.get_by_role("tab", name="Register").click()
    expect(phone.page.get_by_role("button", name="Register")).to_be_visible()
    expect_no_sideways_scroll(phone.page)


@pytest.mark.parametrize("role", PAGES)
def test_every_page(phone: Visitor, people: dict[str, Person], role: str) -> None:
    phone.open()
    actions.log_in(phone.page, people[role].username)

    for name in PAGES[role]:
        actions.go_to(phone.page, name)
        expect_no_sideways_scroll(phone.page)
    actions.log_out(phone.page)
