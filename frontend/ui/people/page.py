"""People: the accounts of the clinic, and who may use them."""

from dataclasses import astuple, dataclass
from typing import Final

import streamlit as st

from ui.api.client import Api
from ui.api.models import User
from ui.feedback.failures import show_api_errors
from ui.formatting import limits
from ui.login import session
from ui.login.session import SignedInPerson
from ui.people import accounts
from ui.people.dialogs import open_requested
from ui.people.invitations import draw_invitations
from ui.people.rows import ACTIVE, DEACTIVATED, ROLES, WAITING, draw_row, state_of
from ui.widgets import flash
from ui.widgets.dialogs import request
from ui.widgets.paging import Pages

ROWS_A_PAGE: Final = 20
MOST_WAITING: Final = 200
STATES: Final[dict[str, dict[str, bool]]] = {
    WAITING: {"is_active": True, "is_approved": False},
    ACTIVE: {"is_active": True, "is_approved": True},
    DEACTIVATED: {"is_active": False},
}


@dataclass(frozen=True)
class Search:
    """The filters; None is no filter."""

    name: str | None
    role: str | None
    state: str | None


def page() -> None:
    person = session.require_role("admin")
    st.title("People", anchor=False)
    flash.show()
    _people(person)


@show_api_errors
def _people(person: SignedInPerson) -> None:
    st.button("Invite a doctor", icon=":material/person_add:", on_click=request, args=("invite", 0))
    draw_invitations(person)
    search = _search_fields()
    shown: list[User] = []
    if search.state in {None, WAITING}:
        shown += _draw_waiting(person, search)
    if search.state != WAITING:
        shown += _draw_page(person, search)
    open_requested(person, shown)


def _search_fields() -> Search:
    left, middle, right = st.columns([2, 1, 1])
    name = left.text_input(
        "Search",
        placeholder="Name, username or e-mail address",
        max_chars=limits.SEARCH,
        on_change=flash.dismissal(),
    )
    role = middle.selectbox(
        "Role",
        ROLES,
        index=None,
        format_func=str.capitalize,
        placeholder="All",
        on_change=flash.dismissal(),
    )
    state = right.selectbox(
        "State", list(STATES), index=None, placeholder="All", on_change=flash.dismissal()
    )
    return Search(str(name).strip() or None, role, state)


def _draw_waiting(person: SignedInPerson, search: Search) -> list[User]:
    """All accounts that wait for approval; says so if only they are shown and there are none."""
    waiting = _find(person.api, search, STATES[WAITING], limit=MOST_WAITING)
    if waiting:
        st.subheader(WAITING, anchor=False)
    elif search.state == WAITING:
        st.info("Nobody is waiting for approval.")
    for user in waiting:
        draw_row(person, user)
    if waiting and search.state is None:
        st.subheader("Everybody else", anchor=False)
    return waiting


def _draw_page(person: SignedInPerson, search: Search) -> list[User]:
    """A page of the other accounts."""
    pages: Pages[int] = Pages("people.pages", astuple(search))
    state = STATES[search.state] if search.state else {}
    found = _find(person.api, search, state, after=pages.start, limit=ROWS_A_PAGE + 1)
    shown = [user for user in found[:ROWS_A_PAGE] if state_of(user) != WAITING]
    for user in shown:
        draw_row(person, user)
    if not found:
        st.info("No account matches. Search for something else, or show all roles and states.")
    pages.draw(found[ROWS_A_PAGE - 1].id if len(found) > ROWS_A_PAGE else None)
    return shown


def _find(api: Api, search: Search, state: dict[str, bool], **page: int | None) -> list[User]:
    return accounts.find(api, name=search.name, role=search.role, **state, **page)


page()
