"""Changing and deleting one row of the weekly working hours."""

import streamlit as st

from ui.api.client import Api
from ui.api.models import Schedule
from ui.feedback.attempt import attempt, finished
from ui.feedback.dialogs import dialog
from ui.formatting import text as fmt
from ui.schedules import hours_fields
from ui.schedules.hours_fields import Hours
from ui.widgets import flash
from ui.widgets.dialogs import close, take_request


def row_text(row: Schedule) -> str:
    """`Monday 9:00–17:00`."""
    return f"{fmt.WEEKDAYS[row.day_of_week]} {fmt.hours(row.start_time, row.end_time)}"


def open_requested(api: Api, rows: list[Schedule]) -> None:
    """Open the requested dialog (`edit`, `delete`), if any."""
    requested = take_request()
    row = next((row for row in rows if requested is not None and row.id == requested.id), None)
    if requested is None or row is None:
        return
    draw = {"edit": _edit, "delete": _delete}[requested.kind]
    draw(api, row, f"{requested.kind}.{requested.number}")


@dialog("Edit schedule")
def _edit(api: Api, row: Schedule, key: str) -> None:
    if finished(key):
        close()
    flash.show()
    st.selectbox(
        "Day",
        hours_fields.days(),
        hours_fields.days().index(row.day_of_week),
        format_func=fmt.WEEKDAYS.__getitem__,
        key=f"{key}.day",
        persist_state="session",
    )
    hours_fields.draw(key, Hours(row.start_time, row.end_time, row.slot_duration))
    st.button("Save", type="primary", on_click=_save, args=(api, row, key))


@dialog("Delete schedule")
def _delete(api: Api, row: Schedule, key: str) -> None:
    if finished(key):
        close()
    flash.show()
    st.write(f"Delete {row_text(row)}? Patients can then no longer book these hours.")
    with st.container(horizontal=True):
        st.button(
            "Yes, delete it",
            type="primary",
            on_click=attempt,
            args=(key, lambda: _deleted(api, row)),
        )
        if st.button("Keep it"):
            close()


def _save(api: Api, row: Schedule, key: str) -> None:
    day, hours = int(st.session_state[f"{key}.day"]), hours_fields.entered(key)

    def save() -> str:
        changed = api.schedules.change(
            row.id,
            day_of_week=day,
            start_time=hours.start,
            end_time=hours.end,
            slot_duration=hours.slot_duration,
        )
        return f"Saved: {row_text(changed)} in slots of {fmt.minutes(changed.slot_duration)}"

    attempt(key, save)


def _deleted(api: Api, row: Schedule) -> str:
    api.schedules.delete(row.id)
    return f"Deleted: {row_text(row)}"
