"""Book for a Patient, as the front desk uses it, and the keys of all bookings."""

import httpx
import pytest
from streamlit.testing.v1 import AppTest

from frontend.tests.conftest import OpenPage
from frontend.tests.fake_api import FakeApi
from frontend.tests.fake_clinic import MONDAY_MORNING, Json
from frontend.tests.fake_refusals import RefusedError
from frontend.tests.page_driver import choose, choose_time, press, texts, write
from frontend.tests.people import fill
from ui.api.errors import SENTENCES
from ui.booking.form import SAID_AT_THE_DESK

PAGE = "book-for-a-patient"
NINE = "2026-11-30T09:00:00+00:00"
TEN = "2026-11-30T10:00:00+00:00"


@pytest.fixture
def doctor(api: FakeApi) -> Json:
    doctor = api.add_user("dr_smith", role="doctor", full_name="Dr. John Smith")
    api.add_schedule(doctor, 0, end_time="11:00")
    return doctor


@pytest.fixture
def patient(api: FakeApi) -> Json:
    return api.add_user("john_patient", full_name="John Doe")


@pytest.fixture
def tab(api: FakeApi, doctor: Json, patient: Json, open_page: OpenPage) -> AppTest:
    return open_page(PAGE, as_user=api.add_user("front_desk", role="admin"))


@pytest.fixture
def filled_in(tab: AppTest, doctor: Json) -> AppTest:
    """The page with everything chosen for John Doe."""
    find(tab, "john doe")
    choose(tab, "Doctor", doctor["id"])
    choose_time(tab, NINE)
    return write(tab, "Reason", "Regular checkup")


def find(tab: AppTest, name: str) -> AppTest:
    fill(tab, "Patient", name)
    return tab.run()


def bookings(api: FakeApi) -> list[httpx.Request]:
    return [one for one in api.requests if one.method == "POST"]


def keys(api: FakeApi) -> list[str]:
    return [one.headers["idempotency-key"] for one in bookings(api)]


def test_the_patient_is_searched_for_first(tab: AppTest):
    assert texts(tab.info) == [
        "Search for the patient first. Somebody without an account can register on the login page."
    ]
    assert [box.label for box in find(tab, "john doe").selectbox] == ["Patient found", "Doctor"]
    assert texts(tab.text) == ["john_patient · john_patient@example.com"]
    find(tab, "smith")
    assert texts(tab.warning) == ["Nobody is found by “smith”. Check the spelling."]


def test_of_several_patients_one_is_chosen(api: FakeApi, tab: AppTest):
    twin = api.add_user("john_twin", full_name="John Doe")
    find(tab, "john doe")
    assert [box.label for box in tab.selectbox] == ["Patient found"]
    assert tab.selectbox[0].options == [
        "John Doe · john_patient@example.com",
        "John Doe · john_twin@example.com",
    ]

    choose(tab, "Patient found", twin["id"])

    assert texts(tab.text) == ["john_twin · john_twin@example.com"]


def test_of_very_many_patients_the_first_are_listed(api: FakeApi, tab: AppTest):
    for number in range(21):
        api.add_user(f"jane_{number}")

    assert texts(find(tab, "jane").caption) == [
        "Only the first 20 are listed. Type more of the name to find others."
    ]


def test_booking_for_the_patient(api: FakeApi, patient: Json, doctor: Json, filled_in: AppTest):
    assert texts(filled_in.markdown)[-1] == (
        "**Monday 30 November 2026, 9:00** with Dr. John Smith for John Doe"
    )

    press(filled_in, "Book Appointment")

    told = "Monday 30 November 2026, 9:00 with Dr. John Smith for John Doe"
    assert texts(filled_in.success) == [f"The appointment is booked: {told}"]
    booked = [(row["patient_id"], row["doctor_id"]) for row in api.appointments.values()]
    assert booked == [(patient["id"], doctor["id"])]


def test_a_busy_patient_is_not_called_you(api: FakeApi, patient: Json, filled_in: AppTest):
    other = api.add_user("dr_other", role="doctor")
    api.add_appointment(other, patient, MONDAY_MORNING.replace(hour=9))

    press(filled_in, "Book Appointment")

    assert texts(filled_in.error) == [SAID_AT_THE_DESK["patient_busy"]]


def test_a_reason_is_asked_for(filled_in: AppTest):
    write(filled_in, "Reason", " ")
    press(filled_in, "Book Appointment")
    assert texts(filled_in.error) == ["Please say in a few words why the patient is coming."]


@pytest.mark.parametrize("code", ["idempotency_key_reused", "request_in_flight"])
def test_a_refusal_is_a_sentence(api: FakeApi, filled_in: AppTest, code: str):
    api.refusals["POST", "/appointments/"] = RefusedError(code)

    press(filled_in, "Book Appointment")

    assert texts(filled_in.error) == [SENTENCES[code]]


def test_a_draft_keeps_its_key_until_it_changes(api: FakeApi, filled_in: AppTest):
    api.refusals["POST", "/appointments/"] = RefusedError("request_in_flight")
    for _ in range(2):
        press(filled_in, "Book Appointment")
    choose_time(filled_in, TEN)
    press(filled_in, "Book Appointment")

    first, second, third = keys(api)

    assert (first == second, second == third) == (True, False)


def test_each_booking_has_a_key_of_its_own(api: FakeApi, filled_in: AppTest):
    press(filled_in, "Book Appointment")
    choose_time(filled_in, TEN)
    write(filled_in, "Reason", "Regular checkup")
    press(filled_in, "Book Appointment")

    assert (len(set(keys(api))), len(api.appointments)) == (2, 2)
