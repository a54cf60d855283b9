"""My Appointments, as a patient uses it."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from streamlit.testing.v1 import AppTest

from app.models.models import Appointment, User
from frontend.tests.clinic import MONDAY_MORNING, Clinic
from frontend.tests.conftest import OpenPage
from frontend.tests.gateway import Gateway
from frontend.tests.page_driver import buttons, headlines, offered_times, pills, press, texts
from frontend.tests.people import click_event
from ui.api.errors import SENTENCES, UNREACHABLE
from ui.appointments.lists import CARDS_A_PAGE

PAGE = "my-appointments"
LIST = "/appointments/my"
AN_HOUR = timedelta(hours=1)
NINE = MONDAY_MORNING.replace(hour=9)
TEN = "2026-11-30T10:00:00+00:00"
LINES = "Knee pain since Monday.\nWorse on stairs.\n\n  * left knee\n  * <b>**both**</b>"


@pytest.fixture
def doctor(clinic: Clinic) -> User:
    doctor = clinic.add_user(
        "dr_smith", role="doctor", full_name="Dr. John Smith", specialty="Cardiology"
    )
    clinic.add_schedule(doctor, 0, end_time="10:30")
    return doctor


@pytest.fixture
def patient(clinic: Clinic, doctor: User) -> User:
    return clinic.add_user("john_patient", full_name="John Doe")


@pytest.fixture
def visit(clinic: Clinic, doctor: User, patient: User) -> Appointment:
    """The patient's one coming appointment, Monday at 9:00."""
    return clinic.add_appointment(doctor, patient, NINE)


@pytest.fixture
def tab(patient: User, visit: Appointment, open_page: OpenPage) -> AppTest:
    return open_page(PAGE, as_user=patient)


def show(tab: AppTest, view: str) -> AppTest:
    return pills(tab, "Show").set_value(view).run()


def test_without_appointments_there_is_a_sentence(patient: User, open_page: OpenPage):
    assert texts(open_page(PAGE, as_user=patient).info) == [
        "You have no upcoming appointments. Book one on the page “Book Appointment”."
    ]


def test_a_coming_appointment_can_be_moved_and_cancelled(tab: AppTest):
    assert texts(tab.text) == ["Dr. John Smith · Cardiology", "Reason: Regular checkup"]
    assert headlines(tab) == ["**Monday 30 November 2026, 9:00** · 30 minutes"]
    assert buttons(tab) == ["Move", "Cancel"]


def test_a_reason_of_several_lines_keeps_them(
    clinic: Clinic, doctor: User, patient: User, open_page: OpenPage
):
    visit = clinic.add_appointment(doctor, patient, NINE, reason=LINES)
    shown = ["Dr. John Smith · Cardiology", f"Reason: {LINES}"]
    tab = open_page(PAGE, as_user=patient)
    assert texts(tab.text) == shown
    show(tab, "Calendar")
    assert texts(tab.text) == []
    click_event(tab, visit.id)
    assert texts(tab.text) == shown


def test_past_and_cancelled_appointments_only_stand_there(
    clinic: Clinic, doctor: User, patient: User, tab: AppTest
):
    clinic.add_appointment(doctor, patient, NINE - timedelta(days=7), status="completed")
    clinic.add_appointment(doctor, patient, NINE + timedelta(days=7), status="cancelled")
    show(tab, "Past")
    assert headlines(tab) == [
        "**Monday 7 December 2026, 9:00** · 30 minutes",
        "**Monday 23 November 2026, 9:00** · 30 minutes",
    ]
    assert buttons(tab) == []


def test_empty_views_say_so(clinic: Clinic, visit: Appointment, tab: AppTest):
    show(tab, "Past")
    assert texts(tab.info) == ["You have no past or cancelled appointments."]
    clinic.change(visit, status="cancelled")
    show(tab, "Upcoming")
    assert texts(tab.info) == [
        "You have no upcoming appointments. Book one on the page “Book Appointment”."
    ]


def test_an_appointment_that_has_begun_cannot_be_changed(
    clinic: Clinic, patient: User, visit: Appointment, open_page: OpenPage
):
    clinic.now = NINE + timedelta(minutes=5)
    tab = open_page(PAGE, as_user=patient)
    assert (len(headlines(tab)), buttons(tab)) == (1, [])


def test_many_appointments_come_a_page_at_a_time(
    clinic: Clinic, doctor: User, patient: User, tab: AppTest
):
    for week in range(1, CARDS_A_PAGE + 2):
        clinic.add_appointment(doctor, patient, NINE + timedelta(weeks=week))
    assert len(headlines(tab.run())) == CARDS_A_PAGE
    press(tab, "Next page")
    assert len(headlines(tab)) == 2


def test_cancelling_asks_first(clinic: Clinic, visit: Appointment, tab: AppTest):
    press(tab, "Cancel")
    assert buttons(tab) == ["Move", "Cancel", "Yes, cancel it", "Keep it"]
    press(tab, "Keep it")
    assert clinic.fresh(visit).status == "scheduled"
    press(tab, "Cancel")
    press(tab, "Yes, cancel it")
    assert clinic.fresh(visit).status == "cancelled"
    assert texts(tab.success) == ["Cancelled: Monday 30 November 2026, 9:00 with Dr. John Smith"]


def test_moving_offers_the_doctor_s_free_times(tab: AppTest):
    press(tab, "Move")
    assert tab.date_input[0].value == date(2026, 11, 30)
    assert offered_times(tab) == ["9:30", "10:00"]
    pills(tab, "Free times").set_value(TEN)
    press(tab, "Move to this time")
    assert texts(tab.success) == ["Moved to Monday 30 November 2026, 10:00 with Dr. John Smith"]
    assert headlines(tab) == ["**Monday 30 November 2026, 10:00** · 30 minutes"]


