"""A clinic on the real API: its people, hours and appointments, written straight to the database.

What is written here passes no rule but those of the database, so that tests can begin with a past,
with completed visits and with time zones that do not exist any more.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select

from app.core.config import Settings
from app.core.security import PasswordHasher, csrf_token_for, new_session_token, token_digest
from app.crud import crud_invitation, crud_schedule, crud_user
from app.db.columns import Base
from app.domain.appointments import AppointmentStatus
from app.domain.people import Actor, Origin, Role, identity_key
from app.http.resources import Resources
from app.main import create_app
from app.models.models import Appointment, Invitation, LoginSession, Schedule, User
from app.services import audit
from app.services.audit import AuditEvent
from app.services.staff import INVITATION_LIFETIME

PASSWORD: Final = "password123"
HASHED_PASSWORD: Final = PasswordHasher(4).hash(PASSWORD)
MONDAY_MORNING: Final = datetime(2026, 11, 30, 7, 0, tzinfo=UTC)

Row = TypeVar("Row", bound=Base)


class Login(NamedTuple):
    session: LoginSession
    token: str
    csrf_token: str


class Clinic:
    """The database of one test, and `now`, the time by the clocks of the API and of the pages."""

    def __init__(self, settings: Settings) -> None:
        self.now = MONDAY_MORNING
        self.api = create_app(settings, lambda: self.now)
        self._resources: Resources = self.api.state.resources

    def add_user(
        self, username: str, *, role: str = "patient", password: str | None = None, **columns: Any
    ) -> User:
        """A user whose password is `PASSWORD`, and whose clock is that of UTC, by default."""
        email = columns.pop("email", f"{username}@example.com")
        hashed = PasswordHasher(4).hash(password) if password else HASHED_PASSWORD
        values = {
            "full_name": username.replace("_", " ").title(),
            "timezone": "UTC",
            "created_at": self.now,
            **columns,
        }
        with self._resources.database.writing() as session:
            return crud_user.create_user(
                session,
                username=username,
                username_key=identity_key(username),
                email=email,
                email_key=identity_key(email),
                hashed_password=hashed,
                role=Role(role),
                **values,
            )

    def add_session(self, user: User, user_agent: str | None = None) -> Login:
        """A login of `user` on one more device."""
        token = new_session_token()
        session = LoginSession(
            user_id=user.id,
            token_digest=token_digest(token),
            user_agent=user_agent,
            created_at=self.now,
            last_seen_at=self.now,
            expires_at=self.now + self._resources.limits.absolute,
        )
        self._add(session)
        secret = self._resources.settings.secret_key.get_secret_value()
        return Login(session, token, csrf_token_for(token, secret))

    def add_schedule(
        self,
        doctor: User,
        day_of_week: int,
        *,
        start_time: str = "09:00",
        end_time: str = "17:00",
        slot_duration: int = 30,
        is_active: bool = True,
    ) -> Schedule:
        """Working hours from 9:00 to 17:00 in half hours by default."""
        with self._resources.database.writing() as session:
            return crud_schedule.create_schedule(
                session,
                doctor_id=doctor.id,
                day_of_week=day_of_week,
                start_time=minute_of(start_time),
                end_time=minute_of(end_time),
                slot_duration=slot_duration,
                is_active=is_active,
                created_at=self.now,
            )

    def add_appointment(
        self, doctor: User, patient: User, starts_at: datetime, **columns: Any
    ) -> Appointment:
        """A scheduled visit of 30 minutes by default."""
        visit = self._visit(doctor, patient, starts_at, **columns)
        self._add(visit)
        return visit

    def add_appointments(
        self, doctor: User, patient: User, starts: Sequence[datetime], **columns: Any
    ) -> None:
        """As `add_appointment`, for each of many starts."""
        self._add(*(self._visit(doctor, patient, start, **columns) for start in starts))

    def add_invitation(self, author: User) -> Invitation:
        """An open invitation, which nobody knows the code of."""
        with self._resources.database.writing() as session:
            return crud_invitation.create_invitation(
                session,
                token_digest=token_digest(new_session_token()),
                created_by=author.id,
                expires_at=self.now + INVITATION_LIFETIME,
                now=self.now,
            )

    def add_record(
        self, actor: User | None, action: str, *, outcome: str = audit.OK, **event: Any
    ) -> None:
        """A record of the audit log, about the data of no patient by default."""
        origin = Origin(None, None)
        by = Actor(actor.id, actor.role, origin) if actor else origin
        with self._resources.database.writing() as session:
            audit.record(
                session,
                AuditEvent(action, "user", **event),
                by=by,
                now=self.now,
                outcome=outcome,
            )

    def change(self, row: Base, **columns: Any) -> None:
        """Set columns of a row."""
        with self._resources.database.writing() as session:
            session.add(row)
            for name, value in columns.items():
                setattr(row, name, value)

    def fresh(self, row: Row) -> Row:
        """The row as it is in the database now."""
        with self._resources.database.reading() as session:
            return session.get_one(type(row), row.id)

    def all(self, table: type[Row]) -> Sequence[Row]:
        """The rows of a table in the order in which they were added."""
        with self._resources.database.reading() as session:
            return session.scalars(select(table).order_by(table.id)).all()

    def remove(self, row: Base) -> None:
        with self._resources.database.writing() as session:
            session.delete(row)

    def has_password(self, user: User, password: str) -> bool:
        return self._resources.hasher.verify(password, self.fresh(user).hashed_password)

    def end_sessions(self) -> None:
        """End every session, of everybody."""
        with self._resources.database.writing() as session:
            session.execute(delete(LoginSession))

    def _visit(
        self,
        doctor: User,
        patient: User,
        starts_at: datetime,
        *,
        duration: int = 30,
        status: str = "scheduled",
        reason: str = "Regular checkup",
        changed_at: datetime | None = None,
    ) -> Appointment:
        local = starts_at.astimezone(ZoneInfo(doctor.timezone))
        return Appointment(
            doctor_id=doctor.id,
            patient_id=patient.id,
            appointment_date=local.date(),
            appointment_time=local.hour * 60 + local.minute,
            duration=duration,
            reason=reason,
            status=AppointmentStatus(status),
            starts_at=starts_at,
            ends_at=starts_at + timedelta(minutes=duration),
            created_at=changed_at or self.now,
            updated_at=changed_at or self.now,
        )

    def _add(self, *rows: Base) -> None:
        with self._resources.database.writing() as session:
            session.add_all(rows)


def minute_of(clock_time: str) -> int:
    """The minutes after midnight of `HH:MM`; 24:00 is the next midnight."""
    if clock_time == "24:00":
        return 24 * 60
    moment = time.fromisoformat(clock_time)
    return moment.hour * 60 + moment.minute


def clock_time(minute: int) -> str:
    """`HH:MM` of a minute after midnight."""
    return f"{minute // 60:02}:{minute % 60:02}"
