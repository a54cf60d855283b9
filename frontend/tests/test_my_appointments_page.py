"""My Appointments, as a patient uses it."""

from datetime import date, timedelta

import pytest
from streamlit.testing.v1 import AppTest

from tests.conftest import OpenPage
from tests.fake_api import FakeApi
from tests.fake_clinic import MONDAY_MORNING, Json
from tests.fake_refusals import RefusedError
from tests.hands import buttons, headlines, offered_times, pills, press, texts
from ui.api.errors import SENTENCES, UNREACHABLE
from ui.components.appointment_lists import CARDS_A_PAGE

PAGE = "my-appointments"
NINE = MONDAY_MORNING.replace(hour=9)
TEN = "2026-11-30T10:00:00+00:00"


@pytest.fixture
def doctor(api: FakeApi) -> Json:
    doctor = api.add_user(
        "dr_smith", role="doctor", full_name="Dr. John Smith", specialty="Cardiology"
    )
    api.add_schedule(doctor, 0, end_time="10:30")
    return doctor


@pytest.fixture
def patient(api: FakeApi, doctor: Json) -> Json:
    return api.add_user("john_patient", full_name="John Doe")


@pytest.fixture
def tab(api: FakeApi, doctor: Json, patient: Json, open_page: OpenPage) -> AppTest:
    """The page of a patient with one coming appointment, Monday at 9:00."""
    api.add_appointment(doctor, patient, NINE)
    return open_page(PAGE, as_user=patient)


def show(tab: AppTest, view: str) -> AppTest:
    return pills(tab, "Show").set_value(view).run()


def test_without_appointments_there_is_a_sentence(patient: Json, open_page: OpenPage):
    assert texts(open_page(PAGE, as_user=patient).info) == [
        "You have no appointments yet. Book your first one on the page “Book Appointment”."
    ]


def test_a_coming_appointment_can_be_moved_and_cancelled(tab: AppTest):
    assert texts(tab.text) == ["Dr. John Smith · Cardiology", "Reason: Regular checkup"]
    assert headlines(tab) == ["**Monday 30 November 2026, 9:00** · 30 minutes"]
    assert buttons(tab) == ["Move", "Cancel"]


def test_past_and_cancelled_appointments_only_stand_there(
    api: FakeApi, doctor: Json, patient: Json, tab: AppTest
):
    api.add_appointment(doctor, patient, NINE - timedelta(days=7), status="completed")
    api.add_appointment(doctor, patient, NINE + timedelta(days=7), status="cancelled")
    show(tab, "Past")
    assert headlines(tab) == [
        "**Monday 7 December 2026, 9:00** · 30 minutes",
        "**Monday 23 November 2026, 9:00** · 30 minutes",
    ]
    assert buttons(tab) == []


def test_empty_views_say_so(api: FakeApi, tab: AppTest):
    show(tab, "Past")
    assert texts(tab.info) == ["You have no past or cancelled appointments."]
    api.appointments[1]["status"] = "cancelled"
    show(tab, "Upcoming")
    assert texts(tab.info) == ["You have no upcoming appointments."]


def test_an_appointment_that_has_begun_cannot_be_changed(api: FakeApi, tab: AppTest):
    api.now = NINE + timedelta(minutes=5)
    tab.run()
    assert (len(headlines(tab)), buttons(tab)) == (1, [])


def test_many_appointments_come_a_page_at_a_time(
    api: FakeApi, doctor: Json, patient: Json, tab: AppTest
):
    for week in range(1, CARDS_A_PAGE + 2):
        api.add_appointment(doctor, patient, NINE + timedelta(weeks=week))
    assert len(headlines(tab.run())) == CARDS_A_PAGE
    tab.pagination[0].set_value(2).run()
    assert len(headlines(tab)) == 2


def test_cancelling_asks_first(api: FakeApi, tab: AppTest):
    press(tab, "Cancel")
    assert buttons(tab) == ["Move", "Cancel", "Yes, cancel it", "Keep it"]
    press(tab, "Keep it")
    assert api.appointments[1]["status"] == "scheduled"
    press(tab, "Cancel")
    press(tab, "Yes, cancel it")
    assert api.appointments[1]["status"] == "cancelled"
    assert texts(tab.success) == ["Cancelled: Monday 30 November 2026, 9:00 with Dr. John Smith"]


def test_moving_offers_the_doctor_s_free_times(api: FakeApi, tab: AppTest):
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


@pytest.mark.parametrize("code", ["slot_taken", "patient_busy", "illegal_transition"])
def test_a_refused_move_is_a_sentence(api: FakeApi, tab: AppTest, code: str):
    press(tab, "Move")
    pills(tab, "Free times").set_value(TEN)
    api.refusals["PUT", "/appointments/1"] = RefusedError(code)
    press(tab, "Move to this time")
    assert texts(tab.error) == [SENTENCES[code]]
    assert headlines(tab) == ["**Monday 30 November 2026, 9:00** · 30 minutes"]


def test_a_refused_cancellation_is_a_sentence(api: FakeApi, tab: AppTest):
    press(tab, "Cancel")
    api.appointments[1]["status"] = "completed"
    press(tab, "Yes, cancel it")
    assert texts(tab.error) == [SENTENCES["illegal_transition"]]


def test_an_outage_is_a_sentence_and_passes(api: FakeApi, tab: AppTest):
    api.down = True
    tab.run()
    assert texts(tab.error) == [UNREACHABLE]
    api.down = False
    press(tab, "Try again")
    assert (texts(tab.error), len(headlines(tab))) == ([], 1)


def test_the_clinic_s_zone_is_named_where_the_browser_s_differs(tab: AppTest):
    assert texts(tab.caption) == ["Times are in the UTC time zone."]
    tab.context["timezone"] = "UTC"
    assert texts(tab.run().caption) == []
