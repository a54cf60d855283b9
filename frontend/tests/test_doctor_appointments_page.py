"""Appointments, as a doctor uses it."""

from datetime import date, timedelta

import pytest
from streamlit.testing.v1 import AppTest

from app.models.models import Appointment, User
from frontend.tests.clinic import MONDAY_MORNING, Clinic
from frontend.tests.conftest import OpenPage
from frontend.tests.gateway import Gateway
from frontend.tests.page_driver import buttons, choose, choose_date, headlines, pills, press, texts
from frontend.tests.people import click_event
from ui.api.errors import SENTENCES, UNREACHABLE

PAGE = "appointments"
LIST = "/appointments/my"
A_DAY = timedelta(days=1)
NINE = MONDAY_MORNING.replace(hour=9)
EVIL = "<img src=x> **bold** :red[x]"


@pytest.fixture
def doctor(clinic: Clinic) -> User:
    doctor = clinic.add_user("dr_smith", role="doctor", full_name="Dr. John Smith")
    clinic.add_schedule(doctor, 0)
    return doctor


@pytest.fixture
def john(clinic: Clinic, doctor: User) -> User:
    return clinic.add_user("john_patient", full_name="John Doe", phone="+49 30 123456")


@pytest.fixture
def visit(clinic: Clinic, doctor: User, john: User) -> Appointment:
    """John comes today."""
    return clinic.add_appointment(doctor, john, NINE)


@pytest.fixture
def tomorrow(clinic: Clinic, doctor: User) -> Appointment:
    """Ann comes tomorrow."""
    ann = clinic.add_user("ann", full_name=EVIL)
    return clinic.add_appointment(doctor, ann, NINE + A_DAY, reason=EVIL)


@pytest.fixture
def tab(
    clinic: Clinic,
    doctor: User,
    john: User,
    visit: Appointment,
    tomorrow: Appointment,
    open_page: OpenPage,
) -> AppTest:
    """The page of the doctor, who has also seen John a week ago."""
    week_ago = NINE - 7 * A_DAY
    clinic.add_appointment(doctor, john, week_ago, status="completed", changed_at=week_ago)
    return open_page(PAGE, as_user=doctor)


def test_without_appointments_there_is_a_sentence(doctor: User, open_page: OpenPage):
    [sentence] = texts(open_page(PAGE, as_user=doctor).info)
    assert sentence == "You have no appointments on Monday 30 November 2026."


def test_who_comes_with_contact_and_reason_as_plain_text(tab: AppTest):
    choose(tab, "Period", "Week")
    assert texts(tab.text) == [
        "John Doe\n+49 30 123456 · john_patient@example.com",
        "Reason: Regular checkup",
        f"{EVIL}\nann@example.com",
        f"Reason: {EVIL}",
    ]


def test_filters_by_date_period_and_status(tab: AppTest):
    assert headlines(tab) == ["**Monday 30 November 2026, 9:00** · 30 minutes"]
    choose_date(tab, date(2026, 12, 1))
    assert headlines(tab) == ["**Tuesday 1 December 2026, 9:00** · 30 minutes"]
    choose(tab, "Period", "From this day on")
    choose(tab, "Status", "Completed")
    assert texts(tab.info) == [
        "You have no completed appointments from Tuesday 1 December 2026 on."
    ]
    choose(tab, "Period", "Week")
    assert texts(tab.info) == [
        "You have no completed appointments from Monday 30 November 2026 to Sunday 6 December 2026."
    ]
    choose(tab, "Period", "Month")
    choose_date(tab, date(2026, 11, 15))
    assert headlines(tab) == ["**Monday 23 November 2026, 9:00** · 30 minutes"]