def test_moving_needs_a_time(tab: AppTest):
    press(tab, "Move")
    press(tab, "Move to this time")
    assert texts(tab.error) == ["Please choose one of the free times first."]


def test_a_time_that_was_taken_meanwhile_is_refused(
    clinic: Clinic, doctor: User, visit: Appointment, tab: AppTest
):
    rival = clinic.add_user("rival")
    assert_refused(tab, "slot_taken", lambda: clinic.add_appointment(doctor, rival, NINE + AN_HOUR))


def test_a_time_that_is_no_longer_free_for_the_patient_is_refused(
    clinic: Clinic, patient: User, visit: Appointment, tab: AppTest
):
    other = clinic.add_user("dr_other", role="doctor")
    assert_refused(
        tab, "patient_busy", lambda: clinic.add_appointment(other, patient, NINE + AN_HOUR)
    )


def test_what_was_completed_meanwhile_is_not_moved(
    clinic: Clinic, visit: Appointment, tab: AppTest
):
    assert_refused(tab, "illegal_transition", lambda: clinic.change(visit, status="completed"))


def assert_refused(tab: AppTest, code: str, happen: Callable[[], object]) -> None:
    """Try to move the visit to ten o'clock, after something happened."""
    press(tab, "Move")
    pills(tab, "Free times").set_value(TEN)
    happen()
    press(tab, "Move to this time")
    assert texts(tab.error) == [SENTENCES[code]]


def test_a_refused_cancellation_is_a_sentence(clinic: Clinic, visit: Appointment, tab: AppTest):
    press(tab, "Cancel")
    clinic.change(visit, status="completed")
    press(tab, "Yes, cancel it")
    assert texts(tab.error) == [SENTENCES["illegal_transition"]]


def test_an_outage_is_a_sentence_and_passes(gateway: Gateway, tab: AppTest):
    gateway.down = True
    tab.run()
    assert texts(tab.error) == [UNREACHABLE]
    gateway.down = False
    press(tab, "Try again")
    assert (texts(tab.error), len(headlines(tab))) == ([], 1)


def test_thousands_of_appointments_cost_one_request_a_view(
    clinic: Clinic, gateway: Gateway, doctor: User, patient: User, tab: AppTest
):
    before = [NINE - timedelta(days=1 + number) for number in range(5000)]
    clinic.add_appointments(doctor, patient, before, status="completed")
    gateway.requests.clear()
    tab.run()
    assert gateway.queries(LIST) == [{"when": "upcoming", "limit": "10"}]
    show(tab, "Past")
    assert gateway.queries(LIST) == [{"when": "past", "limit": "10"}]
    press(tab, "Next page")
    [query] = gateway.queries(LIST)
    assert (query.pop("cursor") != "", query) == (True, {"when": "past", "limit": "10"})
    assert headlines(tab)[0] == "**Thursday 19 November 2026, 9:00** · 30 minutes"
    show(tab, "Calendar")
    assert gateway.queries(LIST) == [
        {"date_from": "2026-10-25", "date_to": "2026-12-07", "limit": "200"}
    ]


@pytest.fixture
def two_zones(clinic: Clinic, patient: User, open_page: OpenPage) -> AppTest:
    """The page of a patient in London with a doctor in London and one in New York."""
    for name, zone, hour in (("dr_near", "Europe/London", 9), ("dr_far", "America/New_York", 14)):
        doctor = clinic.add_user(name, role="doctor", timezone=zone)
        clinic.add_schedule(doctor, 0)
        clinic.add_appointment(doctor, patient, NINE.replace(hour=hour))
    clinic.change(patient, timezone="Europe/London")
    return open_page(PAGE, as_user=patient, zone="Europe/London")


def test_each_card_names_its_zone_where_it_is_not_the_reader_s(two_zones: AppTest):
    assert headlines(two_zones) == [
        "**Monday 30 November 2026, 9:00** · 30 minutes",
        "**Monday 30 November 2026, 9:00 (America/New_York time)** · 30 minutes",
    ]
    assert texts(two_zones.caption) == []


def test_each_dialog_and_message_names_its_zone(two_zones: AppTest):
    there = "Monday 30 November 2026, 9:00 (America/New_York time)"
    for action, answer, message in (
        ("Move", "Move to this time", "Moved to Monday 30 November 2026, 10:00"),
        ("Cancel", "Yes, cancel it", "Cancelled: Monday 30 November 2026, 10:00"),
    ):
        two_zones.button(key=f"{action.lower()}.2").click().run()
        assert texts(two_zones.text)[-1] == f"{there}\nDr Far"
        if action == "Move":
            assert texts(two_zones.caption) == ["Times are in the America/New_York time zone."]
            pills(two_zones, "Free times").set_value("2026-11-30T15:00:00+00:00")
            there = there.replace("9:00", "10:00")
        press(two_zones, answer)
        assert texts(two_zones.success) == [f"{message} (America/New_York time) with Dr Far"]


def test_a_reader_whose_clock_is_unknown_reads_every_zone(
    clinic: Clinic, patient: User, doctor: User, open_page: OpenPage
):
    clinic.add_appointment(doctor, patient, NINE)
    tab = open_page(PAGE, as_user=patient, zone=None)
    assert headlines(tab) == ["**Monday 30 November 2026, 9:00 (UTC time)** · 30 minutes"]
