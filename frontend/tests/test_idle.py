"""What counts as activity, and what outlives a session that has ended."""

from dataclasses import dataclass
from datetime import date

import pytest
from streamlit.testing.v1 import AppTest

from app.models.models import Appointment, Schedule, User
from frontend.tests.clinic import Clinic
from frontend.tests.conftest import OpenPage
from frontend.tests.gateway import Gateway
from frontend.tests.page_driver import choose, choose_date, choose_time, press, texts, write
from frontend.tests.people import fill, labels, log_in
from ui.login import session

PAGE = "book-appointment"
NINE = "2026-11-30T09:00:00+00:00"
REASON = "A long story"


@dataclass
class Watch:
    seconds: float = 0.0

    def monotonic(self) -> float:
        return self.seconds


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    watch = Watch()
    monkeypatch.setattr(session, "time", watch)
    return watch


@pytest.fixture
def doctor(clinic: Clinic) -> User:
    doctor = clinic.add_user("dr_smith", role="doctor", full_name="Dr. John Smith")
    clinic.add_schedule(doctor, 0)
    return doctor


@pytest.fixture
def filled(clinic: Clinic, doctor: User, open_page: OpenPage) -> AppTest:
    """The form of John, who has chosen a doctor and a time and typed a reason."""
    tab = open_page(PAGE, as_user=clinic.add_user("john_patient"))
    choose(tab, "Doctor", doctor.id)
    choose_time(tab, NINE)
    return write(tab, "Reason", REASON)


def notes_of_activity(gateway: Gateway) -> int:
    """How often the API was told of somebody's activity since the last time."""
    told = sum(request.url.path == "/api/v1/auth/me" for request in gateway.requests)
    gateway.requests.clear()
    return told


def test_choosing_is_activity_once_a_minute(
    clinic: Clinic, gateway: Gateway, doctor: User, open_page: OpenPage, watch: Watch
):
    tab = open_page(PAGE, as_user=clinic.add_user("john_patient"))
    assert notes_of_activity(gateway) == 1  # who it is
    choose(tab, "Doctor", doctor.id)
    assert notes_of_activity(gateway) == 0
    watch.seconds = 60.0
    choose_date(tab, date(2026, 11, 30))
    assert notes_of_activity(gateway) == 1
    choose_time(tab, NINE)
    assert notes_of_activity(gateway) == 0


def test_a_refresh_is_no_activity(filled: AppTest, monkeypatch: pytest.MonkeyPatch):
    """A test's tab runs the whole page, which is activity by itself: the first one noted."""
    noted: list[bool] = []
    monkeypatch.setattr(session, "note_activity", lambda: noted.append(True))
    filled.run()
    filled.run()
    assert len(noted) == 2
    write(filled, "Reason", "Another story")
    assert len(noted) == 4


def form_of(tab: AppTest) -> tuple[str, str, list[str]]:
    times = [one.value for one in tab.button_group if one.proto.label.startswith("Free times")]
    return tab.selectbox[0].value, tab.text_area[0].value, times


def test_a_form_goes_on_after_a_new_login(clinic: Clinic, doctor: User, filled: AppTest):
    before = form_of(filled)
    assert before == (doctor.id, REASON, [NINE])
    clinic.end_sessions()
    press(filled, "Book Appointment")
    assert labels(filled.tabs) == ["Login", "Register"]
    assert texts(filled.warning) == ["You have been signed out. Please log in again."]

    log_in(filled, "john_patient")

    assert form_of(filled) == before
    assert texts(filled.error) == []
    press(filled, "Book Appointment")
    assert [visit.reason for visit in clinic.all(Appointment)] == [REASON]


def test_somebody_else_finds_nothing_of_it(clinic: Clinic, doctor: User, filled: AppTest):
    clinic.add_user("jane_patient")
    clinic.end_sessions()
    press(filled, "Book Appointment")

    log_in(filled, "jane_patient")

    assert (filled.selectbox[0].value, labels(filled.text_area)) == (None, [])
    choose(filled, "Doctor", doctor.id)
    assert form_of(filled) == (doctor.id, "", [None])


def test_hours_and_the_profile_go_on_after_a_new_login(
    clinic: Clinic, doctor: User, open_page: OpenPage
):
    tab = open_page("account", as_user=doctor)
    fill(tab, "Full name", "Dr. J. Smith")
    clinic.end_sessions()
    press(tab, "Save profile")
    log_in(tab, "dr_smith")
    press(tab, "Save profile")
    assert clinic.fresh(doctor).full_name == "Dr. J. Smith"

    tab = open_page("schedule-management", as_user=doctor)
    tab.button_group[0].set_value([2])
    tab.number_input[0].set_value(45)
    clinic.end_sessions()
    press(tab, "Add Schedule")
    assert texts(tab.error) == []
    log_in(tab, "dr_smith")
    press(tab, "Add Schedule")
    added = clinic.all(Schedule)[1]
    assert (added.day_of_week, added.slot_duration) == (2, 45)
