"""Book Appointment: a doctor, a day, one of the times that are free right now, and the reason."""

from datetime import date, timedelta

import streamlit as st

from ui import format as fmt
from ui import session
from ui.api.client import Api
from ui.api.models import Doctor, Slot
from ui.components import clock, events, notice
from ui.components.appointment_text import doctor_label, when
from ui.components.attempt import attempt
from ui.components.calendar import (
    DAY,
    MONTH,
    WEEK,
    Look,
    Pick,
    calendar,
    visible_range,
)
from ui.components.failures import explained
from ui.components.last_known import FreeTimes, LastKnown
from ui.components.slot_picker import DAYS_AHEAD, Picker, pick_day, pick_slot
from ui.components.zone import name_zone

REFRESH_SECONDS = 15
REASON_LENGTH = 500
CALENDAR = "book.calendar"
_DRAFT = "book.draft"


def page() -> None:
    person = session.require_role("patient")
    st.title("Book Appointment", anchor=False)
    _book_appointment(person.api)


@st.fragment(run_every=REFRESH_SECONDS)
@explained
def _book_appointment(api: Api) -> None:
    told = notice.show(lasting=True)
    trouble = st.container()
    known = LastKnown(api, "book.known")
    _choose_doctor(api, known)
    known.keep()
    if known.failure and not told:
        trouble.error(known.failure.sentence)


def _choose_doctor(api: Api, known: LastKnown) -> None:
    doctors = {doctor.id: doctor for doctor in known.doctors()}
    if not doctors:
        st.info("No doctor can be booked here yet. Please come back later or call the clinic.")
        return
    chosen = st.selectbox(
        "Doctor",
        list(doctors),
        index=None,
        format_func=lambda key: doctor_label(doctors[key]),
        placeholder="Search by name or specialty",
        key="book.doctor",
        on_change=notice.clear,
    )
    if chosen is None:
        st.info("Choose a doctor to see the times that are free.")
        return
    _book_with(doctors[chosen], api, known)


def _book_with(doctor: Doctor, api: Api, known: LastKnown) -> None:
    draft: int = st.session_state.get(_DRAFT, 0)
    picker = _picker(draft, doctor)
    form, overview = st.columns([2, 3], gap="large")
    with form:
        day = pick_day(picker)
        slot = pick_slot(picker, known, day)
        name_zone(doctor.timezone, [slot.starts_at] if slot else [])
        reason_key = f"{picker.key}.reason"
        st.text_area(
            "Reason",
            max_chars=REASON_LENGTH,
            key=reason_key,
            placeholder="Why are you coming? For example: Regular checkup",
        )
        if slot:
            moment = events.slot_moment(slot, doctor.timezone)
            st.markdown(f"**{moment}** with {fmt.plain(doctor.full_name)}")
        st.button(
            "Book Appointment",
            type="primary",
            on_click=_book,
            args=(api, doctor, draft, reason_key),
        )
    with overview:
        _calendar(picker, known, day, slot)


def _picker(draft: int, doctor: Doctor) -> Picker:
    return Picker(f"book.{draft}.{doctor.id}", doctor)


def _calendar(picker: Picker, known: FreeTimes, day: date, slot: Slot | None) -> None:
    zone = picker.doctor.timezone
    today = clock.today(zone)
    shown = visible_range(CALENDAR, around=day)
    slots = _free_between(known, picker.doctor.id, max(shown.first, today), shown.last)
    by_id = {events.slot_id(free): free for free in slots}

    def choose(pick: Pick) -> None:
        if pick.kind == "event":
            picker.choose_slot(by_id[pick.id])
        else:
            picker.choose_day(date.fromisoformat(pick.id))

    calendar(
        CALENDAR,
        Look(
            label=f"Free times of {picker.doctor.full_name}",
            view=MONTH,
            narrow_view=MONTH,
            views=(MONTH, WEEK, DAY),
            zone=zone,
            empty="Nothing is free in these days.",
        ),
        events.free_times(slots, zone, day, slot),
        focus=day,
        on_pick=choose,
    )


def _free_between(known: FreeTimes, doctor_id: int, first: date, last: date) -> list[Slot]:
    """Free slots of any number of days, asked for in pieces that the API answers."""
    piece = timedelta(days=DAYS_AHEAD - 1)
    slots: list[Slot] = []
    while first <= last:
        slots += known.free_slots(doctor_id, first, min(first + piece, last))
        first += piece + timedelta(days=1)
    return slots


def _book(api: Api, doctor: Doctor, draft: int, reason_key: str) -> None:
    picker = _picker(draft, doctor)
    slot = picker.chosen_slot()
    reason = str(st.session_state.get(reason_key) or "").strip()
    if draft != st.session_state.get(_DRAFT, 0):
        return
    if slot is None:
        notice.failed("Please choose one of the free times first.")
    elif not reason:
        notice.failed("Please say in a few words why you are coming.")
    else:
        picker.forget()
        attempt(picker.key, doctor.timezone, lambda: _booked(api, doctor, slot, reason, draft + 1))


def _booked(api: Api, doctor: Doctor, slot: Slot, reason: str, next_draft: int) -> str:
    booked = api.book(doctor.id, slot, reason)
    st.session_state[_DRAFT] = next_draft
    _picker(next_draft, doctor).choose_day(slot.date)
    return f"Your appointment is booked: {when(booked)} with {fmt.plain(booked.doctor.full_name)}"


page()
