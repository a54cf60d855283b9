"""Book Appointment, for oneself."""

import streamlit as st

from ui.booking.form import Desk, draw_booking
from ui.login import session


def page() -> None:
    person = session.require_role("patient")
    st.title("Book Appointment", anchor=False)
    draw_booking(Desk("book", person.api))


page()
