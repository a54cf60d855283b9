"""Book Appointment, as a patient uses it."""

from datetime import date, timedelta

import pytest
from streamlit.testing.v1 import AppTest

from app.domain.errors import OutcomeUnknown, ServerBusy, Unavailable
from app.models.models import Appointment, Schedule, User
from frontend.tests.clinic import MONDAY_MORNING, Clinic, clock_time
from frontend.tests.conftest import OpenPage
from frontend.tests.gateway import Gateway
from frontend.tests.page_driver import (
    buttons,
    choose,
    choose_date,
    choose_time,
    offered_times,
    press,
    texts,
    write,
)
from ui.api.errors import SENTENCES, UNREACHABLE
from ui.widgets import flash

PAGE = "book-appointment"
NINE = "2026-11-30T09:00:00+00:00"
TEN = "2026-11-30T10:00:00+00:00"
MORNING = ["9:00", "9:30", "10:00", "10:30"]


@pytest.fixture
def doctor(clinic: Clinic) -> User:
    """Dr. Smith, who works on Mondays from 9:00 to 11:00."""
    doctor = clinic.add_user(
        "dr_smith", role="doctor", full_name="Dr. John Smith", specialty="Cardiology"
    )
    clinic.add_schedule(doctor, 0, end_time="11:00")
    return doctor


@pytest.fixture
def patient(clinic: Clinic) -> User:
    return clinic.add_user("john_patient", full_name="John Doe")


@pytest.fixture
def tab(open_page: OpenPage, patient: User) -> AppTest:
    return open_page(PAGE, as_user=patient)


@pytest.fixture
def choosing(doctor: User, tab: AppTest) -> AppTest:
    """The page with the doctor chosen, on a Monday."""
    return choose(tab, "Doctor", doctor.id)


def test_without_doctors_there_is_a_sentence(tab: AppTest):
    assert texts(tab.info) == [
        "No doctor can be booked here yet. Please come back later or call the clinic."
    ]


def test_doctors_are_found_by_name_and_specialty(
    clinic: Clinic, doctor: User, open_page: OpenPage, patient: User
):
    clinic.add_user("dr_who", role="doctor", full_name="Dr. Who")
    tab = open_page(PAGE, as_user=patient)
    assert tab.selectbox[0].options == ["Dr. John Smith · Cardiology", "Dr. Who"]
    assert texts(tab.info) == ["Choose a doctor to see the times that are free."]


def test_free_times_of_the_day_are_offered(choosing: AppTest):
    assert offered_times(choosing) == MORNING
    assert texts(choosing.caption) == []


def test_a_zone_that_is_not_the_reader_s_is_named(
    clinic: Clinic, doctor: User, patient: User, open_page: OpenPage
):
    tab = open_page(PAGE, as_user=patient, zone="America/New_York")
    choose(tab, "Doctor", doctor.id)
    assert texts(tab.caption) == ["Times are in the UTC time zone."] * 2
    choose_time(tab, NINE)
    assert "**Monday 30 November 2026, 9:00 (UTC time)** with Dr. John Smith" in texts(tab.markdown)
    clinic.add_appointment(doctor, patient, MONDAY_MORNING.replace(hour=9))
    tab.run()
    assert texts(tab.warning) == [
        "9:00 (UTC time) has just been taken. Please choose another time."
    ]


def test_booking_is_told_and_clears_the_form(clinic: Clinic, doctor: User, choosing: AppTest):
    choose_time(choosing, NINE)
    write(choosing, "Reason", " Regular checkup ")
    press(choosing, "Book Appointment")
    told = ["Your appointment is booked: Monday 30 November 2026, 9:00 with Dr. John Smith"]
    assert texts(choosing.success) == told
    assert texts(choosing.run().success) == told
    assert booked(clinic) == [(doctor.id, "09:00", "Regular checkup")]
    assert offered_times(choosing) == MORNING[1:]
    assert texts(choosing.text_area) == [""]
    assert choosing.date_input[0].value == date(2026, 11, 30)


