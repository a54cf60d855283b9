"""The shapes of the API's answers. Generated from backend/openapi.json by `make generate`."""

from datetime import date as date_aliased
from typing import Literal

from pydantic import AwareDatetime, BaseModel
from typing_extensions import TypeAliasType


class AffectedAppointment(BaseModel):
    id: int
    appointment_date: date_aliased
    appointment_time: str
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    timezone: str
    doctor_name: str
    patient_name: str


AppointmentStatus = TypeAliasType(
    "AppointmentStatus", Literal["scheduled", "completed", "cancelled"]
)


class Audit(BaseModel):
    sequence: int
    at: AwareDatetime
    actor_id: int | None
    actor_role: str | None
    action: str
    resource_type: str
    resource_id: int | None
    patient_id: int | None
    patient_ids: list[int]
    fields: str
    outcome: str
    request_id: str | None


class Doctor(BaseModel):
    id: int
    full_name: str
    specialty: str | None
    timezone: str


class FieldError(BaseModel):
    field: str
    message: str


class FirstSlot(BaseModel):
    date: date_aliased
    time: str
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    duration: int
    doctor_id: int


class Health(BaseModel):
    status: Literal["ok"] = "ok"


class Invitation(BaseModel):
    id: int
    token: str
    expires_at: AwareDatetime


class OpenInvitation(BaseModel):
    id: int
    created_at: AwareDatetime
    expires_at: AwareDatetime
    created_by: int
    created_by_name: str


class OpenSessions(BaseModel):
    count: int
    last_seen_at: AwareDatetime | None


class Patient(BaseModel):
    id: int
    full_name: str
    email: str
    phone: str | None


class Problem(BaseModel):
    type: str | None = "about:blank"
    title: str
    status: int
    detail: str
    code: str
    errors: list[FieldError] | None = None
    appointments: list[AffectedAppointment] | None = None


Role = TypeAliasType("Role", Literal["patient", "doctor", "admin"])


class Schedule(BaseModel):
    id: int
    doctor_id: int
    day_of_week: int
    start_time: str
    end_time: str
    slot_duration: int
    is_active: bool
    created_at: AwareDatetime


class Session(BaseModel):
    id: int
    created_at: AwareDatetime
    last_seen_at: AwareDatetime
    expires_at: AwareDatetime
    user_agent: str | None
    current: bool


class Slot(BaseModel):
    date: date_aliased
    time: str
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    duration: int


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
    is_approved: bool
    created_at: AwareDatetime


class Appointment(BaseModel):
    id: int
    doctor_id: int
    patient_id: int
    appointment_date: date_aliased
    appointment_time: str
    duration: int
    reason: str
    status: AppointmentStatus
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    timezone: str
    created_at: AwareDatetime
    updated_at: AwareDatetime
    doctor: Doctor
    patient: Patient


class SignedIn(BaseModel):
    user: User
    csrf_token: str
    expires_at: AwareDatetime
    idle_expires_at: AwareDatetime
