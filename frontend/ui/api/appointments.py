"""Appointments: booking, reading and changing them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

import httpx
from pydantic import TypeAdapter

from ui.api.models import Appointment, AppointmentStatus, Slot
from ui.api.transport import Transport, given, parse

PAGE_SIZE: Final = 200

_APPOINTMENT: Final = TypeAdapter(Appointment)
_APPOINTMENTS: Final = TypeAdapter(list[Appointment])


@dataclass(frozen=True)
class Appointments:
    transport: Transport

    def book(
        self, doctor_id: int, slot: Slot, reason: str, *, key: str, patient_id: int | None = None
    ) -> Appointment:
        """Book for oneself or, as an admin, for a patient.

        Repeated requests with the same `key` book once.
        """
        body = {"doctor_id": doctor_id, "reason": reason, "patient_id": patient_id}
        answer = self.transport.send_repeatable(
            "/appointments/",
            json=given(body) | _slot_fields(slot),
            headers={"Idempotency-Key": key},
        )
        return parse(_APPOINTMENT, answer)

    def between(self, date_from: date, date_to: date) -> list[Appointment]:
        """All own appointments of some days by their start, from as many pages as there are."""
        appointments: list[Appointment] = []
        cursor: str | None = None
        while True:
            found, cursor = self.page(
                limit=PAGE_SIZE, cursor=cursor, date_from=date_from, date_to=date_to
            )
            appointments += found
            if cursor is None:
                return appointments

    def page(
        self, *, limit: int, cursor: str | None, **filters: date | str | None
    ) -> tuple[list[Appointment], str | None]:
        """So many own appointments, and the `cursor` of the next page if there is one.

        The filters are `date_from` and `date_to`, `status`, and `when` (`upcoming` or `past`).
        """
        wanted = {name: str(value) for name, value in filters.items() if value is not None}
        page = given({"limit": str(limit), "cursor": cursor})
        answer = self.transport.send("GET", "/appointments/my", params=wanted | page)
        return parse(_APPOINTMENTS, answer), _next_page(answer).get("cursor")

    def get(self, appointment_id: int) -> Appointment:
        return parse(_APPOINTMENT, self.transport.send("GET", f"/appointments/{appointment_id}"))

    def move(self, appointment_id: int, slot: Slot) -> Appointment:
        return self._change(appointment_id, _slot_fields(slot))

    def set_status(self, appointment_id: int, status: AppointmentStatus) -> Appointment:
        return self._change(appointment_id, {"status": status})

    def cancel(self, appointment_id: int) -> Appointment:
        answer = self.transport.send("DELETE", f"/appointments/{appointment_id}")
        return parse(_APPOINTMENT, answer)

    def _change(self, appointment_id: int, changes: Mapping[str, object]) -> Appointment:
        answer = self.transport.send("PUT", f"/appointments/{appointment_id}", json=changes)
        return parse(_APPOINTMENT, answer)


def _next_page(answer: httpx.Response) -> dict[str, str]:
    """The query of the next page, empty after the last one.

    Only the query is taken from the link: the server is the configured one, not the answer's.
    """
    link = answer.links.get("next", {}).get("url")
    return dict(httpx.URL(link).params) if link else {}


def _slot_fields(slot: Slot) -> dict[str, str]:
    return {
        "appointment_date": slot.date.isoformat(),
        "appointment_time": slot.time,
        "starts_at": slot.starts_at.isoformat().replace("+00:00", "Z"),
    }
