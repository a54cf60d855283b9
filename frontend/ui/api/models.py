"""The shapes of the API's answers."""

from datetime import date
from typing import Literal

from pydantic import AwareDatetime, BaseModel

Role = Literal["patient", "doctor", "admin"]
AppointmentStatus = Literal["scheduled", "completed", "cancelled"]


class User(BaseModel):
    id: int
    username: str
    email: str
    full_name: str
    phone: str | None
    role: Role
    specialty: str | None
    timezone: str
    is_active: bool
    created_at: AwareDatetime


class Doctor(BaseModel):
    id: int
    full_name: str
    specialty: str | None
    timezone: str


class SignedIn(BaseModel):
    user: User
    csrf_token: str
    expires_at: AwareDatetime


class Session(BaseModel):
    id: int
    created_at: AwareDatetime
    last_seen_at: AwareDatetime
    expires_at: AwareDatetime
    user_agent: str | None
    current: bool


class Schedule(BaseModel):
    id: int
    doctor_id: int
    day_of_week: int
    start_time: str
    end_time: str
    slot_duration: int
    is_active: bool
    created_at: AwareDatetime


class Slot(BaseModel):
    date: date
    time: str
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    duration: int


class AppointmentDoctor(BaseModel):
    id: int
    full_name: str
    specialty: str | None
    timezone: str


class AppointmentPatient(BaseModel):
    id: int
    full_name: str
    email: str
    phone: str | None


class Appointment(BaseModel):
    id: int
    doctor_id: int
    patient_id: int
    appointment_date: date
    appointment_time: str
    duration: int
    reason: str
    status: AppointmentStatus
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    timezone: str
    created_at: AwareDatetime
    updated_at: AwareDatetime
    doctor: AppointmentDoctor
    patient: AppointmentPatient


class FieldError(BaseModel):
    field: str
    message: str


class AffectedAppointment(BaseModel):
    id: int
    appointment_date: date
    appointment_time: str
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    patient_name: str


class Problem(BaseModel):
    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[FieldError] = []
    appointments: list[AffectedAppointment] = []
