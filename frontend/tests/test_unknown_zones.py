"""Pages of people whose stored time zone does not exist any more: none of them breaks."""

import pytest
from streamlit.testing.v1 import AppTest

from app.models.models import User
from frontend.tests.clinic import MONDAY_MORNING, Clinic
from frontend.tests.conftest import OpenPage
from frontend.tests.page_driver import choose, headlines, offered_times, pills, press, texts
from ui.api.errors import SENTENCES
from ui.formatting import text as fmt

GONE = "Europe/Atlantis"
NINE = MONDAY_MORNING.replace(hour=9)
WARNING = (
    "Your time zone, Europe/Atlantis, does not exist any more, so that nobody can book you. "
    "Choose another one on the page “Account”."
)
AGREED = "**Monday 30 November 2026, 9:00 (Europe/Atlantis time)** · 30 minutes"


@pytest.fixture
def doctor(clinic: Clinic) -> User:
    doctor = clinic.add_user("dr_smith", role="doctor", full_name="Dr. John Smith")
    clinic.add_schedule(doctor, 0, end_time="11:00")
    return doctor


@pytest.fixture
def john(clinic: Clinic, doctor: User) -> User:
    """A patient with a visit at 9:00, and a doctor whose zone was lost after that."""
    john = clinic.add_user("john_patient", full_name="John Doe")
    clinic.add_appointment(doctor, john, NINE)
    clinic.change(doctor, timezone=GONE)
    return john


def test_a_patient_reads_the_time_that_was_agreed(john: User, open_page: OpenPage):
    tab = open_page("my-appointments", as_user=john)
    assert headlines(tab) == [AGREED]
    pills(tab, "Show").set_value("Calendar").run()
    assert not tab.exception


def test_the_doctor_cannot_be_booked_and_another_one_can(
    clinic: Clinic, doctor: User, john: User, open_page: OpenPage
):
    other = clinic.add_user("dr_jones", role="doctor")
    clinic.add_schedule(other, 0, end_time="10:00")
    tab = choose(open_page("book-appointment", as_user=john), "Doctor", doctor.id)
    assert texts(tab.error) == [SENTENCES["unknown_zone"]]
    assert offered_times(tab) == []

    choose(tab, "Doctor", other.id)
    assert texts(tab.error) == []
    assert offered_times(tab) == ["9:00", "9:30"]


def test_the_doctor_sees_the_day_and_what_is_wrong(doctor: User, john: User, open_page: OpenPage):
    tab = open_page("appointments", as_user=doctor)
    assert headlines(tab) == [AGREED]
    assert texts(tab.warning) == [WARNING]
    pills(tab, "Show").set_value("Calendar").run()
    assert not tab.exception


def test_the_doctor_sees_the_hours_and_what_is_wrong(doctor: User, john: User, open_page: OpenPage):
    tab = open_page("schedule-management", as_user=doctor)
    assert not tab.exception
    assert texts(tab.warning) == [WARNING]


def test_the_doctor_chooses_another_zone(
    clinic: Clinic, doctor: User, john: User, open_page: OpenPage
):
    clinic.add_record(doctor, "login.open", resource_id=doctor.id)
    tab = open_page("account", as_user=doctor)
    assert texts(tab.warning) == [WARNING]
    zone_box = tab.selectbox[0]
    assert zone_box.value == GONE
    assert {"UTC", "Europe/London"} < set(zone_box.options)
    assert not {"localtime", "Factory", "posixrules"} & set(zone_box.options)

    zone_box.set_value("UTC")
    press(tab, "Save profile")
    assert clinic.fresh(doctor).timezone == "UTC"
    assert texts(tab.warning) == []


@pytest.mark.parametrize("name", [GONE, "localtime", ""])
@pytest.mark.parametrize(
    ("role", "page"),
    [
        ("patient", "my-appointments"),
        ("patient", "book-appointment"),
        ("patient", "account"),
        ("admin", "people"),
        ("admin", "audit-log"),
        ("admin", "account"),
    ],
)
def test_the_others_read_the_clock_of_the_clinic(
    clinic: Clinic, doctor: User, open_page: OpenPage, role: str, page: str, name: str
):
    person = clinic.add_user("somebody", role=role, timezone=name)
    clinic.add_record(person, "login.open", resource_id=person.id)
    clinic.add_invitation(person)
    tab: AppTest = open_page(page, as_user=person, zone="America/New_York")
    assert not tab.exception
    assert texts(tab.error) == []
    assert not [text for text in texts(tab.caption) if GONE in text]


def test_the_zone_that_is_shown_is_the_one_that_is_named():
    assert fmt.shown_zone("Europe/Berlin") == "Europe/Berlin"
    assert [fmt.shown_zone(name) for name in (GONE, "", "localtime")] == ["UTC"] * 3
    assert fmt.now_in(GONE, NINE) == NINE
    assert fmt.zone_suffix(GONE, "UTC", NINE) == f" ({GONE} time)"
    assert fmt.zone_suffix(GONE, None, NINE) == f" ({GONE} time)"
    assert fmt.zone_suffix("UTC", GONE, NINE) == " (UTC time)"
    assert fmt.zone_suffix("UTC", "Europe/Lisbon", NINE) == ""
    assert not fmt.is_second_reading(NINE, GONE)
