"""Book Appointment, for oneself."""

import streamlit as st

from ui import session
from ui.components.booking import Desk, draw_booking


def page() -> None:
    person = session.require_role("patient")
    st.title("Book Appointment", anchor=False)
    draw_booking(Desk("book", person.api))


page()
