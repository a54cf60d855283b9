"""Appointments as JSON, written from what a query found: what `AppointmentAnswer` would write."""

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from json.encoder import encode_basestring

from app.domain.appointments import ShownAppointment


def appointments_as_json(appointments: Iterable[ShownAppointment]) -> str:
    """A list of appointments."""
    return f"[{','.join(map(appointment_as_json, appointments))}]"


@lru_cache(maxsize=1024)  # at most 16 MiB, when each has the longest reason
def appointment_as_json(shown: ShownAppointment) -> str:
    """One appointment, with instants in UTC."""
    hour, minute = divmod(shown.appointment_time, 60)
    timezone = _text(shown.timezone)
    return (
        f'{{"id":{shown.id},"doctor_id":{shown.doctor_id},"patient_id":{shown.patient_id}'
        f',"appointment_date":"{shown.appointment_date}","appointment_time":"{hour:02}:{minute:02}"'
        f',"duration":{shown.duration},"reason":{_text(shown.reason)},"status":"{shown.status}"'
        f',"starts_at":"{_instant(shown.starts_at)}","ends_at":"{_instant(shown.ends_at)}"'
        f',"timezone":{timezone},"created_at":"{_instant(shown.created_at)}"'
        f',"updated_at":"{_instant(shown.updated_at)}"'
        f',"doctor":{{"id":{shown.doctor_id},"full_name":{_text(shown.doctor_name)}'
        f',"specialty":{_text(shown.specialty)},"timezone":{timezone}}}'
        f',"patient":{{"id":{shown.patient_id},"full_name":{_text(shown.patient_name)}'
        f',"email":{_text(shown.email)},"phone":{_text(shown.phone)}}}}}'
    )


def _text(text: str | None) -> str:
    return "null" if text is None else encode_basestring(text)


@lru_cache(maxsize=16_384)
def _instant(moment: datetime) -> str:
    return moment.isoformat().removesuffix("+00:00") + "Z"
