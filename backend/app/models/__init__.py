"""The tables of the product."""

from app.db.columns import Base
from app.models.models import (
    Appointment,
    Attempt,
    AuditHead,
    AuditPatient,
    AuditRecord,
    DiaryRevision,
    Invitation,
    LoginSession,
    Schedule,
    StoredReply,
    User,
)

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
