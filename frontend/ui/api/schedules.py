"""Working hours, and the free slots that follow from them."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from pydantic import TypeAdapter

from ui.api.models import Schedule, Slot
from ui.api.transport import Transport, parse

_SCHEDULE: Final = TypeAdapter(Schedule)
_SCHEDULES: Final = TypeAdapter(list[Schedule])
_SLOTS: Final = TypeAdapter(list[Slot])


@dataclass(frozen=True)
class Schedules:
    transport: Transport

    def my(self) -> list[Schedule]:
        """All working hours of the doctor who is logged in, inactive ones too."""
        return parse(_SCHEDULES, self.transport.send("GET", "/schedules/my"))

    def add(
        self,
        day_of_week: int,
        start_time: str,
        end_time: str,
        slot_duration: int,
        *,
        is_active: bool = True,
    ) -> Schedule:
        """Working hours from `start_time` to `end_time` ("HH:MM"), slots of so many minutes."""
        body = {
            "day_of_week": day_of_week,
            "start_time": start_time,
            "end_time": end_time,
            "slot_duration": slot_duration,
            "is_active": is_active,
        }
        return parse(_SCHEDULE, self.transport.send("POST", "/schedules/", json=body))

    def change(self, schedule_id: int, **changes: str | int | bool) -> Schedule:
        answer = self.transport.send("PUT", f"/schedules/{schedule_id}", json=changes)
        return parse(_SCHEDULE, answer)

    def delete(self, schedule_id: int) -> None:
        self.transport.send("DELETE", f"/schedules/{schedule_id}")

    def free_slots(self, doctor_id: int, start_date: date, end_date: date) -> list[Slot]:
        """The free slots of both days and all between them, at most 31, in the doctor's zone."""
        days = {"start_date": start_date.isoformat(), "end_date": end_date.isoformat()}
        path = f"/schedules/doctor/{doctor_id}/available-slots"
        return parse(_SLOTS, self.transport.read_public(path, days))
