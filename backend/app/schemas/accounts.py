"""People, their logins and invitations."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from app.domain.people import Role
from app.schemas.base import Answer, Changes, Request
from app.schemas.fields import (
    Email,
    FullName,
    Invitation,
    Login,
    Password,
    Phone,
    Specialty,
    Timezone,
    Username,
    refusal,
)


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
    """What an admin may set of another person's account."""

    role: Annotated[Role, Field(strict=False)] = Role.PATIENT
    is_active: bool = True
    is_approved: bool = True
    timezone: Timezone = Field("", description="doctors only")


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


class SignedInAnswer(Answer):
    """`expires_at` ends the session in any case, `idle_expires_at` unless it is used before."""

    user: UserAnswer
    csrf_token: str
    expires_at: datetime
    idle_expires_at: datetime


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
