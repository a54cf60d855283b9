"""Lists of appointments, loaded one page at a time."""

from collections.abc import Callable
from datetime import date
from typing import Final

import streamlit as st

from ui.api.client import Api
from ui.api.models import Appointment
from ui.appointments.card import Card
from ui.widgets.paging import Pages

CARDS_A_PAGE: Final = 10


def draw_page(
    key: str,
    api: Api,
    card: Callable[[Appointment], Card],
    *,
    empty: str,
    **filters: date | str | None,
) -> None:
    """Draw a page of the appointments that `Appointments.page` finds, or the text `empty`.

    Raises `ApiFailure`.
    """
    pages: Pages[str] = Pages(key, tuple(str(value) for value in filters.values()))
    found, following = api.appointments.page(limit=CARDS_A_PAGE, cursor=pages.start, **filters)
    if not found:
        st.info(empty)
    for one in found:
        card(one).draw()
    pages.draw(following)
