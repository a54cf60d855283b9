"""Schedule Management: the doctor's weekly working hours, from which the free times come."""

from collections.abc import Iterable
from typing import Final

import streamlit as st

from ui import format as fmt
from ui import session
from ui.api.client import Api
from ui.api.errors import ApiFailure, Unreachable
from ui.api.models import Schedule
from ui.components import events, notice
from ui.components.attempt import attempt
from ui.components.calendar import LIST_WEEK, WEEK, Look, Pick, calendar
from ui.components.dialogs import ask
from ui.components.failures import explained, explanation
from ui.components.notice import Notice
from ui.components.zone import name_zone
from ui.session import SignedInPerson
from ui.views.doctor import hours_fields
from ui.views.doctor.hours_fields import DAYS, Hours
from ui.views.doctor.schedule_dialogs import open_asked, row_text

CALENDAR: Final = "schedule.calendar"
_DRAFT: Final = "schedule.draft"


def page() -> None:
    person = session.require_role("doctor")
    st.title("Schedule Management")
    notice.show()
    name_zone(person.user.timezone)
    _add_form(person)
    _week(person)


def _add_form(person: SignedInPerson) -> None:
    draft: int = st.session_state.get(_DRAFT, 0)
    key = _draft_key(draft)
    hours_fields.prefill(key, Hours())
    with st.form("add_schedule"):
        st.subheader("Add New Schedule", anchor=False)
        st.pills(
            "Days of the week",
            DAYS,
            selection_mode="multi",
            format_func=fmt.WEEKDAYS.__getitem__,
            key=f"{key}.days",
        )
        hours_fields.draw(key)
        st.form_submit_button(
            "Add Schedule",
            type="primary",
            on_click=_add,
            args=(person.api, person.user.timezone, draft),
        )


def _add(api: Api, zone: str, draft: int) -> None:
    """Add the hours to each chosen day; days that were refused stay in the form."""
    if draft != st.session_state.get(_DRAFT, 0):
        return
    key = _draft_key(draft)
    days, hours = sorted(st.session_state[f"{key}.days"]), hours_fields.entered(key)
    if not days:
        notice.failed("Please choose at least one day of the week.")
        return
    refusals: dict[int, str] = {}
    for day in days:
        try:
            api.add_schedule(day, hours.start, hours.end, hours.slot_duration)
        except Unreachable as failure:
            refusals |= dict.fromkeys(days[days.index(day) :], failure.sentence)
            break
        except ApiFailure as failure:
            refusals[day] = explanation(failure, zone)
    notice.tell(_outcome([day for day in days if day not in refusals], hours, refusals))
    if len(refusals) < len(days):
        _start_next_draft(draft + 1, hours, list(refusals))


def _outcome(added: list[int], hours: Hours, refusals: dict[int, str]) -> Notice:
    successes = (f"Added: {_day_names(added)} {hours}",) if added else ()
    reasons = dict.fromkeys(refusals.values())
    failures = tuple(
        f"{_day_names(day for day in refusals if refusals[day] == reason)}: {reason}"
        for reason in reasons
    )
    return Notice(successes, failures)


def _start_next_draft(draft: int, hours: Hours, days: list[int]) -> None:
    st.session_state[_DRAFT] = draft
    if days:
        key = _draft_key(draft)
        hours_fields.prefill(key, hours)
        st.session_state[f"{key}.days"] = days


def _draft_key(draft: int) -> str:
    return f"schedule.{draft}"


def _day_names(days: Iterable[int]) -> str:
    return fmt.listed(fmt.WEEKDAYS[day] for day in days)


@explained
def _week(person: SignedInPerson) -> None:
    rows = sorted(person.api.schedules(), key=lambda row: (row.day_of_week, row.start_time))
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
        focus=events.REFERENCE_MONDAY,
        on_pick=_edit_picked,
    )
    for row in rows:
        _draw_row(person, row)
    open_asked(person.api, rows, person.user.timezone)


def _edit_picked(pick: Pick) -> None:
    if pick.kind == "event":
        ask("edit", int(pick.id))


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
            st.button("Edit", key=f"edit.{row.id}", on_click=ask, args=("edit", row.id))
            st.button(switch, key=f"switch.{row.id}", on_click=_switch, args=(person, row))
            st.button("Delete", key=f"delete.{row.id}", on_click=ask, args=("delete", row.id))


def _switch(person: SignedInPerson, row: Schedule) -> None:
    def switch() -> str:
        changed = person.api.change_schedule(row.id, is_active=not row.is_active)
        return f"{row_text(changed)} is now {'active' if changed.is_active else 'inactive'}"

    attempt(f"switch.{row.id}.{row.is_active}", person.user.timezone, switch)


page()
