"""The tables of the product."""

from app.core.database import Base
from app.models.models import Appointment, LoginSession, Schedule, User

__all__ = ["Appointment", "Base", "LoginSession", "Schedule", "User"]
