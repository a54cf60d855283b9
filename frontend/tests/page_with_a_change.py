"""A page with two buttons that ask for the same change, which succeeds only once."""

import streamlit as st

from ui.api.errors import ApiError
from ui.feedback.attempt import attempt
from ui.widgets import flash


def change() -> str:
    st.session_state.changes = st.session_state.get("changes", 0) + 1
    if st.session_state.changes > 1:
        raise ApiError(409, "illegal_transition", "Too late.")
    return "It is done"


st.button("Change", on_click=attempt, args=("the change", change))
st.button("Change again", on_click=attempt, args=("another change", change))
flash.show()
