"""Choosing a doctor's free time by day and time: the way for every keyboard and screen reader."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import ClassVar

import streamlit as st

from ui.api.models import Doctor, Slot
from ui.appointments.events import slot_id, slot_label
from ui.appointments.last_known import FreeTimes
from ui.config import settings
from ui.formatting import text as fmt
from ui.widgets import clock, flash
from ui.widgets.zone import name_zone, named

DAYS_AHEAD = 31
"""How far the search for a day with free times looks, and the most the API answers at once."""
DAYS_OFFERED = 4


@dataclass(frozen=True)
class Picker:
    """One choice in progress; a new `key` starts a new one with nothing chosen."""

    NOTES: ClassVar = (".offered", ".remembered")
    """The ends of the keys of what is no field."""

    key: str
    doctor: Doctor

    @property
    def day_key(self) -> str:
        return f"{self.key}.day"

    @property
    def offered_key(self) -> str:
        return f"{self.key}.offered"

    @property
    def remembered_key(self) -> str:
        return f"{self.key}.remembered"

    def time_key(self, day: date) -> str:
        return f"{self.key}.time.{day}"

    def choose_day(self, day: date) -> None:
        """For callbacks: go to `day` with no time chosen yet."""
        flash.clear()
        st.session_state[self.day_key] = day
        st.session_state.pop(self.remembered_key, None)

    def choose_slot(self, slot: Slot) -> None:
        """For callbacks: go to the slot's day and choose it."""
        self.choose_day(slot.date)
        st.session_state[self.time_key(slot.date)] = slot_id(slot)

    def chosen_slot(self) -> Slot | None:
        """For callbacks: what is chosen at this click, maybe after the page was drawn."""
        day = st.session_state.get(self.day_key)
        offered: dict[str, Slot] = st.session_state.get(self.offered_key, {})
        return offered.get(st.session_state.get(self.time_key(day)) or "") if day else None

    def forget(self) -> None:
        """For callbacks: a slot that vanishes now has been show_api_errors already."""
        st.session_state.pop(self.remembered_key, None)


def pick_day(picker: Picker) -> date:
    """The day asked for, today or later where the doctor is."""
    today = clock.today(picker.doctor.timezone)
    wanted = st.session_state.get(picker.day_key)
    if wanted is None or wanted < today:
        # Only then: what the script sets takes the place of what somebody is typing.
        st.session_state[picker.day_key] = today
    day: date = st.date_input(
        "Date",
        min_value=today,
        key=picker.day_key,
        on_change=flash.dismissal(),
        format=settings().conventions.date_field,
        required=True,
        persist_state="session",
    )
    return day


def pick_slot(picker: Picker, known: FreeTimes, day: date) -> Slot | None:
    """The free slot chosen on `day`; says so when one chosen before has been taken meanwhile."""
    offered = {slot_id(slot): slot for slot in known.free_slots(picker.doctor.id, day, day)}
    st.session_state[picker.offered_key] = offered
    zone = picker.doctor.timezone
    lost = _lost(picker, day, offered)
    chosen = None
    if offered:
        chosen = st.pills(
            f"Free times on {fmt.long_day(day)}",
            list(offered),
            format_func=lambda key: slot_label(offered[key], zone),
            key=picker.time_key(day),
            on_change=flash.dismissal(),
            wrap=True,
            persist_state="session",
        )
        name_zone(zone, [slot.starts_at for slot in offered.values()])
    else:
        st.info(f"No free time on {fmt.long_day(day)}.")
        _offer_other_days(picker, known, day)
    if chosen is None and lost is not None:
        taken = named(slot_label(lost, zone), zone, lost.starts_at)
        st.warning(f"{taken} has just been taken. Please choose another time.")
        return None
    slot = offered[chosen] if chosen else None
    st.session_state[picker.remembered_key] = slot
    return slot


def days_with_free_times(slots: Sequence[Slot]) -> list[tuple[date, int]]:
    """Each day with its number of free slots, in order."""
    return sorted(Counter(slot.date for slot in slots).items())


def _lost(picker: Picker, day: date, offered: dict[str, Slot]) -> Slot | None:
    """The slot that was chosen on `day` and is no longer offered."""
    remembered: Slot | None = st.session_state.get(picker.remembered_key)
    if remembered is None or remembered.date != day or slot_id(remembered) in offered:
        return None
    return remembered


def _offer_other_days(picker: Picker, known: FreeTimes, day: date) -> None:
    first, last = day + timedelta(days=1), day + timedelta(days=DAYS_AHEAD)
    days = days_with_free_times(known.free_slots(picker.doctor.id, first, last))
    if not days:
        st.write(
            f"Nothing is free until {fmt.long_day(last)} either. "
            "Choose a later date or another doctor."
        )
        return
    st.write("The next days with free times:")
    with st.container(horizontal=True):
        for other, count in days[:DAYS_OFFERED]:
            st.button(
                f"{fmt.short_day(other)} · {count} free",
                key=f"{picker.key}.go.{other}",
                on_click=picker.choose_day,
                args=(other,),
            )
