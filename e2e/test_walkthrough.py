"""The client's walkthrough, typed by people into their browsers, with the client's own values."""

from datetime import date

import pytest
from playwright.sync_api import Page, expect

from e2e import actions
from e2e.clinic import MONDAY, WEDNESDAY, Clinic, coming, spoken
from e2e.conftest import NewVisitor
from e2e.system import System
from e2e.visitor import Visitor

DOCTOR, PATIENT, RIVAL = "Dr. John Smith", "John Doe", "Mary Major"
MONDAY_HOURS, FRIDAY_HOURS = "Monday 9:00–17:00", "Friday 9:00–13:00"
LIVE = 30_000  # milliseconds within which a booked slot vanishes for everybody else


@pytest.mark.parametrize("system", ["sqlite", "postgresql"], indirect=True)
def test_walkthrough(new_visitor: NewVisitor, clinic: Clinic, system: System) -> None:
    doctor, patient, rival = (new_visitor() for _ in range(3))
    for visitor in (doctor, patient, rival):
        visitor.open()
    everybody_registers(doctor.page, patient.page, rival.page)
    the_doctor_plans_the_week(doctor.page)
    the_schedule_can_be_changed(doctor.page)
    the_patient_books(patient.page, rival.page)
    the_rival_is_told(rival, clinic)
    the_patient_moves(patient.page)
    the_patient_cancels(patient.page)
    the_rival_takes_the_freed_slot(rival.page)
    system.set_back(coming(WEDNESDAY), weeks=2)
    the_doctor_finds_and_completes_appointments(doctor.page)
    the_doctor_sees_a_calendar(doctor.page)
    booked_hours_are_kept(doctor.page)


def everybody_registers(doctor: Page, patient: Page, rival: Page) -> None:
    actions.register(
        doctor,
        role="doctor",
        username="dr_smith",
        email="dr.smith@example.com",
        full_name=DOCTOR,
    )
    actions.register(
        patient,
        role="patient",
        username="john_patient",
        email="john@example.com",
        full_name=PATIENT,
    )
    actions.register(
        rival,
        role="patient",
        username="mary_patient",
        email="mary@example.com",
        full_name=RIVAL,
    )
    actions.log_in(doctor, "dr_smith")
    actions.log_in(patient, "john_patient")
    actions.log_in(rival, "mary_patient")
    actions.expect_page(doctor, "Appointments")
    actions.expect_page(patient, "Book Appointment")
    actions.expect_page(rival, "Book Appointment")


def the_doctor_plans_the_week(doctor: Page) -> None:
    actions.go_to(doctor, "Schedule Management")
    add_schedule(doctor, ["Monday", "Wednesday"], "09:00", "17:00")
    actions.expect_notice(doctor, "Added: Monday and Wednesday 9:00–17:00 in slots of 30 minutes")
    add_schedule(doctor, ["Friday"], "09:00", "13:00")
    actions.expect_notice(doctor, "Added: Friday 9:00–13:00 in slots of 30 minutes")

    week = doctor.get_by_label("Your weekly working hours")
    expect(week.locator(".fc-event")).to_have_text(
        ["9:00 - 17:0030 minutes", "9:00 - 17:0030 minutes", "9:00 - 13:0030 minutes"]
    )


def add_schedule(doctor: Page, days: list[str], start: str, end: str) -> None:
    form = doctor.get_by_test_id("stForm")
    for day in days:
        form.get_by_role("button", name=day).click()
    actions.choose_time(form, "Start time", start)
    actions.choose_time(form, "End time", end)
    form.get_by_role("button", name="Add Schedule").click()


