"""The names of people by their ids, for admins."""

from collections.abc import Iterable
from typing import Final

import streamlit as st

from ui.api.client import Api

BLOCK: Final = 200
_KEY: Final = "clinic.directory"


def names(api: Api, ids: Iterable[int]) -> dict[int, str]:
    """The names of `ids` as far as there are such accounts. Raises `ApiFailure`.

    What is known is kept, as each question is a line in the audit log; neighbours are asked for
    together.
    """
    known: dict[int, str] = st.session_state.setdefault(_KEY, {})
    for person in sorted(ids):
        if person not in known:
            known[person] = f"account {person}"
            block = api.users(after=person - 1, limit=BLOCK)
            known.update({user.id: user.full_name for user in block})
    return known
