"""A search field that finds one account, for admins."""

from typing import Final

import streamlit as st

from ui.api.client import Api
from ui.api.models import User
from ui.formatting import limits
from ui.formatting import text as fmt
from ui.formatting.phones import shown_phone
from ui.people import accounts
from ui.widgets import flash

LIMIT: Final = 20


def pick_person(api: Api, key: str, label: str, **filters: str | bool) -> User | None:
    """The account that was found and chosen, among those that `filters` allow; `key` stores it.

    Raises `ApiFailure`.
    """
    wanted = str(
        st.text_input(
            label,
            key=f"{key}.name",
            placeholder="Name, username or e-mail address",
            max_chars=limits.SEARCH,
            on_change=flash.dismissal(),
        )
    ).strip()
    if not wanted:
        return None
    found = {user.id: user for user in accounts.find(api, name=wanted, limit=LIMIT + 1, **filters)}
    if not found:
        st.warning(f"No account matches “{fmt.plain(wanted)}”. Check the spelling.")
        return None
    chosen = st.selectbox(
        f"{label} found",
        list(found)[:LIMIT],
        index=0 if len(found) == 1 else None,
        format_func=lambda user_id: f"{found[user_id].full_name} · {found[user_id].email}",
        placeholder="Choose the right person",
        key=f"{key}.chosen.{wanted}",
        on_change=flash.dismissal(),
    )
    if len(found) > LIMIT:
        st.caption(f"Only the first {LIMIT} are listed. Type more of the name to find others.")
    if chosen is None:
        return None
    st.text(contact(found[chosen]))
    return found[chosen]


def contact(user: User) -> str:
    """`john_patient · john@example.com · +44 20 7946 0000`."""
    return " · ".join(filter(None, (user.username, user.email, shown_phone(user.phone))))
