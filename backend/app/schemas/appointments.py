"""Appointments."""

from datetime import date, datetime
from typing import Literal, Self

from pydantic import Field, model_validator

from app.domain.appointments import AppointmentStatus
from app.schemas.accounts import DoctorAnswer, PatientAnswer
from app.schemas.base import Answer, Changes, Request
from app.schemas.fields import CalendarDate, Id, Instant, Reason, ShownTime, StartTime, refusal


class NewAppointment(Request):
    doctor_id: Id
    appointment_date: CalendarDate
    appointment_time: StartTime
    reason: Reason
    starts_at: Instant | None = Field(
        None, description="which reading of a time is meant that the night repeats"
    )
    patient_id: Id | None = Field(None, description="admins only: who the visit is for")


class AppointmentChanges(Changes):
    """Either a status, or a date and a time to move to."""

    status: Literal["scheduled", "completed", "cancelled"] | None = None
    appointment_date: CalendarDate | None = None
    appointment_time: StartTime | None = None
    starts_at: Instant | None = None

    @model_validator(mode="after")
    def _one_kind_of_change(self) -> Self:
        time = (self.appointment_date, self.appointment_time)
        if self.status is not None and (any(part is not None for part in time) or self.starts_at):
            raise refusal("Send either a status, or a date and a time.")
        if self.status is None and None in time:
            raise refusal("Send both a date and a time.")
        return self


class AppointmentAnswer(Answer):
    id: int
    doctor_id: int
    patient_id: int
    appointment_date: date
    appointment_time: ShownTime
    duration: int
    reason: str
    status: AppointmentStatus
    starts_at: datetime
    ends_at: datetime
    timezone: str
    created_at: datetime
    updated_at: datetime
    doctor: DoctorAnswer
    patient: PatientAnswer
