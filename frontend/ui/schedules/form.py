"""The form for new working hours, on one day of the week or on several at once."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import streamlit as st

from ui.api.client import Api
from ui.api.errors import ApiFailure, Unreachable
from ui.feedback.failures import explanation
from ui.formatting import text as fmt
from ui.login import session
from ui.login.session import SignedInPerson
from ui.schedules import hours_fields
from ui.schedules.hours_fields import USUAL_HOURS, Hours
from ui.widgets import flash
from ui.widgets.flash import Notice

_DRAFT: Final = "schedule.draft"


@dataclass(frozen=True)
class Draft:
    """The initial values of the form; each `number` is submitted at most once."""

    number: int = 0
    days: tuple[int, ...] = ()
    hours: Hours = USUAL_HOURS

    @property
    def key(self) -> str:
        return f"schedule.{self.number}"


def draw_add_form(person: SignedInPerson) -> None:
    draft = _current()
    with st.form("add_schedule"):
        st.subheader("Add New Schedule", anchor=False)
        st.pills(
            "Days of the week",
            hours_fields.days(),
            selection_mode="multi",
            default=draft.days,
            format_func=fmt.WEEKDAYS.__getitem__,
            key=f"{draft.key}.days",
            persist_state="session",
        )
        hours_fields.draw(draft.key, draft.hours)
        st.form_submit_button(
            "Add Schedule",
            type="primary",
            on_click=_submit,
            args=(person.api, draft),
        )


def _submit(api: Api, draft: Draft) -> None:
    """Add the hours to each chosen day; days that were refused stay in the form."""
    if draft != _current():
        return
    days = sorted(st.session_state[f"{draft.key}.days"], key=hours_fields.days().index)
    hours = hours_fields.entered(draft.key)
    if not days:
        flash.failed("Please choose at least one day of the week.")
        return
    refusals = _add(api, days, hours)
    added = [day for day in days if day not in refusals]
    if session.is_over() and not added:
        return  # the login page says so; afterwards the form is still filled in
    flash.add(_outcome(added, hours, refusals))
    if added:
        left = Draft(draft.number + 1, tuple(refusals), hours if refusals else USUAL_HOURS)
        st.session_state[_DRAFT] = left


def _add(api: Api, days: list[int], hours: Hours) -> dict[int, str]:
    """The days that were refused, each with the reason."""
    refusals: dict[int, str] = {}
    for position, day in enumerate(days):
        try:
            api.schedules.add(day, hours.start, hours.end, hours.slot_duration)
        except Unreachable as failure:
            return refusals | dict.fromkeys(days[position:], failure.sentence)
        except ApiFailure as failure:
            refusals[day] = explanation(failure)
    return refusals


def _outcome(added: list[int], hours: Hours, refusals: dict[int, str]) -> Notice:
    reasons = dict.fromkeys(refusals.values())
    return Notice(
        successes=(f"Added: {_day_names(added)} {hours}",) if added else (),
        failures=tuple(
            f"{_day_names(day for day in refusals if refusals[day] == reason)}: {reason}"
            for reason in reasons
        ),
    )


def _current() -> Draft:
    draft: Draft = st.session_state.get(_DRAFT, Draft())
    return draft


def _day_names(days: Iterable[int]) -> str:
    return fmt.listed(fmt.WEEKDAYS[day] for day in days)
