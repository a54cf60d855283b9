"""The booking form: doctor, day, free time and reason."""

import uuid
from dataclasses import dataclass
from datetime import date, timedelta

import streamlit as st

from ui.api.client import Api
from ui.api.errors import reworded
from ui.api.models import Doctor, Slot, User
from ui.appointments import events
from ui.appointments.last_known import FreeTimes, LastKnown
from ui.appointments.slot_picker import DAYS_AHEAD, Picker, pick_day, pick_slot
from ui.appointments.wording import doctor_label, when
from ui.feedback.attempt import attempt
from ui.feedback.failures import show_api_errors
from ui.formatting import limits
from ui.formatting import text as fmt
from ui.login import session
from ui.widgets import clock, flash
from ui.widgets.calendar import DAY, MONTH, WEEK, Look, Pick, calendar, visible_range
from ui.widgets.zone import name_zone, named

REFRESH_SECONDS = 15
SENTENCES_FOR_PATIENTS = {
    "outcome_unknown": "The clinic cannot tell yet whether this was booked. "
    "Look at My Appointments before you try again."
}
SENTENCES_FOR_THE_DESK = {
    "patient_busy": "The patient has another appointment at this time. Please choose another time."
}


@dataclass(frozen=True)
class Desk:
    """What the form needs: the API as this person, and the patient if it is somebody else.

    Its values are stored below `key`.
    """

    key: str
    api: Api
    patient: User | None = None

    @property
    def draft(self) -> int:
        """The number of the form; each form books at most once."""
        number: int = st.session_state.get(f"{self.key}.draft", 0)
        return number

    @property
    def calendar_key(self) -> str:
        return f"{self.key}.calendar"

    def picker(self, doctor: Doctor) -> Picker:
        return Picker(f"{self.key}.{self.draft}.{doctor.id}", doctor)

    def has_changed(self) -> bool:
        """Whether a field has changed since the form was drawn last."""
        key = f"{self.key}.seen"
        fields = {
            name: value
            for name, value in st.session_state.items()
            if str(name).startswith((f"{self.key}.{self.draft}.", f"{self.key}.doctor"))
            and not str(name).endswith(Picker.NOTES)
        }
        fields[self.calendar_key] = st.session_state.get(self.calendar_key)
        seen = st.session_state.get(key)
        st.session_state[key] = fields
        return fields != seen

    def begin_next_draft(self) -> None:
        st.session_state[f"{self.key}.draft"] = self.draft + 1

    def idempotency_key(self, doctor: Doctor, slot: Slot, reason: str) -> str:
        """The same key for the same booking of a draft, so that a repeated request books once."""
        booking = (self.draft, self.patient and self.patient.id, doctor.id, slot.starts_at, reason)
        sent = st.session_state.get(f"{self.key}.sent")
        if sent is None or sent[0] != booking:
            sent = st.session_state[f"{self.key}.sent"] = (booking, str(uuid.uuid4()))
        return str(sent[1])


@st.fragment(run_every=REFRESH_SECONDS)
@show_api_errors
def draw_booking(desk: Desk) -> None:
    """The whole form; free times are refreshed every `REFRESH_SECONDS`."""
    if session.is_over():
        st.rerun()
    if desk.has_changed():
        session.note_activity()
    has_notice = flash.show(lasting=True)
    trouble = st.container()
    known = LastKnown(desk.api, f"{desk.key}.known")
    _choose_doctor(desk, known)
    known.keep()
    if known.failure and not has_notice:
        trouble.error(known.failure.sentence)


def _choose_doctor(desk: Desk, known: LastKnown) -> None:
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
        key=f"{desk.key}.doctor",
        on_change=flash.dismissal(),
        persist_state="session",
    )
    if chosen is None:
        st.info("Choose a doctor to see the times that are free.")
        return
    _book_with(doctors[chosen], desk, known)


def _book_with(doctor: Doctor, desk: Desk, known: LastKnown) -> None:
    picker = desk.picker(doctor)
    form, overview = st.columns([2, 3], gap="large")
    with form:
        day = pick_day(picker)
        slot = pick_slot(picker, known, day)
        reason_key = f"{picker.key}.reason"
        st.text_area(
            "Reason",
            max_chars=limits.REASON,
            key=reason_key,
            persist_state="session",
            placeholder=f"Why {_who_is(desk)} coming, for example: Regular checkup",
        )
        if slot:
            moment = named(
                events.slot_moment(slot, doctor.timezone), doctor.timezone, slot.starts_at
            )
            st.markdown(f"**{moment}** with {fmt.plain(doctor.full_name)}{_for_whom(desk)}")
        st.button(
            "Book Appointment",
            type="primary",
            on_click=_book,
            args=(desk, doctor, desk.draft, reason_key),
        )
    with overview:
        name_zone(doctor.timezone)
        _calendar(desk, picker, known, day, slot)


def _calendar(desk: Desk, picker: Picker, known: FreeTimes, day: date, slot: Slot | None) -> None:
    zone = picker.doctor.timezone
    today = clock.today(zone)
    shown = visible_range(desk.calendar_key, MONTH, around=day)
    slots = _free_between(known, picker.doctor.id, max(shown.first, today), shown.last)
    by_id = {events.slot_id(free): free for free in slots}

    def choose(pick: Pick) -> None:
        if pick.kind == "event":
            picker.choose_slot(by_id[pick.id])
        else:
            picker.choose_day(date.fromisoformat(pick.id))

    calendar(
        desk.calendar_key,
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
    """Free slots of any number of days, in requests of at most `DAYS_AHEAD` days."""
    piece = timedelta(days=DAYS_AHEAD - 1)
    slots: list[Slot] = []
    while first <= last:
        slots += known.free_slots(doctor_id, first, min(first + piece, last))
        first += piece + timedelta(days=1)
    return slots


def _book(desk: Desk, doctor: Doctor, draft: int, reason_key: str) -> None:
    if draft != desk.draft:
        return
    picker = desk.picker(doctor)
    slot = picker.chosen_slot()
    reason = str(st.session_state.get(reason_key) or "").strip()
    if slot is None:
        flash.failed("Please choose one of the free times first.")
    elif not reason:
        flash.failed(f"Please say in a few words why {_who_is(desk)} coming.")
    else:
        picker.forget()
        attempt(picker.key, lambda: _booked(desk, doctor, slot, reason))


def _booked(desk: Desk, doctor: Doctor, slot: Slot, reason: str) -> str:
    patient = desk.patient
    with reworded(SENTENCES_FOR_THE_DESK if patient else SENTENCES_FOR_PATIENTS):
        booked = desk.api.appointments.book(
            doctor.id,
            slot,
            reason,
            key=desk.idempotency_key(doctor, slot, reason),
            patient_id=patient.id if patient else None,
        )
    desk.begin_next_draft()
    desk.picker(doctor).choose_day(slot.date)
    whose = "The" if patient else "Your"
    with_whom = f"with {fmt.plain(booked.doctor.full_name)}{_for_whom(desk)}"
    return f"{whose} appointment is booked: {when(booked)} {with_whom}"


def _for_whom(desk: Desk) -> str:
    return f" for {fmt.plain(desk.patient.full_name)}" if desk.patient else ""


def _who_is(desk: Desk) -> str:
    return "the patient is" if desk.patient else "you are"
