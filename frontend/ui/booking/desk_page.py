"""Book for a Patient: what the front desk does for somebody who calls."""

import streamlit as st

from ui.booking.form import Desk, draw_booking
from ui.feedback.failures import show_api_errors
from ui.login import session
from ui.login.session import SignedInPerson
from ui.people.search import pick_person


def page() -> None:
    person = session.require_role("admin")
    st.title("Book for a Patient", anchor=False)
    _book(person)


@show_api_errors
def _book(person: SignedInPerson) -> None:
    patient = pick_person(person.api, "desk.patient", "Patient", role="patient", is_active=True)
    if patient is None:
        st.info(
            "Search for the patient first. "
            "Somebody without an account can register on the login page."
        )
    else:
        draw_booking(Desk("desk", person.api, patient))


page()
