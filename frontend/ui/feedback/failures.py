"""Shows refusals of the API at the place where they happen."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import streamlit as st

from ui.api.errors import ApiError, ApiFailure
from ui.api.models import AffectedAppointment
from ui.formatting import text as fmt
from ui.widgets.zone import named

P = ParamSpec("P")


def show_api_errors(body: Callable[P, None]) -> Callable[P, None]:
    """Make `body` show an `ApiFailure` as a sentence with a button to try again."""

    @wraps(body)
    def shown(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            body(*args, **kwargs)
        except ApiFailure as failure:
            st.error(failure.sentence)
            st.button("Try again", key=f"again.{body.__module__}.{body.__qualname__}")

    return shown


def explanation(failure: ApiFailure) -> str:
    """The failure's sentence as Markdown, and the appointments that prevent the change."""
    affected = failure.affected if isinstance(failure, ApiError) else []
    lines = [f"- {_when(appointment)}: {_who(appointment)}" for appointment in affected]
    return "\n".join([failure.sentence, *(["", *lines] if lines else [])])


def _when(appointment: AffectedAppointment) -> str:
    zone = appointment.timezone
    second = fmt.is_second_reading(appointment.starts_at, zone)
    moment = fmt.moment(appointment.appointment_date, appointment.appointment_time, second=second)
    return named(moment, zone, appointment.starts_at)


def _who(appointment: AffectedAppointment) -> str:
    return f"{fmt.plain(appointment.patient_name)} with {fmt.plain(appointment.doctor_name)}"