def test_thousands_of_appointments_cost_one_request_a_click(
    clinic: Clinic, gateway: Gateway, doctor: User, john: User, tab: AppTest
):
    starts = [
        NINE + timedelta(days=number // 25, minutes=30 + 15 * (number % 25))
        for number in range(5000)
    ]
    clinic.add_appointments(doctor, john, starts, duration=15)
    gateway.requests.clear()
    tab.run()
    today = {"date_from": "2026-11-30", "date_to": "2026-11-30", "limit": "10"}
    assert (gateway.queries(LIST), len(headlines(tab))) == ([today], 10)
    press(tab, "Next page")
    press(tab, "Next page")
    queries = gateway.queries(LIST)
    assert len({query.pop("cursor") for query in queries}) == 2
    assert (queries, len(headlines(tab))) == ([today, today], 6)
    choose(tab, "Period", "From this day on")
    assert gateway.queries(LIST) == [{"date_from": "2026-11-30", "limit": "10"}]


def test_an_appointment_is_completed(clinic: Clinic, visit: Appointment, tab: AppTest):
    assert buttons(tab) == ["Mark as completed", "Move", "Cancel"]
    press(tab, "Mark as completed")
    assert clinic.fresh(visit).status == "completed"
    assert texts(tab.success) == ["Completed: Monday 30 November 2026, 9:00 with John Doe"]


def test_only_visits_of_today_or_before_can_be_completed(tab: AppTest):
    choose_date(tab, date(2026, 12, 1))
    assert buttons(tab) == ["Move", "Cancel"]
    choose_date(tab, date(2026, 11, 23))
    assert buttons(tab) == []


def test_a_completion_of_today_can_be_undone(clinic: Clinic, visit: Appointment, tab: AppTest):
    for _ in range(2):
        press(tab, "Mark as completed")
        assert clinic.fresh(visit).status == "completed"
        assert buttons(tab) == ["Undo completion"]
        press(tab, "Undo completion")
        assert clinic.fresh(visit).status == "scheduled"
        assert texts(tab.success) == [
            "Scheduled again: Monday 30 November 2026, 9:00 with John Doe"
        ]


def test_a_cancellation_names_the_patient_as_plain_text(
    clinic: Clinic, tomorrow: Appointment, tab: AppTest
):
    choose_date(tab, date(2026, 12, 1))
    press(tab, "Cancel")
    press(tab, "Yes, cancel it")
    assert clinic.fresh(tomorrow).status == "cancelled"
    told = "\\<img src=x\\> \\*\\*bold\\*\\* \\:\u2060red\\[x\\]"
    assert texts(tab.success) == [f"Cancelled: Tuesday 1 December 2026, 9:00 with {told}"]


def test_a_refused_completion_is_told(clinic: Clinic, visit: Appointment, tab: AppTest):
    clinic.change(visit, status="cancelled")
    press(tab, "Mark as completed")
    assert texts(tab.error) == [SENTENCES["illegal_transition"]]


def test_an_outage_is_a_sentence_and_passes(gateway: Gateway, tab: AppTest):
    gateway.down = True
    tab.run()
    assert texts(tab.error) == [UNREACHABLE]
    gateway.down = False
    press(tab, "Try again")
    assert (texts(tab.error), len(headlines(tab))) == ([], 1)


def test_the_calendar_asks_for_the_days_it_shows(gateway: Gateway, tab: AppTest):
    pills(tab, "Show").set_value("Calendar").run()
    assert dict(gateway.requests[-1].url.params) == {
        "date_from": "2026-11-30",
        "date_to": "2026-12-06",
        "limit": "200",
    }
    assert headlines(tab) == []


def test_the_doctor_reads_a_reason_of_several_lines_as_it_was_written(
    clinic: Clinic, doctor: User, john: User, open_page: OpenPage
):
    reason = "Knee pain since Monday.\nWorse on stairs.\n\n  * left knee"
    visit = clinic.add_appointment(doctor, john, NINE, reason=reason)
    shown = ["John Doe\n+49 30 123456 · john_patient@example.com", f"Reason: {reason}"]
    tab = open_page(PAGE, as_user=doctor)
    assert texts(tab.text) == shown
    pills(tab, "Show").set_value("Calendar").run()
    assert texts(tab.text) == []
    click_event(tab, visit.id)
    assert texts(tab.text) == shown


def test_a_doctor_cannot_complete_their_own_visit_to_another_doctor(
    clinic: Clinic, doctor: User, open_page: OpenPage
):
    jones = clinic.add_user("dr_jones", role="doctor", full_name="Dr. Amy Jones")
    clinic.add_appointment(jones, doctor, NINE)
    clinic.add_appointment(jones, doctor, MONDAY_MORNING - timedelta(minutes=10))
    tab = open_page(PAGE, as_user=doctor)
    assert texts(tab.text)[::2] == ["Your own visit\nDr. Amy Jones"] * 2
    assert buttons(tab) == ["Move", "Cancel"]
    press(tab, "Cancel")
    press(tab, "Yes, cancel it")
    assert texts(tab.success) == ["Cancelled: Monday 30 November 2026, 9:00 with Dr. Amy Jones"]
