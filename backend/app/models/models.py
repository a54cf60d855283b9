"""All tables, from the modules of their areas."""

from app.db.columns import Base
from app.models.appointments import Appointment
from app.models.audit import AuditPatient, AuditRecord, AuditSeal
from app.models.idempotency import StoredReply
from app.models.jobs import JobRun
from app.models.people import Attempt, Invitation, LoginSession, User
from app.models.scheduling import DiaryRevision, Schedule

__all__ = [
    "Appointment",
    "Attempt",
    "AuditPatient",
    "AuditRecord",
    "AuditSeal",
    "Base",
    "DiaryRevision",
    "Invitation",
    "JobRun",
    "LoginSession",
    "Schedule",
    "StoredReply",
    "User",
]
