"""Refusals: RFC 9457."""

from datetime import date, datetime

from app.schemas.base import Answer
from app.schemas.fields import ShownTime


class FieldError(Answer):
    field: str
    message: str


class AppointmentInTheWay(Answer):
    id: int
    appointment_date: date
    appointment_time: ShownTime
    starts_at: datetime
    ends_at: datetime
    timezone: str
    doctor_name: str
    patient_name: str


class Problem(Answer):
    """An answer that is not a success: RFC 9457, with a stable `code` for machines."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    code: str
    errors: list[FieldError] | None = None
    appointments: list[AppointmentInTheWay] | None = None
