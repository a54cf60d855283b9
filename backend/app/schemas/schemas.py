"""The shapes of requests and answers."""

from datetime import date, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.domain.appointments import AppointmentStatus
from app.domain.people import Role
from app.schemas.fields import (
    CalendarDate,
    DayOfWeek,
    Email,
    EndTime,
    FullName,
    Id,
    Instant,
    Invitation,
    Login,
    Password,
    Phone,
    Reason,
    ShownTime,
    SlotDuration,
    Specialty,
    StartTime,
    Timezone,
    Username,
    refusal,
)


class Request(BaseModel):
    """A request's body: strict types, no unknown fields."""

    model_config = ConfigDict(strict=True, extra="forbid", hide_input_in_errors=True)


def _without_defaults(schema: dict[str, Any]) -> None:
    for field in schema["properties"].values():
        field.pop("default", None)


class Changes(Request):
    """A body of which only the fields that were sent count; null clears what may be empty.

    Every field can be left out, so each has a default, which is never read.
    """

    model_config = ConfigDict(json_schema_extra=_without_defaults)

    @model_validator(mode="after")
    def _something_changes(self) -> Self:
        if not self.model_fields_set:
            raise refusal("Send at least one field to change.")
        return self


class Answer(BaseModel):
    """An answer's body, read from the attributes of what a service returned."""

    model_config = ConfigDict(from_attributes=True)


class Registration(Request):
    username: Username
    email: Email
    full_name: FullName
    password: Password = Field(repr=False)
    role: Literal["patient", "doctor"]
    phone: Phone | None = None
    specialty: Specialty | None = Field(None, description="doctors only")
    timezone: Timezone | None = Field(None, description="doctors only; default: the clinic's")
    invitation: Invitation | None = Field(None, description="for doctors, where one is needed")

    @model_validator(mode="after")
    def _only_doctors_have_a_public_profile(self) -> Self:
        if self.role != "doctor" and (self.specialty or self.timezone):
            raise refusal("Only doctors have a specialty and a time zone.")
        return self


class AccountChanges(Changes):
    """What an admin may set of an account."""

    role: Annotated[Role, Field(strict=False)] = Role.PATIENT
    is_active: bool = True
    is_approved: bool = True


class Credentials(Request):
    username: Login
    password: Password = Field(repr=False)


class PasswordChange(Request):
    current_password: Password = Field(repr=False)
    new_password: Password = Field(repr=False)


class ProfileChanges(Changes):
    full_name: FullName = ""
    email: Email = Field("", description="needs `current_password`")
    current_password: Password = Field("", repr=False, description="changes nothing by itself")
    phone: Phone | None = None
    specialty: Specialty | None = None
    timezone: Timezone = ""

    @model_validator(mode="after")
    def _password_is_no_change(self) -> Self:
        if self.model_fields_set == {"current_password"}:
            raise refusal("Send at least one field to change.")
        return self


class NewSchedule(Request):
    day_of_week: DayOfWeek
    start_time: StartTime
    end_time: EndTime
    slot_duration: SlotDuration = 30
    is_active: bool = True
    doctor_id: Id | None = Field(None, description="admins only: whose hours these are")


class ScheduleChanges(Changes):
    day_of_week: DayOfWeek = 0
    start_time: StartTime = 0
    end_time: EndTime = 0
    slot_duration: SlotDuration = 0
    is_active: bool = True


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


class UserAnswer(Answer):
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
    created_at: datetime


class DoctorAnswer(Answer):
    """What anybody may know of a doctor."""

    id: int
    full_name: str
    specialty: str | None
    timezone: str


class PatientAnswer(Answer):
    """What the parties of an appointment know of its patient."""

    id: int
    full_name: str
    email: str
    phone: str | None


class InvitationAnswer(Answer):
    """Leave for one doctor to register: hand the token over in person."""

    id: int
    token: str
    expires_at: datetime


class OpenInvitationAnswer(Answer):
    """An invitation that can still be used, and the admin who created it."""

    id: int
    created_at: datetime
    expires_at: datetime
    created_by: int
    created_by_name: str


class AuditAnswer(Answer):
    """Who did what.

    `fields` are the names of what changed, or the days of a diary that were read, separated by
    commas; a role or a state is followed by its new value: `role=doctor`. `patient_ids` are the
    patients whose data it was about, as far as the reader may know of them, and `patient_id` is
    the only one.
    """

    sequence: int
    at: datetime
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


class SignedInAnswer(Answer):
    user: UserAnswer
    csrf_token: str
    expires_at: datetime


class SessionAnswer(Answer):
    id: int
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    user_agent: str | None
    current: bool


class OpenSessionsAnswer(Answer):
    """On how many devices a person is logged in, and when one of them was used last."""

    count: int
    last_seen_at: datetime | None


class ScheduleAnswer(Answer):
    id: int
    doctor_id: int
    day_of_week: int
    start_time: ShownTime
    end_time: ShownTime
    slot_duration: int
    is_active: bool
    created_at: datetime


class SlotAnswer(Answer):
    date: date
    time: ShownTime
    starts_at: datetime
    ends_at: datetime
    duration: int


class FirstSlotAnswer(SlotAnswer):
    doctor_id: int


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


class Health(BaseModel):
    status: Literal["ok"] = "ok"
