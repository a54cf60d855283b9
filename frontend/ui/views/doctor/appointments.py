"""Appointments: the doctor's day and week, who comes and why, and what became of it."""

from datetime import date
from functools import partial
from typing import Final

import streamlit as st

from ui import format as fmt
from ui import session
from ui.api.client import Api
from ui.api.models import Appointment, AppointmentStatus, User
from ui.components import clock, events, notice
from ui.components.appointment_card import Action, Card
from ui.components.appointment_dialogs import Desk, open_asked
from ui.components.appointment_lists import draw_cards, past, upcoming
from ui.components.appointment_text import (
    doctor_label,
    doctor_of,
    is_patient,
    patient_of,
    when,
)
from ui.components.attempt import attempt
from ui.components.calendar import DAY, LIST_WEEK, WEEK, Look, Pick, calendar, visible_range
from ui.components.dialogs import ask
from ui.components.failures import explained
from ui.components.zone import name_zone
from ui.session import SignedInPerson

CALENDAR: Final = "doctor.calendar"
STATUSES: Final[dict[str, AppointmentStatus | None]] = {
    "Any status": None,
    "Scheduled": "scheduled",
    "Completed": "completed",
    "Cancelled": "cancelled",
}


def page() -> None:
    person = session.require_role("doctor")
    st.title("Appointments", anchor=False)
    notice.show()
    _appointments(person)


@explained
def _appointments(person: SignedInPerson) -> None:
    name_zone(person.user.timezone)
    shown = st.segmented_control(
        "Show", ["List", "Calendar"], default="List", required=True, label_visibility="collapsed"
    )
    if shown == "List":
        _list(person)
    else:
        _calendar(person)
    open_asked(Desk(person.api, partial(_other_party, person.user), partial(_card, person)))


def _list(person: SignedInPerson) -> None:
    day, status = _filters()
    found = person.api.appointments(date_from=day, date_to=day, status=status)
    if not found:
        st.info(_nothing(day, status))
        return
    cards = partial(_card, person)
    coming, gone = upcoming(found, clock.now()), past(found, clock.now())
    if coming:
        st.subheader("Upcoming", anchor=False)
        draw_cards("doctor.upcoming", [cards(one) for one in coming])
    if gone:
        st.subheader("Past and cancelled", anchor=False)
        draw_cards("doctor.past", [cards(one) for one in gone])


def _filters() -> tuple[date | None, AppointmentStatus | None]:
    left, right = st.columns(2)
    day = left.date_input("Date", value=None, format="DD/MM/YYYY")
    status = right.selectbox("Status", list(STATUSES))
    return day, STATUSES[status]


def _nothing(day: date | None, status: AppointmentStatus | None) -> str:
    kind = f"{status} appointments" if status else "appointments"
    if day is not None:
        return f"You have no {kind} on {fmt.long_day(day)}."
    if status is not None:
        return f"You have no {kind}."
    return (
        "You have no appointments yet. "
        "Patients can book you as soon as your schedule has working hours."
    )


def _calendar(person: SignedInPerson) -> None:
    today = clock.today(person.user.timezone)
    days = visible_range(CALENDAR, around=today)
    calendar(
        CALENDAR,
        Look(
            label="My appointments",
            view=WEEK,
            narrow_view=DAY,
            views=(DAY, WEEK, LIST_WEEK),
            zone=person.user.timezone,
            empty="You have no appointments in these days.",
        ),
        events.appointments(
            person.api.appointments(days.first, days.last), partial(_other_party, person.user)
        ),
        focus=today,
        on_pick=_open,
    )


def _open(pick: Pick) -> None:
    if pick.kind == "event":
        ask("details", int(pick.id))


def _other_party(user: User, one: Appointment) -> str:
    return doctor_of(one) if is_patient(user, one) else patient_of(one)


def _card(person: SignedInPerson, one: Appointment) -> Card:
    if is_patient(person.user, one):
        lines = ("Your own visit", doctor_label(one.doctor))
    else:
        contact = " · ".join(filter(None, (one.patient.phone, one.patient.email)))
        lines = (one.patient.full_name, contact)
    return Card(one, lines=lines, actions=_actions(person, one))


def _actions(person: SignedInPerson, one: Appointment) -> tuple[Action, ...]:
    is_own_visit = is_patient(person.user, one)
    if one.status != "scheduled" or (is_own_visit and one.starts_at <= clock.now()):
        return ()
    complete = Action(
        "Mark as completed", f"complete.{one.id}", partial(_complete, person.api, one)
    )
    return (
        *(() if is_own_visit else (complete,)),
        Action("Move", f"move.{one.id}", partial(ask, "move", one.id)),
        Action("Cancel", f"cancel.{one.id}", partial(ask, "cancel", one.id)),
    )


def _complete(api: Api, one: Appointment) -> None:
    def complete() -> str:
        api.set_status(one.id, "completed")
        return f"Completed: {when(one)} with {fmt.plain(one.patient.full_name)}"

    attempt(f"complete.{one.id}", one.timezone, complete)


page()
