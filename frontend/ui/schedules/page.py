"""Schedule Management: a doctor's weekly working hours."""

from typing import Final

import streamlit as st

from ui.api.models import Schedule
from ui.appointments import events
from ui.feedback.attempt import attempt
from ui.feedback.failures import show_api_errors
from ui.feedback.unknown_zone import warn_of_unknown_zone
from ui.formatting import text as fmt
from ui.login import session
from ui.login.session import SignedInPerson
from ui.schedules import hours_fields
from ui.schedules.dialogs import open_requested, row_text
from ui.schedules.form import draw_add_form
from ui.widgets import flash
from ui.widgets.calendar import LIST_WEEK, WEEK, Look, Pick, calendar
from ui.widgets.dialogs import request
from ui.widgets.zone import name_zone

CALENDAR: Final = "schedule.calendar"


def page() -> None:
    person = session.require_role("doctor")
    st.title("Schedule Management", anchor=False)
    flash.show()
    warn_of_unknown_zone(person.user)
    name_zone(person.user.timezone)
    draw_add_form(person)
    _week(person)


@show_api_errors
def _week(person: SignedInPerson) -> None:
    order = hours_fields.days().index
    rows = sorted(
        person.api.schedules.my(), key=lambda row: (order(row.day_of_week), row.start_time)
    )
    if not rows:
        st.info(
            "You have no working hours yet, so patients cannot book you. "
            "Choose the days and the times above, "
            "then “Add Schedule”."
        )
        return
    st.subheader("Your week", anchor=False)
    calendar(
        CALENDAR,
        Look(
            label="Your weekly working hours",
            view=WEEK,
            narrow_view=LIST_WEEK,
            views=(),
            zone=None,
        ),
        events.working_hours(rows),
        focus=events.day_of_reference_week(hours_fields.days()[0]),
        on_pick=_edit_picked,
    )
    for row in rows:
        _draw_row(person, row)
    open_requested(person.api, rows)


def _edit_picked(pick: Pick) -> None:
    if pick.kind == "event":
        request("edit", int(pick.id))


def _draw_row(person: SignedInPerson, row: Schedule) -> None:
    switch = "Deactivate" if row.is_active else "Activate"
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{row_text(row)}** · {fmt.minutes(row.slot_duration)}", width="content")
            st.badge(
                "Active" if row.is_active else "Inactive",
                color="green" if row.is_active else "gray",
            )
        with st.container(horizontal=True):
            st.button("Edit", key=f"edit.{row.id}", on_click=request, args=("edit", row.id))
            st.button(switch, key=f"switch.{row.id}", on_click=_switch, args=(person, row))
            st.button("Delete", key=f"delete.{row.id}", on_click=request, args=("delete", row.id))


def _switch(person: SignedInPerson, row: Schedule) -> None:
    def switch() -> str:
        changed = person.api.schedules.change(row.id, is_active=not row.is_active)
        return f"{row_text(changed)} is now {'active' if changed.is_active else 'inactive'}"

    attempt(f"switch.{row.id}.{row.is_active}", switch)


page()
