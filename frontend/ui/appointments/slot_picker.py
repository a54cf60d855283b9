"""Fields to choose a free slot of a doctor, by day and then by time."""

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
"""How far ahead days with free times are searched, and the longest range of one API request."""
DAYS_OFFERED = 4


@dataclass(frozen=True)
class Picker:
    """A choice in progress, stored below `key`; with a new key nothing is chosen."""

    NOTES: ClassVar = (".offered", ".remembered")
    """The suffixes of the keys that are no fields."""

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
        """Show `day` with no time chosen, for callbacks."""
        flash.clear()
        st.session_state[self.day_key] = day
        st.session_state.pop(self.remembered_key, None)

    def choose_slot(self, slot: Slot) -> None:
        """Show the slot's day and choose the slot, for callbacks."""
        self.choose_day(slot.date)
        st.session_state[self.time_key(slot.date)] = slot_id(slot)

    def chosen_slot(self) -> Slot | None:
        """The slot that is chosen at the time of this click, for callbacks."""
        day = st.session_state.get(self.day_key)
        offered: dict[str, Slot] = st.session_state.get(self.offered_key, {})
        return offered.get(st.session_state.get(self.time_key(day)) or "") if day else None

    def forget(self) -> None:
        """Show no message if the slot disappears now, for callbacks that report it themselves."""
        st.session_state.pop(self.remembered_key, None)


def pick_day(picker: Picker) -> date:
    """A date field; the chosen day is today or later in the doctor's zone."""
    today = clock.today(picker.doctor.timezone)
    wanted = st.session_state.get(picker.day_key)
    if wanted is None or wanted < today:
        # Only then: a value set by the script replaces what the person is typing.
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
    """The free slot chosen on `day`; a warning says when the chosen one is no longer free."""
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
    """The slot that was chosen on `day` before and is no longer offered."""
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
