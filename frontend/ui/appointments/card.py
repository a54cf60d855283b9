"""An appointment as a card: time, people, reason, status and actions."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import streamlit as st

from ui.api.models import Appointment, AppointmentStatus
from ui.appointments.wording import when
from ui.formatting import text as fmt

_COLOURS: dict[AppointmentStatus, Literal["blue", "green", "gray"]] = {
    "scheduled": "blue",
    "completed": "green",
    "cancelled": "gray",
}


@dataclass(frozen=True)
class Action:
    """A button; `run` is its `on_click`."""

    label: str
    key: str
    run: Callable[[], None]


@dataclass(frozen=True)
class Card:
    """`lines` are shown below the time as plain text: names and contact data."""

    appointment: Appointment
    lines: tuple[str, ...]
    actions: tuple[Action, ...]

    def draw(self) -> None:
        with st.container(border=True):
            self.draw_facts()
            if self.actions:
                with st.container(horizontal=True):
                    for action in self.actions:
                        st.button(action.label, key=action.key, on_click=action.run)

    def draw_facts(self) -> None:
        one = self.appointment
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{when(one)}** · {fmt.minutes(one.duration)}", width="content")
            st.badge(one.status.capitalize(), color=_COLOURS[one.status])
        st.text("\n".join(self.lines))
        st.text(f"Reason: {one.reason}")
