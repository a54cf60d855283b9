"""The tables of the product."""

from app.core.database import Base
from app.models.models import (
    Appointment,
    Attempt,
    AuditHead,
    AuditRecord,
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
    "AuditRecord",
    "Base",
    "Invitation",
    "LoginSession",
    "Schedule",
    "StoredReply",
    "User",
]
