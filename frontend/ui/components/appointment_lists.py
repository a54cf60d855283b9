"""Lists of appointments: which belong together, in which order, and a page at a time."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import streamlit as st

from ui.api.models import Appointment
from ui.components.appointment_card import Card

CARDS_A_PAGE = 10


def upcoming(appointments: Iterable[Appointment], now: datetime) -> list[Appointment]:
    """Those that will take place or are taking place, the next one first."""
    return sorted((one for one in appointments if _is_coming(one, now)), key=_start)


def past(appointments: Iterable[Appointment], now: datetime) -> list[Appointment]:
    """Those that are over, completed or cancelled, the latest first."""
    return sorted(
        (one for one in appointments if not _is_coming(one, now)), key=_start, reverse=True
    )


def draw_cards(key: str, cards: Sequence[Card], empty: str = "Nothing here.") -> None:
    """Draw `cards`, with page numbers when there are many; say `empty` when there are none."""
    if not cards:
        st.info(empty)
        return
    pages = -(-len(cards) // CARDS_A_PAGE)
    first = CARDS_A_PAGE * (_page_number(key, pages) - 1)
    for card in cards[first : first + CARDS_A_PAGE]:
        card.draw()
    if pages > 1:
        st.pagination(pages, key=key)


def _page_number(key: str, pages: int) -> int:
    """The page chosen below the list, the last one when there are fewer by now."""
    return min(int(st.session_state.get(key) or 1), pages)


def _is_coming(one: Appointment, now: datetime) -> bool:
    return one.status == "scheduled" and one.ends_at > now


def _start(one: Appointment) -> datetime:
    return one.starts_at
