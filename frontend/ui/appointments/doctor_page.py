"""Appointments: a doctor's appointments by day, week and status, to complete, move and cancel."""

from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Final

import streamlit as st

from ui.api.client import Api
from ui.api.models import Appointment, AppointmentStatus, User
from ui.appointments import events
from ui.appointments.card import Action, Card
from ui.appointments.dialogs import Desk, open_requested
from ui.appointments.lists import draw_page
from ui.appointments.wording import doctor_label, doctor_of, is_patient, patient_of, when
from ui.config import settings
from ui.feedback.attempt import attempt
from ui.feedback.failures import show_api_errors
from ui.feedback.unknown_zone import warn_of_unknown_zone
from ui.formatting import text as fmt
from ui.formatting.phones import shown_phone
from ui.login import session
from ui.login.session import SignedInPerson
from ui.widgets import clock, flash
from ui.widgets.calendar import DAY, LIST_WEEK, WEEK, Look, Pick, calendar, visible_range, week_of
from ui.widgets.dialogs import request
from ui.widgets.zone import name_zone

CALENDAR: Final = "doctor.calendar"


@dataclass(frozen=True)
class Days:
    """Days from `first` to `last`, both included; without an end when `last` is None."""

    first: date
    last: date | None


def _month_of(day: date) -> Days:
    return Days(day.replace(day=1), day.replace(day=monthrange(day.year, day.month)[1]))


PERIODS: Final[dict[str, Callable[[date], Days]]] = {
    "Day": lambda day: Days(day, day),
    "Week": lambda day: Days(week_of(day).first, week_of(day).last),
    "Month": _month_of,
    "From this day on": lambda day: Days(day, None),
}
STATUSES: Final[dict[str, AppointmentStatus | None]] = {
    "Any status": None,
    "Scheduled": "scheduled",
    "Completed": "completed",
    "Cancelled": "cancelled",
}


def page() -> None:
    person = session.require_role("doctor")
    st.title("Appointments", anchor=False)
    flash.show()
    warn_of_unknown_zone(person.user)
    _appointments(person)


@show_api_errors
def _appointments(person: SignedInPerson) -> None:
    shown = st.segmented_control(
        "Show", ["List", "Calendar"], default="List", required=True, label_visibility="collapsed"
    )
    if shown == "List":
        _list(person)
    else:
        _calendar(person)
    open_requested(Desk(person.api, partial(_other_party, person.user), partial(_card, person)))


def _list(person: SignedInPerson) -> None:
    days, status = _filters(clock.today(person.zone))
    draw_page(
        "doctor.pages",
        person.api,
        partial(_card, person),
        empty=_nothing(days, status),
        date_from=days.first,
        date_to=days.last,
        status=status,
    )


def _filters(today: date) -> tuple[Days, AppointmentStatus | None]:
    left, middle, right = st.columns(3)
    day = left.date_input(
        "Date",
        value=today,
        format=settings().conventions.date_field,
        on_change=flash.dismissal(),
        required=True,
    )
    period = middle.selectbox("Period", list(PERIODS), on_change=flash.dismissal())
    status = right.selectbox("Status", list(STATUSES), on_change=flash.dismissal())
    return PERIODS[period](day), STATUSES[status]


def _nothing(days: Days, status: AppointmentStatus | None) -> str:
    kind = f"{status} appointments" if status else "appointments"
    if days.last is None:
        return f"You have no {kind} from {fmt.long_day(days.first)} on."
    if days.first == days.last:
        return f"You have no {kind} on {fmt.long_day(days.first)}."
    return f"You have no {kind} from {fmt.long_day(days.first)} to {fmt.long_day(days.last)}."


def _calendar(person: SignedInPerson) -> None:
    today = clock.today(person.zone)
    days = visible_range(CALENDAR, WEEK, around=today)
    name_zone(person.zone)
    calendar(
        CALENDAR,
        Look(
            label="My appointments",
            view=WEEK,
            narrow_view=DAY,
            views=(DAY, WEEK, LIST_WEEK),
            zone=person.zone,
            empty="You have no appointments in these days.",
        ),
        events.appointments(
            person.api.appointments.between(days.first, days.last),
            partial(_other_party, person.user),
            person.zone,
        ),
        focus=today,
        on_pick=_open,
    )


def _open(pick: Pick) -> None:
    if pick.kind == "event":
        request("details", int(pick.id))


def _other_party(user: User, one: Appointment) -> str:
    return doctor_of(one) if is_patient(user, one) else patient_of(one)


def _card(person: SignedInPerson, one: Appointment) -> Card:
    if is_patient(person.user, one):
        lines = ("Your own visit", doctor_label(one.doctor))
    else:
        contact = " · ".join(filter(None, (shown_phone(one.patient.phone), one.patient.email)))
        lines = (one.patient.full_name, contact)
    return Card(one, lines=lines, actions=_actions(person, one))


def _actions(person: SignedInPerson, one: Appointment) -> tuple[Action, ...]:
    is_own_visit = is_patient(person.user, one)
    today = clock.today(one.doctor.timezone)
    if one.status == "completed" and not is_own_visit and _was_changed_on(today, one):
        return (Action("Undo completion", f"undo.{one.id}", partial(_undo, person.api, one)),)
    if one.status != "scheduled" or (is_own_visit and one.starts_at <= clock.now()):
        return ()
    complete = Action(
        "Mark as completed", f"complete.{one.id}", partial(_complete, person.api, one)
    )
    return (
        *(() if is_own_visit or one.appointment_date > today else (complete,)),
        Action("Move", f"move.{one.id}", partial(request, "move", one.id)),
        Action("Cancel", f"cancel.{one.id}", partial(request, "cancel", one.id)),
    )


def _complete(api: Api, one: Appointment) -> None:
    def complete() -> str:
        api.appointments.set_status(one.id, "completed")
        return f"Completed: {when(one)} with {fmt.plain(one.patient.full_name)}"

    attempt(f"complete.{one.id}.{one.updated_at}", complete)


def _undo(api: Api, one: Appointment) -> None:
    def undo() -> str:
        api.appointments.set_status(one.id, "scheduled")
        return f"Scheduled again: {when(one)} with {fmt.plain(one.patient.full_name)}"

    attempt(f"undo.{one.id}.{one.updated_at}", undo)


def _was_changed_on(today: date, one: Appointment) -> bool:
    return fmt.now_in(one.doctor.timezone, one.updated_at).date() >= today


page()
