"""The last answers of the API, so that a short outage does not empty a form."""

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
    """A source of free slots from `start_date` to `end_date`, both included, at most 31 days."""

    def free_slots(self, doctor_id: int, start_date: date, end_date: date) -> list[Slot]: ...


class LastKnown:
    """Reads from the API that fall back to the answers of the previous run during an outage.

    `failure` is the outage then. Refusals are raised, and so is an outage with no earlier answer.
    """

    def __init__(self, api: Api, key: str) -> None:
        self.failure: ApiFailure | None = None
        self._api = api
        self._key = key
        self._before: dict[tuple[object, ...], Any] = st.session_state.get(key, {})
        self._answers: dict[tuple[object, ...], Any] = {}

    def doctors(self) -> list[Doctor]:
        return self._read(("doctors",), self._api.users.doctors)

    def free_slots(self, doctor_id: int, start_date: date, end_date: date) -> list[Slot]:
        query = ("free_slots", doctor_id, start_date, end_date)
        return self._read(
            query, lambda: self._api.schedules.free_slots(doctor_id, start_date, end_date)
        )

    def keep(self) -> None:
        """Store the answers of this run, and only those, for the next one."""
        st.session_state[self._key] = self._answers

    def _read(self, query: tuple[object, ...], read: Callable[[], T]) -> T:
        try:
            answer = read()
        except ApiFailure as failure:
            if query not in self._before or not _will_pass(failure):
                raise
            self.failure = failure
            answer = cast("T", self._before[query])
        self._answers[query] = answer
        return answer


def _will_pass(failure: ApiFailure) -> bool:
    return not isinstance(failure, ApiError) or failure.status >= SERVER_ERROR
