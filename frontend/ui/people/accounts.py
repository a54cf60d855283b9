"""Reads and changes of accounts by admins.

Each read is a record in the audit log, so answers are reused for `KEPT_FOR`: a page that is redrawn
for every click reads the accounts once.
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

Query = tuple[tuple[str, object], ...]


def find(api: Api, **filters: str | int | bool | None) -> list[User]:
    """The answer of `Users.find`, at most `KEPT_FOR` old. Raises `ApiFailure`.

    Only the latest `MOST_KEPT` answers are stored, which bounds the memory of a session.
    """
    now = clock.now()
    latest = islice(reversed(_kept().items()), MOST_KEPT)
    kept = {query: one for query, one in reversed(list(latest)) if now - one[0] < KEPT_FOR}
    st.session_state[_KEY] = kept
    query = tuple(filters.items())
    if query not in kept:
        kept[query] = (now, api.users.find(**filters))
    return kept[query][1]


def change(api: Api, user: User, **changes: str | bool) -> User:
    """Change an account, and discard the stored answers. Raises `ApiFailure`."""
    st.session_state.pop(_KEY, None)
    affected = TIMES_WOULD_CHANGE if "timezone" in changes else STILL_BOOKED
    with reworded({"appointments_affected": affected}):
        return api.users.change(user.id, **changes)


def _kept() -> dict[Query, tuple[datetime, list[User]]]:
    kept: dict[Query, tuple[datetime, list[User]]] = st.session_state.get(_KEY, {})
    return kept
