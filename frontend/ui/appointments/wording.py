"""Texts about an appointment, in the local time in which it was booked."""

from collections.abc import Callable

from ui.api.models import Appointment, Doctor, User
from ui.formatting import text as fmt
from ui.widgets.zone import named

Party = Callable[[Appointment], str]
"""The name of the other side: the doctor for the patient, the patient for the doctor."""


def when(one: Appointment) -> str:
    """`Monday 30 November 2026, 9:00`, with the zone where the reader's clock differs."""
    second = fmt.is_second_reading(one.starts_at, one.timezone)
    moment = fmt.moment(one.appointment_date, one.appointment_time, second=second)
    return named(moment, one.timezone, one.starts_at)


def doctor_label(doctor: Doctor) -> str:
    """`Dr. John Smith · Cardiology`, or the name alone."""
    return f"{doctor.full_name} · {doctor.specialty}" if doctor.specialty else doctor.full_name


def doctor_of(one: Appointment) -> str:
    return one.doctor.full_name


def patient_of(one: Appointment) -> str:
    return one.patient.full_name


def is_patient(user: User, one: Appointment) -> bool:
    """Whether the person is the appointment's patient, whatever their role is now."""
    return one.patient_id == user.id
