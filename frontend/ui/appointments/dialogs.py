"""Dialogs for patients and doctors: an appointment's details, moving and cancelling it."""

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from ui.api.client import Api
from ui.api.models import Appointment
from ui.appointments.card import Card
from ui.appointments.slot_picker import Picker, pick_day, pick_slot
from ui.appointments.wording import Party, when
from ui.feedback.attempt import attempt, finished
from ui.feedback.dialogs import dialog
from ui.formatting import text as fmt
from ui.login import session
from ui.widgets import flash
from ui.widgets.dialogs import close, take_request


@dataclass(frozen=True)
class Desk:
    """What the dialogs need: the API as this person, and how appointments are shown to them."""

    api: Api
    party: Party
    card: Callable[[Appointment], Card]


def open_requested(desk: Desk) -> None:
    """Open the requested dialog (`details`, `move`, `cancel`), if any. Raises `ApiFailure`."""
    requested = take_request()
    if requested is None:
        return
    one = desk.api.appointments.get(requested.id)
    if requested.kind == "move":
        _move(one, desk, Picker(f"move.{one.id}.{requested.number}", one.doctor))
    elif requested.kind == "cancel":
        _cancel(one, desk)
    else:
        _details(one, desk)


@dialog("Appointment")
def _details(one: Appointment, desk: Desk) -> None:
    card = desk.card(one)
    card.draw_facts()
    with st.container(horizontal=True):
        pressed = [
            st.button(act.label, key=f"details.{act.key}", on_click=act.run) for act in card.actions
        ]
    if any(pressed):
        st.rerun()


@dialog("Cancel appointment")
def _cancel(one: Appointment, desk: Desk) -> None:
    token = _token("cancel", one)
    if finished(token):
        close()
    flash.show()
    st.text(f"{when(one)}\n{desk.party(one)}")
    st.write("Cancel this appointment? Its time becomes free for others.")
    with st.container(horizontal=True):
        st.button(
            "Yes, cancel it",
            type="primary",
            on_click=attempt,
            args=(token, lambda: _cancelled(one, desk)),
        )
        if st.button("Keep it"):
            close()


@dialog("Move appointment")
def _move(one: Appointment, desk: Desk, picker: Picker) -> None:
    token = _token("move", one)
    if finished(token):
        close()
    session.note_activity()
    flash.show()
    st.text(f"{when(one)}\n{desk.party(one)}")
    st.session_state.setdefault(picker.day_key, one.appointment_date)
    pick_slot(picker, desk.api.schedules, pick_day(picker))
    st.button(
        "Move to this time",
        type="primary",
        on_click=_move_to_chosen,
        args=(token, one, desk, picker),
    )


def _move_to_chosen(token: str, one: Appointment, desk: Desk, picker: Picker) -> None:
    slot = picker.chosen_slot()
    if slot is None:
        flash.failed("Please choose one of the free times first.")
        return
    picker.forget()
    attempt(token, lambda: _moved(desk.api.appointments.move(one.id, slot), desk))


def _cancelled(one: Appointment, desk: Desk) -> str:
    desk.api.appointments.cancel(one.id)
    return f"Cancelled: {when(one)} with {fmt.plain(desk.party(one))}"


def _moved(one: Appointment, desk: Desk) -> str:
    return f"Moved to {when(one)} with {fmt.plain(desk.party(one))}"


def _token(kind: str, one: Appointment) -> str:
    return f"{kind}.{one.id}.{one.updated_at.isoformat()}"
