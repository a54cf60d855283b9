"""Appointments as JSON, from one typed structure: the bytes that `AppointmentAnswer` describes."""

from collections.abc import Iterable
from datetime import date, datetime

import msgspec

from app.domain.appointments import AppointmentStatus, ShownAppointment


class _Doctor(msgspec.Struct):
    id: int
    full_name: str
    specialty: str | None
    timezone: str


class _Patient(msgspec.Struct):
    id: int
    full_name: str
    email: str
    phone: str | None


class _Appointment(msgspec.Struct):
    id: int
    doctor_id: int
    patient_id: int
    appointment_date: date
    appointment_time: str
    duration: int
    reason: str
    status: AppointmentStatus
    starts_at: datetime
    ends_at: datetime
    timezone: str
    created_at: datetime
    updated_at: datetime
    doctor: _Doctor
    patient: _Patient


_encode = msgspec.json.Encoder().encode


def appointments_as_json(appointments: Iterable[ShownAppointment]) -> bytes:
    """A list of appointments."""
    return _encode([_structure(shown) for shown in appointments])


def appointment_as_json(shown: ShownAppointment) -> str:
    """One appointment, with instants in UTC."""
    return _encode(_structure(shown)).decode()


def _structure(shown: ShownAppointment) -> _Appointment:
    hour, minute = divmod(shown.appointment_time, 60)
    return _Appointment(
        id=shown.id,
        doctor_id=shown.doctor_id,
        patient_id=shown.patient_id,
        appointment_date=shown.appointment_date,
        appointment_time=f"{hour:02}:{minute:02}",
        duration=shown.duration,
        reason=shown.reason,
        status=shown.status,
        starts_at=shown.starts_at,
        ends_at=shown.ends_at,
        timezone=shown.timezone,
        created_at=shown.created_at,
        updated_at=shown.updated_at,
        doctor=_Doctor(shown.doctor_id, shown.doctor_name, shown.specialty, shown.timezone),
        patient=_Patient(shown.patient_id, shown.patient_name, shown.email, shown.phone),
    )
