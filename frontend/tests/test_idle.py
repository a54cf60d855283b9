"""What counts as activity, and what outlives a session that has ended."""

from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from streamlit.testing.v1 import AppTest

from app.models.models import Appointment, LoginSession, Schedule, User
from frontend.tests.clinic import MONDAY_MORNING, Clinic
from frontend.tests.conftest import OpenPage
from frontend.tests.gateway import Gateway
from frontend.tests.page_driver import choose, choose_date, choose_time, pills, press, texts, write
from frontend.tests.people import fill, idle_seconds, labels, log_in
from ui.api.errors import UNREACHABLE
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


@pytest.fixture
def john(clinic: Clinic) -> User:
    return clinic.add_user("john_patient")


@pytest.fixture
def idle_tab(watch: Watch, john: User, open_page: OpenPage) -> AppTest:
    """A page that is left alone. A test's tab is run to see what the browser's timer would show."""
    return open_page("account", as_user=john)


def warnings(tab: AppTest) -> list[tuple[str, bool]]:
    """What is said of the session's end, and whether there is a way to stay."""
    can_stay = "Stay logged in" in labels(tab.button)
    return [(text, can_stay) for text in texts(tab.warning)]


def left_alone(minutes: int) -> str:
    unit = "minute" if minutes == 1 else "minutes"
    return (
        f"You will be logged out in {minutes} {unit}, "
        "because this page has not been used for a while."
    )


def test_the_end_of_an_idle_session_is_announced(clinic: Clinic, idle_tab: AppTest):
    assert (warnings(idle_tab), idle_seconds(idle_tab)) == ([], 55 * 60)
    clinic.now += timedelta(minutes=54, seconds=59)
    assert (warnings(idle_tab.run()), idle_seconds(idle_tab)) == ([], 1)
    clinic.now += timedelta(seconds=1)
    assert (warnings(idle_tab.run()), idle_seconds(idle_tab)) == ([(left_alone(5), True)], 60)
    clinic.now += timedelta(minutes=4, seconds=30)
    assert (warnings(idle_tab.run()), idle_seconds(idle_tab)) == ([(left_alone(1), True)], 30)


def test_one_button_goes_on_for_another_hour(clinic: Clinic, idle_tab: AppTest):
    clinic.now += timedelta(minutes=58)
    idle_tab.run()

    press(idle_tab, "Stay logged in")

    assert (warnings(idle_tab), idle_seconds(idle_tab)) == ([], 55 * 60)
    [session_row] = clinic.all(LoginSession)
    assert session_row.last_seen_at == clinic.now
    clinic.now += timedelta(minutes=57)
    assert warnings(idle_tab.run()) == [(left_alone(3), True)]


def test_the_login_takes_the_place_of_a_page_whose_session_has_ended(
    clinic: Clinic, idle_tab: AppTest
):
    clinic.now += timedelta(minutes=61)
    idle_tab.run()
    assert labels(idle_tab.tabs) == ["Login", "Register"]
    assert texts(idle_tab.warning) == [session.ENDED_UNUSED]

    log_in(idle_tab, "john_patient")

    assert texts(idle_tab.title) == ["Account"]


def test_a_session_that_has_ended_cannot_go_on(clinic: Clinic, idle_tab: AppTest):
    clinic.now += timedelta(minutes=59)
    idle_tab.run()
    clinic.end_sessions()

    press(idle_tab, "Stay logged in")

    assert labels(idle_tab.tabs) == ["Login", "Register"]


def test_an_outage_while_staying_keeps_the_warning(
    clinic: Clinic, gateway: Gateway, idle_tab: AppTest
):
    clinic.now += timedelta(minutes=59)
    idle_tab.run()
    gateway.down = True

    press(idle_tab, "Stay logged in")

    said, of_the_page = texts(idle_tab.error), texts(idle_tab.run().error)
    assert said == [*of_the_page, UNREACHABLE]
    assert warnings(idle_tab) == [(left_alone(1), True)]


def test_use_of_one_tab_counts_for_the_others(
    clinic: Clinic, idle_tab: AppTest, open_page: OpenPage, watch: Watch
):
    other = open_page("account")
    clinic.now += timedelta(minutes=30)
    watch.seconds = 60.0
    other.run()
    watch.seconds = 0.0
    clinic.now += timedelta(minutes=28)

    assert warnings(idle_tab.run()) == []


def test_another_session_s_use_counts_for_nobody_else(
    clinic: Clinic, idle_tab: AppTest, open_page: OpenPage
):
    clinic.now += timedelta(minutes=58)
    open_page("account", as_user=clinic.add_user("jane_patient"))

    assert warnings(idle_tab.run()) == [(left_alone(2), True)]


def test_the_end_that_comes_in_any_case_is_announced_without_a_button(
    clinic: Clinic, john: User, cookies: dict[str, str], watch: Watch, open_page: OpenPage
):
    login = clinic.add_session(john)
    cookies["session"] = login.token
    clinic.now += timedelta(hours=11, minutes=57)
    clinic.change(login.session, last_seen_at=clinic.now)
    tab = open_page("account")
    sentence = (
        "You will be logged out in 3 minutes, because you logged in a long time ago. "
        "You can then log in again and go on where you were."
    )
    assert warnings(tab) == [(sentence, False)]
    clinic.now += timedelta(minutes=4)
    assert texts(tab.run().warning) == [session.ENDED_BY_AGE]


def test_what_was_chosen_in_a_dialog_outlives_a_login(
    clinic: Clinic, doctor: User, john: User, open_page: OpenPage
):
    visit = clinic.add_appointment(doctor, john, MONDAY_MORNING.replace(hour=11))
    tab = open_page("my-appointments", as_user=john)
    press(tab, "Move")
    pills(tab, "Free times").set_value(NINE)
    clinic.end_sessions()
    press(tab, "Move to this time")
    assert labels(tab.tabs) == ["Login", "Register"]

    log_in(tab, "john_patient")

    assert pills(tab, "Free times").value == NINE
    press(tab, "Move to this time")
    assert texts(tab.success) == ["Moved to Monday 30 November 2026, 9:00 with Dr. John Smith"]
    assert clinic.fresh(visit).appointment_time == 9 * 60


def test_a_dialog_that_was_put_away_stays_away(
    clinic: Clinic, doctor: User, john: User, open_page: OpenPage
):
    clinic.add_appointment(doctor, john, MONDAY_MORNING.replace(hour=11))
    tab = open_page("my-appointments", as_user=john)
    press(tab, "Cancel")
    press(tab, "Keep it")
    clinic.end_sessions()
    tab.run()

    log_in(tab, "john_patient")

    assert labels(tab.button)[-2:] == ["Move", "Cancel"]


def test_an_open_dialog_has_the_warning_inside(
    clinic: Clinic, doctor: User, john: User, open_page: OpenPage, watch: Watch
):
    clinic.add_appointment(doctor, john, MONDAY_MORNING.replace(hour=11))
    tab = open_page("my-appointments", as_user=john)
    clinic.now += timedelta(minutes=58)

    press(tab, "Cancel")

    assert texts(tab.warning) == [left_alone(2)] * 2
    assert [one.key for one in tab.button if one.label == "Stay logged in"] == [
        "stay_page",
        "stay_dialog",
    ]
    tab.button(key="stay_dialog").click().run()
    assert texts(tab.warning) == []
