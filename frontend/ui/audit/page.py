"""Audit Log: who did what to whose data, and whether it was allowed."""

from dataclasses import asdict, astuple, dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import streamlit as st

from ui.api.client import Api
from ui.api.models import Audit
from ui.audit import wording
from ui.audit.wording import ACTIONS, OUTCOMES
from ui.config import settings
from ui.feedback.failures import show_api_errors
from ui.login import session
from ui.login.session import SignedInPerson
from ui.people import directory
from ui.people.search import pick_person
from ui.widgets import clock, flash
from ui.widgets.paging import Pages
from ui.widgets.tables import draw_records
from ui.widgets.zone import name_zone

ROWS_A_PAGE: Final = 25


@dataclass(frozen=True)
class Query:
    """The filters of `GET audit/`; None filters nothing. `since` and `until` are instants."""

    action: str | None
    outcome: str | None
    since: str | None
    until: str | None
    actor_id: int | None
    patient_id: int | None


def page() -> None:
    person = session.require_role("admin")
    st.title("Audit Log", anchor=False)
    flash.show()
    _log(person)


@show_api_errors
def _log(person: SignedInPerson) -> None:
    zone = person.zone
    with st.expander("Filter", icon=":material/filter_list:"):
        query = _query(person.api, zone)
    pages: Pages[int] = Pages("audit.pages", astuple(query))
    found = person.api.audit.find(before=pages.start, limit=ROWS_A_PAGE + 1, **asdict(query))
    st.button("Refresh", icon=":material/refresh:")
    if not found:
        st.info("There is nothing of this kind in the log.")
        return
    shown = found[:ROWS_A_PAGE]
    _draw(person.api, shown, zone)
    pages.draw(shown[-1].sequence if len(found) > ROWS_A_PAGE else None)
    name_zone(zone, [one.at for one in shown])


def _query(api: Api, zone: str) -> Query:
    action, outcome, since, until = st.columns(4)
    chosen_action = action.selectbox(
        "Action", ACTIONS, index=None, format_func=wording.action_label, placeholder="All"
    )
    chosen_outcome = outcome.selectbox(
        "Outcome", OUTCOMES, index=None, format_func=wording.outcome_label, placeholder="All"
    )
    first = since.date_input(
        "From", value=None, max_value=clock.today(zone), format=settings().conventions.date_field
    )
    last = until.date_input(
        "Until", value=None, max_value=clock.today(zone), format=settings().conventions.date_field
    )
    left, right = st.columns(2)
    with left:
        actor = pick_person(api, "audit.actor", "Done by")
    with right:
        patient = pick_person(api, "audit.patient", "Data of patient", role="patient")
    return Query(
        action=chosen_action,
        outcome=chosen_outcome,
        since=_start_of(first, zone) if first else None,
        until=_start_of(last + timedelta(days=1), zone) if last else None,
        actor_id=actor.id if actor else None,
        patient_id=patient.id if patient else None,
    )


def _start_of(day: date, zone: str) -> str:
    start = datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)
    return f"{start:%Y-%m-%dT%H:%M:%SZ}"


def _draw(api: Api, records: list[Audit], zone: str) -> None:
    people = {
        person
        for one in records
        for person in (
            one.actor_id,
            wording.account_of(one),
            *one.patient_ids[: wording.MOST_NAMES],
        )
        if person is not None
    }
    names = directory.names(api, people)
    draw_records(
        ("When", "Who", "What", "Patient", "Outcome"),
        [
            wording.row(
                one,
                wording.instant(one.at, zone),
                _who(one, names),
                wording.description(one, names.__getitem__),
                wording.patients(one, lambda patient: names.get(patient, "")),
            )
            for one in records
        ],
    )


def _who(record: Audit, names: dict[int, str]) -> str:
    if record.actor_id is None:
        return "Not logged in"
    return f"{names[record.actor_id]} ({record.actor_role})"


page()
