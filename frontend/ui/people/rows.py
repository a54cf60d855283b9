"""An account as a row: person, state and actions."""

from typing import Final, Literal

import streamlit as st

from ui.api.client import Api
from ui.api.models import User
from ui.feedback.attempt import attempt
from ui.formatting import text as fmt
from ui.login.session import SignedInPerson
from ui.people import accounts
from ui.people.search import contact
from ui.widgets.dialogs import request

ROLES: Final = ("patient", "doctor", "admin")
WAITING: Final = "Waiting for approval"
ACTIVE: Final = "Active"
DEACTIVATED: Final = "Deactivated"
_COLOURS: Final[dict[str, Literal["orange", "green", "gray"]]] = {
    WAITING: "orange",
    ACTIVE: "green",
    DEACTIVATED: "gray",
}


def state_of(user: User) -> str:
    if not user.is_active:
        return DEACTIVATED
    return ACTIVE if user.is_approved else WAITING


def draw_row(person: SignedInPerson, user: User) -> None:
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{fmt.plain(user.full_name)}**", width="content")
            st.badge(user.role.capitalize(), color="blue")
            st.badge(state_of(user), color=_COLOURS[state_of(user)])
        st.text(" · ".join(filter(None, (contact(user), user.specialty))))
        if user.id == person.user.id:
            st.caption("This is you.")
        else:
            _draw_buttons(person, user)


def _draw_buttons(person: SignedInPerson, user: User) -> None:
    with st.container(horizontal=True):
        if state_of(user) == WAITING:
            st.button(
                "Approve",
                key=f"approve.{user.id}",
                type="primary",
                on_click=attempt,
                args=(f"approve.{user.id}", lambda: _approved(person.api, user)),
            )
        if user.is_active:
            _ask_button("Deactivate", "deactivate", user)
        else:
            _ask_button("Reactivate", "reactivate", user)
        _ask_button("Change role", "role", user)
        if user.role == "doctor":
            _ask_button("Time zone", "zone", user)
        _ask_button("Devices", "devices", user)


def _ask_button(label: str, kind: str, user: User) -> None:
    st.button(label, key=f"{kind}.{user.id}", on_click=request, args=(kind, user.id))


def _approved(api: Api, user: User) -> str:
    accounts.change(api, user, is_approved=True)
    return f"Approved: patients can now book {fmt.plain(user.full_name)}"