def the_schedule_can_be_changed(doctor: Page) -> None:
    press(doctor, FRIDAY_HOURS, "Edit")
    dialog = doctor.get_by_role("dialog", name="Edit schedule")
    actions.choose_time(dialog, "End time", "12:00")
    dialog.get_by_role("button", name="Save").click()
    actions.expect_notice(doctor, "Saved: Friday 9:00–12:00 in slots of 30 minutes")

    press(doctor, "Friday 9:00–12:00", "Deactivate")
    actions.expect_notice(doctor, "Friday 9:00–12:00 is now inactive")
    press(doctor, "Friday 9:00–12:00", "Activate")
    actions.expect_notice(doctor, "Friday 9:00–12:00 is now active")

    press(doctor, "Friday 9:00–12:00", "Delete")
    dialog = doctor.get_by_role("dialog", name="Delete schedule")
    dialog.get_by_role("button", name="Yes, delete it").click()
    actions.expect_notice(doctor, "Deleted: Friday 9:00–12:00")
    add_schedule(doctor, ["Friday"], "09:00", "13:00")
    actions.expect_notice(doctor, "Added: Friday 9:00–13:00 in slots of 30 minutes")


def the_patient_books(patient: Page, rival: Page) -> None:
    monday = coming(MONDAY)
    for page in (patient, rival):
        actions.choose(page, "Doctor", DOCTOR)
        expect(page.get_by_label(f"Free times of {DOCTOR}").locator(".fc-event")).not_to_have_count(
            0
        )
    actions.choose_date(rival, "Date", monday)
    expect(actions.slot(rival, monday, "9:00")).to_be_visible()

    book(patient, monday, "9:00")

    actions.expect_notice(
        patient, f"Your appointment is booked: {spoken(monday)}, 9:00 with {DOCTOR}"
    )
    expect(actions.slot(rival, monday, "9:00")).to_have_count(0, timeout=LIVE)


def book(patient: Page, day: date, time: str) -> None:
    actions.choose_slot(patient, day, time)
    actions.write(patient, "Reason", "Regular checkup")
    patient.get_by_role("button", name="Book Appointment").click()


def the_rival_is_told(rival: Visitor, clinic: Clinic) -> None:
    """Somebody else takes the time that the rival is about to book, between two refreshes."""
    monday, page = coming(MONDAY), rival.page
    other, doctor = clinic.register("patient", "Ann Other"), clinic.doctor(DOCTOR)
    actions.choose_slot(page, monday, "9:30")
    actions.write(page, "Reason", "Regular checkup")
    page.keyboard.press("Tab")
    rival.wait_for_refresh()
    rival.wait_for_refresh()
    clinic.book(other, doctor, monday, "09:30")

    page.get_by_role("button", name="Book Appointment").click()

    actions.expect_notice(
        page, "Somebody else has just booked this time. Please choose another one."
    )
    expect(actions.slot(page, monday, "9:30")).to_have_count(0)


def the_patient_moves(patient: Page) -> None:
    monday, wednesday = coming(MONDAY), coming(WEDNESDAY)
    actions.go_to(patient, "My Appointments")
    expect(patient.get_by_text(f"{spoken(monday)}, 9:00", exact=True)).to_be_visible()

    patient.get_by_role("button", name="Move").click()
    dialog = patient.get_by_role("dialog", name="Move appointment")
    actions.choose_slot(dialog, wednesday, "11:00")
    dialog.get_by_role("button", name="Move to this time").click()

    actions.expect_notice(patient, f"Moved to {spoken(wednesday)}, 11:00 with {DOCTOR}")
    expect(patient.get_by_text(f"{spoken(monday)}, 9:00", exact=True)).to_have_count(0)


def the_patient_cancels(patient: Page) -> None:
    wednesday = coming(WEDNESDAY)
    patient.get_by_role("button", name="Cancel").click()
    dialog = patient.get_by_role("dialog", name="Cancel appointment")
    dialog.get_by_role("button", name="Keep it").click()
    expect(dialog).to_have_count(0)

    patient.get_by_role("button", name="Cancel").click()
    dialog.get_by_role("button", name="Yes, cancel it").click()

    actions.expect_notice(patient, f"Cancelled: {spoken(wednesday)}, 11:00 with {DOCTOR}")
    expect(patient.get_by_text("You have no upcoming appointments.")).to_be_visible()
    actions.choose_radio(patient, "Show", "Past")
    expect(patient.get_by_text(f"{spoken(wednesday)}, 11:00", exact=True)).to_be_visible()
    expect(patient.get_by_text("Cancelled", exact=True)).to_be_visible()


