"""The pictures of the README, taken in a clinic of invented people."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from e2e import actions
from e2e.clinic import MONDAY, coming
from e2e.conftest import RESULTS, NewVisitor
from e2e.system import System
from e2e.test_phone import PHONE

PASSWORD = "demo-password"
DOCTOR = "Dr. Jana Novák"


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    folder = tmp_path_factory.mktemp("demo")
    system = System(folder, RESULTS / "demo", f"sqlite:///{folder / 'clinic.db'}")
    try:
        system.start()
        system.clinic("demo-data", "--seed", "1")
        yield system
    finally:
        system.stop()


def test_a_patient_chooses_a_time(new_visitor: NewVisitor, pictures: Path) -> None:
    patient = new_visitor()
    patient.open("/book-appointment")
    actions.log_in(patient.page, "emma_clarke", PASSWORD)
    actions.expect_page(patient.page, "Book Appointment")

    actions.choose(patient.page, "Doctor", DOCTOR)
    actions.choose_date(patient.page, "Date", coming(MONDAY, weeks_ahead=3))
    times = patient.page.get_by_role("radio")
    expect(times.first).to_be_visible()
    times.first.click()
    actions.write(patient.page, "Reason", "Regular checkup")
    expect(patient.page.locator(".fc-event").first).to_be_visible()

    take(patient.page, pictures / "book-appointment.png")


def test_a_doctor_sees_the_week(new_visitor: NewVisitor, pictures: Path) -> None:
    doctor = new_visitor()
    doctor.open("/appointments")
    actions.log_in(doctor.page, "dr_novak", PASSWORD)
    actions.expect_page(doctor.page, "Appointments")

    actions.choose_radio(doctor.page, "Show", "Calendar")
    calendar = doctor.page.get_by_label("My appointments", exact=True)
    calendar.get_by_role("button", name="Next").click()
    expect(calendar.locator(".fc-event").first).to_be_visible()

    take(doctor.page, pictures / "doctor-week.png")


def test_a_patient_looks_at_the_phone(new_visitor: NewVisitor, pictures: Path) -> None:
    patient = new_visitor(size=PHONE)
    patient.open("/my-appointments")
    actions.log_in(patient.page, "emma_clarke", PASSWORD)
    actions.expect_page(patient.page, "My Appointments")

    take(patient.page, pictures / "phone.png")


def take(page: Page, file: Path) -> None:
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0)
    page.screenshot(path=file)
    assert file.read_bytes().startswith(b"\x89PNG")
