"""All tables, from the modules of their areas."""

from app.db.columns import Base
from app.models.appointments import Appointment
from app.models.audit import AuditHead, AuditPatient, AuditRecord
from app.models.idempotency import StoredReply
from app.models.people import Attempt, Invitation, LoginSession, User
from app.models.scheduling import DiaryRevision, Schedule

__all__ = [
    "Appointment",
    "Attempt",
    "AuditHead",
    "AuditPatient",
    "AuditRecord",
    "Base",
    "DiaryRevision",
    "Invitation",
    "LoginSession",
    "Schedule",
    "StoredReply",
    "User",
]
