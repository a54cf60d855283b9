"""All requests and answers, from the modules of their areas."""

from app.schemas.accounts import (
    AccountChanges,
    Credentials,
    DoctorAnswer,
    InvitationAnswer,
    OpenInvitationAnswer,
    OpenSessionsAnswer,
    PasswordChange,
    PatientAnswer,
    ProfileChanges,
    Registration,
    SessionAnswer,
    SignedInAnswer,
    UserAnswer,
)
from app.schemas.appointments import AppointmentAnswer, AppointmentChanges, NewAppointment
from app.schemas.base import Answer, Changes, Request
from app.schemas.health import Health
from app.schemas.problems import AppointmentInTheWay, FieldError, Problem
from app.schemas.schedules import (
    FirstSlotAnswer,
    NewSchedule,
    ScheduleAnswer,
    ScheduleChanges,
    SlotAnswer,
)

__all__ = [
    "AccountChanges",
    "Answer",
    "AppointmentAnswer",
    "AppointmentChanges",
    "AppointmentInTheWay",
    "Changes",
    "Credentials",
    "DoctorAnswer",
    "FieldError",
    "FirstSlotAnswer",
    "Health",
    "InvitationAnswer",
    "NewAppointment",
    "NewSchedule",
    "OpenInvitationAnswer",
    "OpenSessionsAnswer",
    "PasswordChange",
    "PatientAnswer",
    "Problem",
    "ProfileChanges",
    "Registration",
    "Request",
    "ScheduleAnswer",
    "ScheduleChanges",
    "SessionAnswer",
    "SignedInAnswer",
    "SlotAnswer",
    "UserAnswer",
]
