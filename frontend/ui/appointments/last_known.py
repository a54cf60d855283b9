"""What the API answered last, so that a form is not lost while the API is away for a moment."""

from collections.abc import Callable
from datetime import date
from typing import Any, Protocol, TypeVar, cast

import streamlit as st

from ui.api.client import Api
from ui.api.errors import ApiError, ApiFailure
from ui.api.models import Doctor, Slot

SERVER_ERROR = 500

T = TypeVar("T")


class FreeTimes(Protocol):
    """Whoever knows the free slots of both days and all between them, at most 31 days."""

    def free_slots(self, doctor_id: int, start_date: date, end_date: date) -> list[Slot]: ...


class LastKnown:
    """Reads of the API, answered from the run before while the API is out of order.

    `failure` is then what it said. Refusals are raised, and failures when nothing is known yet.
    """

    def __init__(self, api: Api, key: str) -> None:
        self.failure: ApiFailure | None = None
        self._api = api
        self._key = key
        self._before: dict[tuple[object, ...], Any] = st.session_state.get(key, {})
        self._answers: dict[tuple[object, ...], Any] = {}

    def doctors(self) -> list[Doctor]:
        return self._ask(("doctors",), self._api.users.doctors)

    def free_slots(self, doctor_id: int, start_date: date, end_date: date) -> list[Slot]:
        question = ("free_slots", doctor_id, start_date, end_date)
        return self._ask(
            question, lambda: self._api.schedules.free_slots(doctor_id, start_date, end_date)
        )

    def keep(self) -> None:
        """Remember the answers of this run, and only those."""
        st.session_state[self._key] = self._answers

    def _ask(self, question: tuple[object, ...], ask: Callable[[], T]) -> T:
        try:
            answer = ask()
        except ApiFailure as failure:
            if question not in self._before or not _will_pass(failure):
                raise
            self.failure = failure
            answer = cast("T", self._before[question])
        self._answers[question] = answer
        return answer


def _will_pass(failure: ApiFailure) -> bool:
    return not isinstance(failure, ApiError) or failure.status >= SERVER_ERROR