def the_rival_takes_the_freed_slot(rival: Page) -> None:
    wednesday = coming(WEDNESDAY)
    book(rival, wednesday, "11:00")
    actions.expect_notice(
        rival, f"Your appointment is booked: {spoken(wednesday)}, 11:00 with {DOCTOR}"
    )
    actions.go_to(rival, "My Appointments")
    actions.choose_radio(rival, "Show", "Calendar")
    calendar = rival.get_by_label("My appointments", exact=True)
    calendar.get_by_role("button", name="Week").click()
    calendar.get_by_role("button", name="Next").click()
    expect(calendar.locator(".fc-event")).to_have_text([f"11:00{DOCTOR}"])


def the_doctor_finds_and_completes_appointments(doctor: Page) -> None:
    wednesday = coming(WEDNESDAY, weeks_ahead=-1)
    actions.go_to(doctor, "Appointments")
    actions.choose(doctor, "Period", "From this day on")
    expect(doctor.get_by_text("Ann Other")).to_be_visible()

    actions.choose(doctor, "Status", "Cancelled")
    expect(doctor.get_by_text("Ann Other")).to_have_count(0)
    expect(doctor.get_by_text(PATIENT)).to_be_visible()

    actions.choose(doctor, "Status", "Scheduled")
    actions.choose(doctor, "Period", "Day")
    actions.choose_date(doctor, "Date", wednesday)
    expect(doctor.get_by_text("Ann Other")).to_have_count(0)
    completion = doctor.get_by_role("button", name="Mark as completed")
    expect(completion).to_have_count(1)
    expect(doctor.get_by_test_id("stStatusWidget")).to_be_hidden()
    completion.click()

    actions.expect_notice(doctor, f"Completed: {spoken(wednesday)}, 11:00 with {RIVAL}")


def the_doctor_sees_a_calendar(doctor: Page) -> None:
    actions.choose_radio(doctor, "Show", "Calendar")
    calendar = doctor.get_by_label("My appointments", exact=True)
    calendar.get_by_role("button", name="Next").click()
    expect(calendar.locator(".fc-event.scheduled")).to_have_text(["9:30Ann Other"])
    for _ in range(2):
        calendar.get_by_role("button", name="Previous").click()
    expect(calendar.locator(".fc-event.completed")).to_have_text([f"11:00{RIVAL} (completed)"])
    for _ in range(2):
        calendar.get_by_role("button", name="Next").click()

    calendar.get_by_role("button", name="Day", exact=True).click()
    expect(calendar.locator(".fc-event")).to_have_text(["9:30Ann Other"])


def booked_hours_are_kept(doctor: Page) -> None:
    refusal = (
        "Patients have booked appointments that depend on these hours."
        f" Move or cancel those appointments first. {spoken(coming(MONDAY))}, 9:30:"
        " Ann Other with Dr. John Smith"
    )
    actions.go_to(doctor, "Schedule Management")
    press(doctor, MONDAY_HOURS, "Deactivate")
    actions.expect_notice(doctor, refusal)

    press(doctor, MONDAY_HOURS, "Edit")
    dialog = doctor.get_by_role("dialog", name="Edit schedule")
    actions.choose_time(dialog, "Start time", "10:00")
    dialog.get_by_role("button", name="Save").click()
    actions.expect_notice(dialog, refusal)
    dialog.get_by_role("button", name="Close").click()

    press(doctor, MONDAY_HOURS, "Delete")
    dialog = doctor.get_by_role("dialog", name="Delete schedule")
    dialog.get_by_role("button", name="Yes, delete it").click()
    actions.expect_notice(dialog, refusal)
    dialog.get_by_role("button", name="Keep it").click()
    expect(doctor.get_by_text(MONDAY_HOURS, exact=True)).to_be_visible()


def press(doctor: Page, hours: str, button: str) -> None:
    """Press a button of one row of the working hours."""
    row = doctor.locator("[data-testid=stVerticalBlock]").filter(
        has=doctor.get_by_text(hours), has_not=doctor.get_by_test_id("stForm")
    )
    row.last.get_by_role("button", name=button, exact=True).click()
