"""Which pages there are, for whom, and the line of links above them."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from ui.api.errors import ApiFailure
from ui.api.models import Role
from ui.config import settings
from ui.formatting.text import plain, with_article
from ui.login import entrance, session
from ui.login.session import SignedInPerson

HOME: Final = "home"


@dataclass(frozen=True)
class PageEntry:
    title: str
    url_path: str
    view: str
    icon: str
    roles: frozenset[Role]


ENTRIES: Final = (
    PageEntry(
        "Book Appointment",
        "book-appointment",
        "booking/patient_page.py",
        ":material/event_available:",
        frozenset({"patient"}),
    ),
    PageEntry(
        "My Appointments",
        "my-appointments",
        "appointments/patient_page.py",
        ":material/calendar_month:",
        frozenset({"patient"}),
    ),
    PageEntry(
        "Appointments",
        "appointments",
        "appointments/doctor_page.py",
        ":material/calendar_month:",
        frozenset({"doctor"}),
    ),
    PageEntry(
        "Schedule Management",
        "schedule-management",
        "schedules/page.py",
        ":material/schedule:",
        frozenset({"doctor"}),
    ),
    PageEntry(
        "People",
        "people",
        "people/page.py",
        ":material/group:",
        frozenset({"admin"}),
    ),
    PageEntry(
        "Book for a Patient",
        "book-for-a-patient",
        "booking/desk_page.py",
        ":material/event_available:",
        frozenset({"admin"}),
    ),
    PageEntry(
        "Audit Log",
        "audit-log",
        "audit/page.py",
        ":material/history:",
        frozenset({"admin"}),
    ),
    PageEntry(
        "Account",
        "account",
        "account/page.py",
        ":material/account_circle:",
        frozenset({"patient", "doctor", "admin"}),
    ),
)


def choose_page(person: SignedInPerson | None) -> StreamlitPage:
    """The page of this run's address, for this person.

    Every address leads somewhere for everybody: to the login, to the page, or to a sentence that
    says whose page it is. So a link that is opened before the login is still there after it.
    """
    if session.cookie_order():
        return one_page_everywhere(_wait)
    if person is None:
        return one_page_everywhere(entrance.page, title="Log in")
    return _pages_of(person)


def one_page_everywhere(body: Callable[[], None], *, title: str | None = None) -> StreamlitPage:
    """`body` at every address there is."""
    home = st.Page(body, title=title or settings().clinic_name, url_path=HOME, default=True)
    others = [st.Page(body, title=entry.title, url_path=entry.url_path) for entry in ENTRIES]
    return st.navigation([home, *others], position="hidden")


def _pages_of(person: SignedInPerson) -> StreamlitPage:
    own = [entry for entry in ENTRIES if person.user.role in entry.roles]
    links = {
        entry: st.Page(entry.view, title=entry.title, url_path=entry.url_path) for entry in own
    }
    foreign = [
        st.Page(partial(_foreign_page, entry, person), title=entry.title, url_path=entry.url_path)
        for entry in ENTRIES
        if entry not in own
    ]
    go_home = partial(st.switch_page, links[own[0]])
    home = st.Page(go_home, title=settings().clinic_name, url_path=HOME, default=True)
    page = st.navigation([home, *links.values(), *foreign], position="hidden")
    _draw_header(person, links)
    return page


def _draw_header(person: SignedInPerson, links: dict[PageEntry, StreamlitPage]) -> None:
    with st.container(key="header", horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{plain(settings().clinic_name)}**", width="content")
        for entry, page in links.items():
            # The icon belongs to the link alone: as a page's icon it would be fetched from the
            # internet for the browser's tab.
            st.page_link(page, icon=entry.icon)
        st.space("stretch")
        st.markdown(plain(person.user.full_name), width="content")
        st.button("Log out", icon=":material/logout:", on_click=_log_out)
    if not person.user.is_approved:
        st.info(
            "The clinic has yet to approve your account. "
            "Until then patients see neither you nor your working hours."
        )


def _log_out() -> None:
    try:
        session.sign_out()
    except ApiFailure as failure:
        session.warn(f"You are still logged in. {failure.sentence}")


def _wait() -> None:
    st.caption("One moment …")


def _foreign_page(entry: PageEntry, person: SignedInPerson) -> None:
    whose = " and ".join(sorted(f"{role}s" for role in entry.roles))
    st.title(entry.title)
    st.warning(
        f"This page is for {whose}, and you are logged in as {with_article(person.user.role)}. "
        "Choose one of the pages above, or log out and in again with another account."
    )
