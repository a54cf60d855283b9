"""The accounts of the clinic, as admins look at them and change them.

Each question is a line in the audit log. So answers are kept for a moment: a page that is drawn
anew for every click has looked at the accounts once.
"""

from datetime import datetime, timedelta
from itertools import islice
from typing import Final

import streamlit as st

from ui.api.client import Api
from ui.api.errors import reworded
from ui.api.models import User
from ui.widgets import clock

KEPT_FOR: Final = timedelta(seconds=30)
MOST_KEPT: Final = 8
STILL_BOOKED: Final = (
    "This person has booked appointments that are not over. Cancel those appointments first."
)
TIMES_WOULD_CHANGE: Final = (
    "In this time zone, booked appointments would have other times. "
    "Cancel those appointments first."
)
_KEY: Final = "clinic.accounts"

Question = tuple[tuple[str, object], ...]


def find(api: Api, **question: str | int | bool | None) -> list[User]:
    """The answer to `Users.find`, at most `KEPT_FOR` old. Raises `ApiFailure`.

    The latest `MOST_KEPT` answers are kept, so that a session's memory does not grow with searches.
    """
    now = clock.now()
    latest = islice(reversed(_kept().items()), MOST_KEPT)
    kept = {asked: one for asked, one in reversed(list(latest)) if now - one[0] < KEPT_FOR}
    st.session_state[_KEY] = kept
    asked = tuple(question.items())
    if asked not in kept:
        kept[asked] = (now, api.users.find(**question))
    return kept[asked][1]


def change(api: Api, user: User, **changes: str | bool) -> User:
    """Change an account; the next look at any of them is a fresh one. Raises `ApiFailure`."""
    st.session_state.pop(_KEY, None)
    affected = TIMES_WOULD_CHANGE if "timezone" in changes else STILL_BOOKED
    with reworded({"appointments_affected": affected}):
        return api.users.change(user.id, **changes)


def _kept() -> dict[Question, tuple[datetime, list[User]]]:
    kept: dict[Question, tuple[datetime, list[User]]] = st.session_state.get(_KEY, {})
    return kept
