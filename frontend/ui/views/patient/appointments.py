"""My Appointments: what is coming and what has been, to look at, to move and to cancel."""

from collections.abc import Callable
from functools import partial
from typing import Final

import streamlit as st

from ui import session
from ui.api.models import Appointment
from ui.components import clock, events, notice
from ui.components.appointment_card import Action, Card
from ui.components.appointment_dialogs import Desk, open_asked
from ui.components.appointment_lists import draw_cards, past, upcoming
from ui.components.appointment_text import doctor_label, doctor_of
from ui.components.calendar import LIST_MONTH, MONTH, WEEK, Look, Pick, calendar
from ui.components.dialogs import ask
from ui.components.failures import explained
from ui.components.zone import name_zone
from ui.session import SignedInPerson

CALENDAR: Final = "mine.calendar"


def page() -> None:
    person = session.require_role("patient")
    st.title("My Appointments", anchor=False)
    notice.show()
    _appointments(person)


@explained
def _appointments(person: SignedInPerson) -> None:
    appointments = person.api.appointments()
    if not appointments:
        st.info("You have no appointments yet. Book your first one on the page “Book Appointment”.")
        return
    views: dict[str, Callable[[list[Appointment]], None]] = {
        "Upcoming": _upcoming,
        "Past": _past,
        "Calendar": partial(_calendar, zone=person.user.timezone),
    }
    chosen = st.segmented_control(
        "Show", list(views), default="Upcoming", required=True, label_visibility="collapsed"
    )
    for zone in dict.fromkeys(one.timezone for one in appointments):
        name_zone(zone, [one.starts_at for one in appointments if one.timezone == zone])
    views[chosen](appointments)
    open_asked(Desk(person.api, doctor_of, _card))


def _upcoming(appointments: list[Appointment]) -> None:
    coming = upcoming(appointments, clock.now())
    draw_cards(
        "mine.upcoming", [_card(one) for one in coming], empty="You have no upcoming appointments."
    )


def _past(appointments: list[Appointment]) -> None:
    gone = past(appointments, clock.now())
    draw_cards(
        "mine.past",
        [_card(one) for one in gone],
        empty="You have no past or cancelled appointments.",
    )


def _calendar(appointments: list[Appointment], zone: str) -> None:
    calendar(
        CALENDAR,
        Look(
            label="My appointments",
            view=MONTH,
            narrow_view=LIST_MONTH,
            views=(MONTH, WEEK, LIST_MONTH),
            zone=zone,
            empty="You have no appointments in these days.",
        ),
        events.appointments(appointments, doctor_of),
        focus=clock.today(zone),
        on_pick=_open,
    )


def _open(pick: Pick) -> None:
    if pick.kind == "event":
        ask("details", int(pick.id))


def _card(one: Appointment) -> Card:
    return Card(one, lines=(doctor_label(one.doctor),), actions=_actions(one))


def _actions(one: Appointment) -> tuple[Action, ...]:
    if one.status != "scheduled" or one.starts_at <= clock.now():
        return ()
    return (
        Action("Move", f"move.{one.id}", partial(ask, "move", one.id)),
        Action("Cancel", f"cancel.{one.id}", partial(ask, "cancel", one.id)),
    )


page()