def test_a_report_that_crossed_with_the_booking_does_not_take_the_news_away(choosing: AppTest):
    choose_date(choosing, date(2026, 12, 7))
    choose_time(choosing, "2026-12-07T09:00:00+00:00")
    write(choosing, "Reason", "Regular checkup")
    widgets_before = choosing._tree.get_widget_states()
    press(choosing, "Book Appointment")
    choosing._run(widgets_before)
    assert texts(choosing.success) == [
        "Your appointment is booked: Monday 7 December 2026, 9:00 with Dr. John Smith"
    ]


def test_news_stay_until_the_person_goes_on(choosing: AppTest, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(flash, "LINGER_SECONDS", -1.0)
    press(choosing, "Book Appointment")
    assert texts(choosing.run().error) == ["Please choose one of the free times first."]
    choose_time(choosing, NINE)
    assert texts(choosing.error) == []


def test_a_time_and_a_reason_are_asked_for(clinic: Clinic, choosing: AppTest):
    press(choosing, "Book Appointment")
    assert texts(choosing.error) == ["Please choose one of the free times first."]
    choose_time(choosing, NINE)
    press(choosing, "Book Appointment")
    assert texts(choosing.error) == ["Please say in a few words why you are coming."]
    assert booked(clinic) == []


def test_a_slot_taken_at_the_last_moment_is_told_and_gone(
    clinic: Clinic, doctor: User, choosing: AppTest
):
    choose_time(choosing, NINE)
    write(choosing, "Reason", "Regular checkup")
    take(clinic, doctor, hour=9)
    press(choosing, "Book Appointment")
    assert texts(choosing.error) == [SENTENCES["slot_taken"]]
    assert texts(choosing.warning) == []
    assert offered_times(choosing) == MORNING[1:]


def test_a_slot_taken_elsewhere_vanishes_with_a_sentence(
    clinic: Clinic, doctor: User, choosing: AppTest
):
    choose_time(choosing, NINE)
    take(clinic, doctor, hour=9)
    choosing.run()
    assert offered_times(choosing) == MORNING[1:]
    assert texts(choosing.warning) == ["9:00 has just been taken. Please choose another time."]
    choose_time(choosing, TEN)
    assert texts(choosing.warning) == []


def test_a_full_day_offers_the_next_days(clinic: Clinic, doctor: User, choosing: AppTest):
    clinic.add_schedule(doctor, 3, end_time="09:30")
    choose_date(choosing, date(2026, 12, 1))
    assert texts(choosing.info) == ["No free time on Tuesday 1 December 2026."]
    assert buttons(choosing) == [
        "Thu 3 Dec · 1 free",
        "Mon 7 Dec · 4 free",
        "Thu 10 Dec · 1 free",
        "Mon 14 Dec · 4 free",
        "Book Appointment",
    ]
    press(choosing, "Thu 3 Dec · 1 free")
    assert offered_times(choosing) == ["9:00"]


def test_a_doctor_without_free_times(clinic: Clinic, patient: User, open_page: OpenPage):
    idle = clinic.add_user("dr_idle", role="doctor", full_name="Dr. Idle")
    tab = choose(open_page(PAGE, as_user=patient), "Doctor", idle.id)
    assert texts(tab.info) == ["No free time on Monday 30 November 2026."]
    assert texts(tab.markdown)[-1] == (
        "Nothing is free until Thursday 31 December 2026 either. "
        "Choose a later date or another doctor."
    )


def test_the_day_begins_where_the_doctor_is(clinic: Clinic, patient: User, open_page: OpenPage):
    far = clinic.add_user("dr_far", role="doctor", timezone="Pacific/Kiritimati")
    clinic.now = MONDAY_MORNING + timedelta(hours=4)
    tab = choose(open_page(PAGE, as_user=patient), "Doctor", far.id)
    assert tab.date_input[0].value == date(2026, 12, 1)


def test_a_busy_patient_reads_so(clinic: Clinic, patient: User, choosing: AppTest):
    choose_time(choosing, NINE)
    write(choosing, "Reason", "Regular checkup")
    other = clinic.add_user("dr_other", role="doctor")
    clinic.add_appointment(other, patient, MONDAY_MORNING.replace(hour=9))
    press(choosing, "Book Appointment")
    assert texts(choosing.error) == [SENTENCES["patient_busy"]]
    assert texts(choosing.text_area) == ["Regular checkup"]


def test_a_time_that_is_no_longer_offered_is_refused(
    clinic: Clinic, doctor: User, choosing: AppTest
):
    choose_time(choosing, NINE)
    write(choosing, "Reason", "Regular checkup")
    [hours] = clinic.all(Schedule)
    clinic.change(hours, is_active=False)
    press(choosing, "Book Appointment")
    assert texts(choosing.error) == [SENTENCES["slot_not_offered"]]


def test_a_busy_server_costs_nobody_the_form(gateway: Gateway, choosing: AppTest):
    gateway.refusals["POST", "/appointments/"] = ServerBusy()
    choose_time(choosing, NINE)
    write(choosing, "Reason", "Regular checkup")
    press(choosing, "Book Appointment")
    assert texts(choosing.error) == [SENTENCES["server_busy"]]
    assert texts(choosing.text_area) == ["Regular checkup"]


def test_a_booking_that_may_be_lost_says_where_to_look(gateway: Gateway, choosing: AppTest):
    gateway.refusals["POST", "/appointments/"] = OutcomeUnknown()
    choose_time(choosing, NINE)
    write(choosing, "Reason", "Regular checkup")
    press(choosing, "Book Appointment")
    (sentence,) = texts(choosing.error)
    assert sentence == (
        "The clinic cannot tell yet whether this was booked. "
        "Look at My Appointments before you try again."
    )


def test_an_outage_is_told_and_costs_nobody_the_form(
    clinic: Clinic, gateway: Gateway, choosing: AppTest
):
    choose_time(choosing, NINE)
    write(choosing, "Reason", "Regular checkup")
    gateway.down = True
    press(choosing, "Book Appointment")
    assert texts(choosing.error) == [UNREACHABLE]
    assert offered_times(choosing) == MORNING
    assert texts(choosing.text_area) == ["Regular checkup"]
    gateway.down = False
    press(choosing, "Book Appointment")
    assert booked(clinic) == [(choosing.selectbox[0].value, "09:00", "Regular checkup")]


def test_an_outage_before_anything_was_known(
    gateway: Gateway, doctor: User, patient: User, open_page: OpenPage
):
    gateway.refusals["GET", "/users/doctors"] = Unavailable()
    tab = open_page(PAGE, as_user=patient)
    assert texts(tab.error) == [SENTENCES["unavailable"]]
    del gateway.refusals["GET", "/users/doctors"]
    press(tab, "Try again")
    assert (texts(tab.error), tab.selectbox[0].options) == ([], ["Dr. John Smith · Cardiology"])


def test_names_are_never_markdown(clinic: Clinic, patient: User, open_page: OpenPage):
    doctor = clinic.add_user("dr_x", role="doctor", full_name="**Dr.** <b>X</b>")
    clinic.add_schedule(doctor, 0)
    tab = choose(open_page(PAGE, as_user=patient), "Doctor", doctor.id)
    choose_time(tab, NINE)
    assert texts(tab.markdown)[-1] == (
        r"**Monday 30 November 2026, 9:00** with \*\*Dr.\*\* \<b\>X\</b\>"
    )


def take(clinic: Clinic, doctor: User, *, hour: int) -> None:
    rival = clinic.add_user(f"rival_{hour}")
    clinic.add_appointment(doctor, rival, MONDAY_MORNING.replace(hour=hour))


def booked(clinic: Clinic) -> list[tuple[int, str, str]]:
    return [
        (one.doctor_id, clock_time(one.appointment_time), one.reason)
        for one in clinic.all(Appointment)
    ]
