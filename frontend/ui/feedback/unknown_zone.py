"""A warning for doctors whose time zone does not exist any more."""

import streamlit as st

from ui.api.models import User
from ui.formatting import text as fmt


def warn_of_unknown_zone(user: User) -> None:
    """Show a warning to a doctor whose time zone does not exist any more."""
    if user.role == "doctor" and fmt.shown_zone(user.timezone) != user.timezone:
        st.warning(
            f"Your time zone, {fmt.plain(user.timezone)}, does not exist any more, so that nobody "
            "can book you. Choose another one on the page “Account”."
        )
