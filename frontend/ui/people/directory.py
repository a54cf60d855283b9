"""The names of people by their ids, for admins."""

from collections.abc import Iterable
from typing import Final

import streamlit as st

from ui.api.client import Api

BLOCK: Final = 200
_KEY: Final = "clinic.directory"


def names(api: Api, ids: Iterable[int]) -> dict[int, str]:
    """The names of the accounts `ids`, and `account 7` for one that does not exist.

    Raises `ApiFailure`. Known names are stored, because each read is a record in the audit log.
    """
    known: dict[int, str] = st.session_state.setdefault(_KEY, {})
    missing = sorted(set(ids) - known.keys())
    for block in (missing[start : start + BLOCK] for start in range(0, len(missing), BLOCK)):
        known.update({person: f"account {person}" for person in block})
        known.update({user.id: user.full_name for user in api.users.find(id=block, limit=BLOCK)})
    return known
