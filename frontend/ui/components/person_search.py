"""Finding one person among all the accounts of the clinic, for admins."""

from typing import Final

import streamlit as st

from ui import format as fmt
from ui.api.client import Api
from ui.api.models import User
from ui.components import notice

LIMIT: Final = 20


def pick_person(api: Api, key: str, label: str, **filters: str | bool) -> User | None:
    """Who was searched for and chosen below `key`, among the accounts that `filters` allow.

    Raises `ApiFailure`.
    """
    wanted = str(
        st.text_input(
            label,
            key=f"{key}.name",
            placeholder="Name, username or e-mail address",
            max_chars=100,
            on_change=notice.clear,
        )
    ).strip()
    if not wanted:
        return None
    found = {user.id: user for user in _found(api, key, wanted, filters)}
    if not found:
        st.warning(f"Nobody is found by “{fmt.plain(wanted)}”. Check the spelling.")
        return None
    chosen = st.selectbox(
        f"{label} found",
        list(found)[:LIMIT],
        index=0 if len(found) == 1 else None,
        format_func=lambda user_id: _description(found[user_id]),
        placeholder="Choose the right person",
        key=f"{key}.chosen.{wanted}",
        on_change=notice.clear,
    )
    if len(found) > LIMIT:
        st.caption(f"Only the first {LIMIT} are listed. Type more of the name to find others.")
    return found[chosen] if chosen else None


def _found(api: Api, key: str, wanted: str, filters: dict[str, str | bool]) -> list[User]:
    """The answer is kept: each question is a line in the audit log."""
    kept: tuple[str, list[User]] | None = st.session_state.get(f"{key}.found")
    if kept is None or kept[0] != wanted:
        kept = (wanted, api.users(name=wanted, limit=LIMIT + 1, **filters))
        st.session_state[f"{key}.found"] = kept
    return kept[1]


def _description(user: User) -> str:
    return " · ".join(filter(None, (user.full_name, user.username, user.email, user.phone)))
