"""People and hours in a database without the API in front of it."""

from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy.orm import Session

from app.crud import crud_schedule, crud_user
from app.domain.booking_limits import NO_LIMIT, BookingLimits
from app.domain.people import Actor, Role

WITHOUT_LIMITS = BookingLimits(horizon_days=3650, open_visits=NO_LIMIT)


def add_person(session: Session, role: Role, *, now: datetime, timezone: str = "UTC") -> Actor:
    """A new account with a name of its own."""
    name = uuid4().hex
    user = crud_user.create_user(
        session,
        username=name,
        username_key=name,
        email=f"{name}@example.com",
        email_key=f"{name}@example.com",
        full_name=name,
        hashed_password="none",
        role=role,
        timezone=timezone,
        created_at=now,
    )
    return Actor(user.id, role)


def add_hours(session: Session, doctor: Actor, *, now: datetime, **row: Any) -> None:
    """A row of active working hours."""
    crud_schedule.create_schedule(
        session, doctor_id=doctor.id, is_active=True, created_at=now, **row
    )
