"""Appointments, as a doctor uses it."""

from datetime import date, timedelta

import pytest
from streamlit.testing.v1 import AppTest

from frontend.tests.conftest import OpenPage
from frontend.tests.fake_api import FakeApi
from frontend.tests.fake_clinic import MONDAY_MORNING, Json, stamp
from frontend.tests.page_driver import buttons, choose, choose_date, headlines, pills, press, texts
from frontend.tests.people import click_event
from ui.api.errors import SENTENCES, UNREACHABLE

PAGE = "appointments"
NINE = MONDAY_MORNING.replace(hour=9)
EVIL = "<img src=x> **bold** :red[x]"


@pytest.fixture
def doctor(api: FakeApi) -> Json:
    doctor = api.add_user("dr_smith", role="doctor", full_name="Dr. John Smith")
    api.add_schedule(doctor, 0)
    return doctor


@pytest.fixture
def john(api: FakeApi, doctor: Json) -> Json:
    return api.add_user("john_patient", full_name="John Doe", phone="+49 30 123456")


@pytest.fixture
def tab(api: FakeApi, doctor: Json, john: Json, open_page: OpenPage) -> AppTest:
    """The page of a doctor who sees John today, saw him a week ago, and Ann tomorrow."""
    api.add_appointment(doctor, john, NINE)
    week_ago = NINE - timedelta(days=7)
    api.add_appointment(doctor, john, week_ago, status="completed", updated_at=stamp(week_ago))
    ann = api.add_user("ann", full_name=EVIL)
    api.add_appointment(doctor, ann, NINE + timedelta(days=1), reason=EVIL)
    return open_page(PAGE, as_user=doctor)


def test_without_appointments_there_is_a_sentence(doctor: Json, open_page: OpenPage):
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


def asked(api: FakeApi) -> list[dict[str, str]]:
    """What was asked of the lists of appointments since the last time."""
    path = "/api/v1/appointments/my"
    found = [dict(one.url.params) for one in api.requests if one.url.path == path]
    api.requests.clear()
    return found


def test_thousands_of_appointments_cost_one_request_a_click(
    api: FakeApi, doctor: Json, john: Json, tab: AppTest
):
    for number in range(5000):
        start = NINE + timedelta(days=number // 25, minutes=15 * (number % 25))
        api.add_appointment(doctor, john, start, duration=15)
    asked(api)
    tab.run()
    today = {"date_from": "2026-11-30", "date_to": "2026-11-30", "limit": "10"}
    assert (asked(api), len(headlines(tab))) == ([today], 10)
    press(tab, "Next page")
    press(tab, "Next page")
    assert asked(api) == [today | {"cursor": "10"}, today | {"cursor": "20"}]
    assert len(headlines(tab)) == 6
    choose(tab, "Period", "From this day on")
    assert asked(api) == [{"date_from": "2026-11-30", "limit": "10"}]


def test_an_appointment_is_completed(api: FakeApi, tab: AppTest):
    assert buttons(tab) == ["Mark as completed", "Move", "Cancel"]
    press(tab, "Mark as completed")
    assert api.appointments[1]["status"] == "completed"
    assert texts(tab.success) == ["Completed: Monday 30 November 2026, 9:00 with John Doe"]


def test_only_visits_of_today_or_before_can_be_completed(tab: AppTest):
    choose_date(tab, date(2026, 12, 1))
    assert buttons(tab) == ["Move", "Cancel"]
    choose_date(tab, date(2026, 11, 23))
    assert buttons(tab) == []


def test_a_completion_of_today_can_be_undone(api: FakeApi, tab: AppTest):
    for _ in range(2):
        press(tab, "Mark as completed")
        assert api.appointments[1]["status"] == "completed"
        assert buttons(tab) == ["Undo completion"]
        press(tab, "Undo completion")
        assert api.appointments[1]["status"] == "scheduled"
        assert texts(tab.success) == [
            "Scheduled again: Monday 30 November 2026, 9:00 with John Doe"
        ]


def test_a_cancellation_names_the_patient_as_plain_text(api: FakeApi, tab: AppTest):
    choose_date(tab, date(2026, 12, 1))
    press(tab, "Cancel")
    press(tab, "Yes, cancel it")
    assert api.appointments[3]["status"] == "cancelled"
    told = "\\<img src=x\\> \\*\\*bold\\*\\* \\:\u2060red\\[x\\]"
    assert texts(tab.success) == [f"Cancelled: Tuesday 1 December 2026, 9:00 with {told}"]


def test_a_refused_completion_is_told(api: FakeApi, tab: AppTest):
    api.appointments[1]["status"] = "cancelled"
    press(tab, "Mark as completed")
    assert texts(tab.error) == [SENTENCES["illegal_transition"]]


def test_an_outage_is_a_sentence_and_passes(api: FakeApi, tab: AppTest):
    api.down = True
    tab.run()
    assert texts(tab.error) == [UNREACHABLE]
    api.down = False
    press(tab, "Try again")
    assert (texts(tab.error), len(headlines(tab))) == ([], 1)


def test_the_calendar_asks_for_the_days_it_shows(api: FakeApi, tab: AppTest):
    pills(tab, "Show").set_value("Calendar").run()
    assert dict(api.requests[-1].url.params) == {
        "date_from": "2026-11-30",
        "date_to": "2026-12-06",
        "limit": "200",
    }
    assert headlines(tab) == []


def test_the_doctor_reads_a_reason_of_several_lines_as_it_was_written(
    api: FakeApi, doctor: Json, john: Json, open_page: OpenPage
):
    reason = "Knee pain since Monday.\nWorse on stairs.\n\n  * left knee"
    visit = api.add_appointment(doctor, john, NINE, reason=reason)
    shown = ["John Doe\n+49 30 123456 · john_patient@example.com", f"Reason: {reason}"]
    tab = open_page(PAGE, as_user=doctor)
    assert texts(tab.text) == shown
    pills(tab, "Show").set_value("Calendar").run()
    assert texts(tab.text) == []
    click_event(tab, visit["id"])
    assert texts(tab.text) == shown


def test_a_doctor_cannot_complete_their_own_visit_to_another_doctor(
    api: FakeApi, doctor: Json, open_page: OpenPage
):
    jones = api.add_user("dr_jones", role="doctor", full_name="Dr. Amy Jones")
    api.add_appointment(jones, doctor, NINE)
    api.add_appointment(jones, doctor, MONDAY_MORNING - timedelta(minutes=10))
    tab = open_page(PAGE, as_user=doctor)
    assert texts(tab.text)[::2] == ["Your own visit\nDr. Amy Jones"] * 2
    assert buttons(tab) == ["Move", "Cancel"]
    press(tab, "Cancel")
    press(tab, "Yes, cancel it")
    assert texts(tab.success) == ["Cancelled: Monday 30 November 2026, 9:00 with Dr. Amy Jones"]
