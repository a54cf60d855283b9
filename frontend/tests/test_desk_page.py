"""Book for a Patient, as the front desk uses it, and the keys of all bookings."""

import httpx
import pytest
from streamlit.testing.v1 import AppTest

from app.domain.errors import DomainError
from app.http.errors import KeyReused, RequestInFlight
from app.models.models import Appointment, User
from frontend.tests.clinic import MONDAY_MORNING, Clinic
from frontend.tests.conftest import OpenPage
from frontend.tests.gateway import Gateway
from frontend.tests.page_driver import choose, choose_time, press, texts, write
from frontend.tests.people import fill
from ui.api.errors import SENTENCES
from ui.booking.form import SENTENCES_FOR_THE_DESK

PAGE = "book-for-a-patient"
NINE = "2026-11-30T09:00:00+00:00"
TEN = "2026-11-30T10:00:00+00:00"


@pytest.fixture
def doctor(clinic: Clinic) -> User:
    doctor = clinic.add_user("dr_smith", role="doctor", full_name="Dr. John Smith")
    clinic.add_schedule(doctor, 0, end_time="11:00")
    return doctor


@pytest.fixture
def patient(clinic: Clinic) -> User:
    return clinic.add_user("john_patient", full_name="John Doe")


@pytest.fixture
def tab(clinic: Clinic, doctor: User, patient: User, open_page: OpenPage) -> AppTest:
    return open_page(PAGE, as_user=clinic.add_user("front_desk", role="admin"))


@pytest.fixture
def filled_in(tab: AppTest, doctor: User) -> AppTest:
    """The page with everything chosen for John Doe."""
    find(tab, "john doe")
    choose(tab, "Doctor", doctor.id)
    choose_time(tab, NINE)
    return write(tab, "Reason", "Regular checkup")


def find(tab: AppTest, name: str) -> AppTest:
    fill(tab, "Patient", name)
    return tab.run()


def bookings(gateway: Gateway) -> list[httpx.Request]:
    return [one for one in gateway.requests if one.method == "POST"]


def keys(gateway: Gateway) -> list[str]:
    return [one.headers["idempotency-key"] for one in bookings(gateway)]


def test_the_patient_is_searched_for_first(tab: AppTest):
    assert texts(tab.info) == [
        "Search for the patient first. Somebody without an account can register on the login page."
    ]
    assert [box.label for box in find(tab, "john doe").selectbox] == ["Patient found", "Doctor"]
    assert texts(tab.text) == ["john_patient · john_patient@example.com"]
    find(tab, "smith")
    assert texts(tab.warning) == ["No account matches “smith”. Check the spelling."]


def test_of_several_patients_one_is_chosen(clinic: Clinic, tab: AppTest):
    twin = clinic.add_user("john_twin", full_name="John Doe")
    find(tab, "john doe")
    assert [box.label for box in tab.selectbox] == ["Patient found"]
    assert tab.selectbox[0].options == [
        "John Doe · john_patient@example.com",
        "John Doe · john_twin@example.com",
    ]

    choose(tab, "Patient found", twin.id)

    assert texts(tab.text) == ["john_twin · john_twin@example.com"]


def test_of_very_many_patients_the_first_are_listed(clinic: Clinic, tab: AppTest):
    for number in range(21):
        clinic.add_user(f"jane_{number}")

    assert texts(find(tab, "jane").caption) == [
        "Only the first 20 are listed. Type more of the name to find others."
    ]


def test_booking_for_the_patient(clinic: Clinic, patient: User, doctor: User, filled_in: AppTest):
    assert texts(filled_in.markdown)[-1] == (
        "**Monday 30 November 2026, 9:00** with Dr. John Smith for John Doe"
    )

    press(filled_in, "Book Appointment")

    told = "Monday 30 November 2026, 9:00 with Dr. John Smith for John Doe"
    assert texts(filled_in.success) == [f"The appointment is booked: {told}"]
    booked = [(one.patient_id, one.doctor_id) for one in clinic.all(Appointment)]
    assert booked == [(patient.id, doctor.id)]


def test_a_busy_patient_is_not_called_you(clinic: Clinic, patient: User, filled_in: AppTest):
    other = clinic.add_user("dr_other", role="doctor")
    clinic.add_appointment(other, patient, MONDAY_MORNING.replace(hour=9))

    press(filled_in, "Book Appointment")

    assert texts(filled_in.error) == [SENTENCES_FOR_THE_DESK["patient_busy"]]


def test_a_reason_is_asked_for(filled_in: AppTest):
    write(filled_in, "Reason", " ")
    press(filled_in, "Book Appointment")
    assert texts(filled_in.error) == ["Please say in a few words why the patient is coming."]


@pytest.mark.parametrize("refusal", [KeyReused(), RequestInFlight()])
def test_a_refusal_is_a_sentence(gateway: Gateway, filled_in: AppTest, refusal: DomainError):
    gateway.refusals["POST", "/appointments/"] = refusal

    press(filled_in, "Book Appointment")

    assert texts(filled_in.error) == [SENTENCES[refusal.code]]


def test_a_draft_keeps_its_key_until_it_changes(gateway: Gateway, filled_in: AppTest):
    gateway.refusals["POST", "/appointments/"] = RequestInFlight()
    for _ in range(2):
        press(filled_in, "Book Appointment")
    choose_time(filled_in, TEN)
    press(filled_in, "Book Appointment")

    first, second, third = keys(gateway)

    assert (first == second, second == third) == (True, False)


def test_each_booking_has_a_key_of_its_own(clinic: Clinic, gateway: Gateway, filled_in: AppTest):
    press(filled_in, "Book Appointment")
    choose_time(filled_in, TEN)
    write(filled_in, "Reason", "Regular checkup")
    press(filled_in, "Book Appointment")

    assert (len(set(keys(gateway))), len(clinic.all(Appointment))) == (2, 2)
