"""A person's own part of the audit log: who has seen their data, and what a doctor has done."""

from collections.abc import Callable
from typing import Final

import streamlit as st

from ui.api.models import Audit
from ui.audit import wording
from ui.feedback.failures import show_api_errors
from ui.login.session import SignedInPerson
from ui.widgets.paging import Pages
from ui.widgets.tables import draw_records
from ui.widgets.zone import name_zone

ROWS_A_PAGE: Final = 10
ROLE_NAMES: Final = {"doctor": "A doctor", "admin": "The clinic's office"}


@show_api_errors
def draw_accesses(person: SignedInPerson) -> None:
    """Draw both parts as far as they apply; nothing for admins, who have the whole audit log.

    A doctor who is somebody's patient sees both.
    """
    if person.user.role == "admin":
        return
    _draw_looks(person)
    if person.user.role == "doctor":
        st.subheader("What I have done and seen", anchor=False)
        actions = _Part(person, "own_actions", {"actor_id": person.user.id})
        actions.draw(lambda _: "You")


def _draw_looks(person: SignedInPerson) -> None:
    looks = _Part(person, "access_log", {"patient_id": person.user.id})
    if person.user.role == "patient" or looks.found:
        st.subheader("Who has seen my data", anchor=False)
        st.caption("Who looked at or changed your appointments and contact data.")
        looks.draw(_namer(person))


class _Part:
    """A page of the records that `filters` find; `key` stores which page."""

    def __init__(self, person: SignedInPerson, key: str, filters: dict[str, int]) -> None:
        self._zone = person.zone
        self._pages: Pages[int] = Pages(key, (person.user.id,))
        self.found = person.api.audit.find(
            before=self._pages.start, limit=ROWS_A_PAGE + 1, **filters
        )

    def draw(self, who: Callable[[Audit], str]) -> None:
        if not self.found:
            st.caption("There is nothing to show yet.")
            return
        shown = self.found[:ROWS_A_PAGE]
        draw_records(
            ("When", "Who", "What", "Outcome"),
            [
                wording.row(
                    one,
                    wording.instant(one.at, self._zone),
                    who(one),
                    wording.description(one, lambda _: "your account"),
                )
                for one in shown
            ],
        )
        name_zone(self._zone, [one.at for one in shown])
        self._pages.draw(shown[-1].sequence if len(self.found) > ROWS_A_PAGE else None)


def _namer(person: SignedInPerson) -> Callable[[Audit], str]:
    """The names of doctors that patients can book; everybody else is shown by role."""
    names = {doctor.id: doctor.full_name for doctor in person.api.users.doctors()}

    def who(record: Audit) -> str:
        if record.actor_id == person.user.id:
            return "You"
        unnamed = ROLE_NAMES.get(record.actor_role or "", "Somebody")
        return names.get(record.actor_id or 0, unnamed)

    return who
