"""My Appointments: a patient's upcoming and past appointments, to see, move and cancel."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Final

import streamlit as st

from ui.api.models import Appointment
from ui.appointments import events
from ui.appointments.card import Action, Card
from ui.appointments.dialogs import Desk, open_requested
from ui.appointments.lists import draw_page
from ui.appointments.wording import doctor_label, doctor_of
from ui.feedback.failures import show_api_errors
from ui.login import session
from ui.login.session import SignedInPerson
from ui.widgets import clock, flash
from ui.widgets.calendar import LIST_MONTH, MONTH, WEEK, Look, Pick, calendar, visible_range
from ui.widgets.dialogs import request
from ui.widgets.zone import name_zone

CALENDAR: Final = "mine.calendar"
A_DAY: Final = timedelta(days=1)
"""The date of an instant in two zones differs by a day at most."""


def page() -> None:
    person = session.require_role("patient")
    st.title("My Appointments", anchor=False)
    flash.show()
    _appointments(person)


@show_api_errors
def _appointments(person: SignedInPerson) -> None:
    views: dict[str, Callable[[SignedInPerson], None]] = {
        "Upcoming": _upcoming,
        "Past": _past,
        "Calendar": _calendar,
    }
    chosen = st.segmented_control(
        "Show", list(views), default="Upcoming", required=True, label_visibility="collapsed"
    )
    views[chosen](person)
    open_requested(Desk(person.api, doctor_of, _card))


def _upcoming(person: SignedInPerson) -> None:
    draw_page(
        "mine.upcoming",
        person.api,
        _card,
        empty="You have no upcoming appointments. Book one on the page “Book Appointment”.",
        when="upcoming",
    )


def _past(person: SignedInPerson) -> None:
    draw_page(
        "mine.past",
        person.api,
        _card,
        empty="You have no past or cancelled appointments.",
        when="past",
    )


def _calendar(person: SignedInPerson) -> None:
    zone = person.zone
    today = clock.today(zone)
    days = visible_range(CALENDAR, MONTH, around=today)
    name_zone(zone)
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
        events.appointments(
            person.api.appointments.between(days.first - A_DAY, days.last + A_DAY), doctor_of, zone
        ),
        focus=today,
        on_pick=_open,
    )


def _open(pick: Pick) -> None:
    if pick.kind == "event":
        request("details", int(pick.id))


def _card(one: Appointment) -> Card:
    return Card(one, lines=(doctor_label(one.doctor),), actions=_actions(one))


def _actions(one: Appointment) -> tuple[Action, ...]:
    if one.status != "scheduled" or one.starts_at <= clock.now():
        return ()
    return (
        Action("Move", f"move.{one.id}", partial(request, "move", one.id)),
        Action("Cancel", f"cancel.{one.id}", partial(request, "cancel", one.id)),
    )


page()
