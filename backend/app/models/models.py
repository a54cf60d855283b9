"""The tables. What a table can check, it checks; overlaps are guarded in the migrations."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    Enum,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db.columns import Base, Identifier, Instant
from app.domain.appointments import AppointmentStatus
from app.domain.names import KEY_LENGTH
from app.domain.people import Role
from app.domain.throttling import AttemptKind

HOLDS_TIME = text("status <> 'cancelled'")


def _words(words: type[StrEnum], name: str) -> Enum:
    """A column of a few words, kept as text under a check constraint."""
    return Enum(
        words,
        name=name,
        native_enum=False,
        create_constraint=True,
        length=16,
        values_callable=lambda members: [member.value for member in members],
    )


class User(Base):
    """A person with an account. The `_key` columns hold the form in which names are compared.

    `search_key` compares by code point on both engines, as its migration says: see `domain.names`.
    """

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("length(username) BETWEEN 3 AND 50", name="username_length"),
        CheckConstraint("length(full_name) BETWEEN 1 AND 100", name="full_name_length"),
        CheckConstraint("length(email) BETWEEN 3 AND 254", name="email_length"),
        Index(None, "search_key", "id"),
    )

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    username: Mapped[str] = mapped_column(String(50))
    username_key: Mapped[str] = mapped_column(String(508), unique=True)
    email: Mapped[str] = mapped_column(String(254))
    email_key: Mapped[str] = mapped_column(String(508), unique=True)
    full_name: Mapped[str] = mapped_column(String(100))
    hashed_password: Mapped[str] = mapped_column(String(100))
    role: Mapped[Role] = mapped_column(_words(Role, "role"))
    is_active: Mapped[bool] = mapped_column(default=True)
    is_approved: Mapped[bool] = mapped_column(default=True)
    phone: Mapped[str | None] = mapped_column(String(30))
    specialty: Mapped[str | None] = mapped_column(String(100))
    timezone: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(Instant)
    search_key: Mapped[str] = mapped_column(String(KEY_LENGTH), server_default="")
    specialty_key: Mapped[str | None] = mapped_column(String(KEY_LENGTH))
    # Device cookies of earlier generations are worthless.
    device_generation: Mapped[int] = mapped_column(Integer, server_default="0")

    @property
    def is_listed(self) -> bool:
        """Whether this is a doctor whom patients can book: `crud_user.LISTED` of a row."""
        return self.role is Role.DOCTOR and self.is_active and self.is_approved


class LoginSession(Base):
    """A login. Only the digest of its token is kept."""

    __tablename__ = "sessions"
    __table_args__ = (
        CheckConstraint("created_at <= last_seen_at", name="last_seen_at"),
        CheckConstraint("created_at <= expires_at", name="expires_at"),
        Index(None, "expires_at"),
    )

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    token_digest: Mapped[str] = mapped_column(String(64), unique=True)
    user_agent: Mapped[str | None] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(Instant)
    last_seen_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)

    user: Mapped[User] = relationship(lazy="raise")


class Attempt(Base):
    """A failed login, a registration or the like, kept for as long as it counts."""

    __tablename__ = "attempts"
    __table_args__ = (
        Index(None, "kind", "address", "attempted_at"),
        Index(None, "kind", "account_digest", "attempted_at"),
        Index(None, "attempted_at"),
    )

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    kind: Mapped[AttemptKind] = mapped_column(_words(AttemptKind, "kind"))
    address: Mapped[str] = mapped_column(String(64))
    account_digest: Mapped[str | None] = mapped_column(String(64))
    attempted_at: Mapped[datetime] = mapped_column(Instant)


class Invitation(Base):
    """Leave for one doctor to register. Only the digest of its token is kept.

    `ended_at` is when it was used, revoked, or its author ceased to be an administrator.
    """

    __tablename__ = "invitations"
    __table_args__ = (CheckConstraint("created_at <= expires_at", name="expires_at"),)

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    token_digest: Mapped[str] = mapped_column(String(64), unique=True)
    created_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)

    author: Mapped[User] = relationship(lazy="raise")

    @property
    def created_by_name(self) -> str:
        return self.author.full_name


class AuditRecord(Base):
    """What somebody did or was refused, chained to the record before by its hash."""

    __tablename__ = "audit_log"
    __table_args__ = (
        Index(None, "patient_id", "sequence"),
        Index(None, "actor_id", "sequence"),
    )

    sequence: Mapped[int] = mapped_column(Identifier, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(Instant)
    actor_id: Mapped[int | None] = mapped_column(Identifier)
    actor_role: Mapped[str | None] = mapped_column(String(16))
    address: Mapped[str | None] = mapped_column(String(64))
    action: Mapped[str] = mapped_column(String(64))
    resource_type: Mapped[str] = mapped_column(String(32))
    resource_id: Mapped[int | None] = mapped_column(Identifier)
    patient_id: Mapped[int | None] = mapped_column(Identifier)
    fields: Mapped[str] = mapped_column(String(500), comment="names, separated by commas")
    outcome: Mapped[str] = mapped_column(String(64), comment="ok, or the code of the refusal")
    request_id: Mapped[str | None] = mapped_column(String(64))
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))

    patients: Mapped[list["AuditPatient"]] = relationship(
        lazy="raise", order_by="AuditPatient.patient_id"
    )

    @property
    def listed_patient_ids(self) -> list[int]:
        """The patients of a record about several, who are listed in a table of their own."""
        return [one.patient_id for one in self.patients]

    @property
    def patient_ids(self) -> list[int]:
        """All patients whose data the record is about."""
        return self.listed_patient_ids if self.patient_id is None else [self.patient_id]


class AuditPatient(Base):
    """One of several patients whose data was read at once. Covered by the hash of the record."""

    __tablename__ = "audit_patients"
    __table_args__ = (Index(None, "patient_id", "sequence"),)

    sequence: Mapped[int] = mapped_column(ForeignKey("audit_log.sequence"), primary_key=True)
    patient_id: Mapped[int] = mapped_column(Identifier, primary_key=True, autoincrement=False)


class AuditHead(Base):
    """Where the chain of audit records ends: one row, which also is the lock of the chain.

    A trigger moves it when a record is appended.
    """

    __tablename__ = "audit_head"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(Identifier, primary_key=True, autoincrement=False)
    sequence: Mapped[int] = mapped_column(Identifier)
    hash: Mapped[str] = mapped_column(String(64))


class StoredReply(Base):
    """The answer to a request with an Idempotency-Key, for those who send it again."""

    __tablename__ = "stored_replies"
    __table_args__ = (UniqueConstraint("user_id", "key"), Index(None, "created_at"))

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(String(128))
    fingerprint: Mapped[str] = mapped_column(String(64))
    body: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Instant)


class DiaryRevision(Base):
    """A number that is another one after each change of what a person offers to patients.

    Written by triggers only, which the migrations make.
    """

    __tablename__ = "diary_revisions"
    __table_args__ = {"info": {"written_by_triggers": True}}  # noqa: RUF012 - SQLAlchemy's way

    user_id: Mapped[int] = mapped_column(
        Identifier,
        ForeignKey("users.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    )
    revision: Mapped[int] = mapped_column(BigInteger)


class Schedule(Base):
    """A row of weekly working hours: minutes after midnight on the wall clock of the doctor."""

    __tablename__ = "schedules"
    __table_args__ = (
        CheckConstraint("day_of_week BETWEEN 0 AND 6", name="day_of_week"),
        CheckConstraint("start_time >= 0", name="start_time"),
        CheckConstraint("end_time <= 1440", name="end_time"),
        CheckConstraint("start_time < end_time", name="start_before_end"),
        CheckConstraint("slot_duration BETWEEN 5 AND 240", name="slot_duration"),
        CheckConstraint("slot_duration <= end_time - start_time", name="slot_fits"),
        UniqueConstraint("doctor_id", "day_of_week", "start_time"),
    )

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    doctor_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    day_of_week: Mapped[int] = mapped_column(SmallInteger, comment="0 = Monday")
    start_time: Mapped[int] = mapped_column(SmallInteger, comment="minutes after midnight")
    end_time: Mapped[int] = mapped_column(SmallInteger, comment="minutes after midnight")
    slot_duration: Mapped[int] = mapped_column(SmallInteger, comment="minutes")
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(Instant)


class Appointment(Base):
    """A visit. Date and time are the doctor's wall clock; `starts_at` and `ends_at` decide."""

    __tablename__ = "appointments"
    __table_args__ = (
        CheckConstraint("appointment_time BETWEEN 0 AND 1439", name="appointment_time"),
        CheckConstraint("duration BETWEEN 5 AND 240", name="duration"),
        CheckConstraint("length(reason) BETWEEN 1 AND 500", name="reason_length"),
        CheckConstraint("starts_at < ends_at", name="start_before_end"),
        CheckConstraint("doctor_id <> patient_id", name="two_parties"),
        CheckConstraint("created_at <= updated_at", name="updated_at"),
        Index(
            "uq_appointments_doctor_id_starts_at",
            "doctor_id",
            "starts_at",
            unique=True,
            sqlite_where=HOLDS_TIME,
            postgresql_where=HOLDS_TIME,
        ),
        Index(
            "uq_appointments_patient_id_starts_at",
            "patient_id",
            "starts_at",
            unique=True,
            sqlite_where=HOLDS_TIME,
            postgresql_where=HOLDS_TIME,
        ),
        Index(  # all that free slots need: to read the rows themselves takes four times as long
            None,
            "doctor_id",
            "starts_at",
            "duration",
            sqlite_where=HOLDS_TIME,
            postgresql_where=HOLDS_TIME,
        ),
        Index(None, "doctor_id", "appointment_date"),
        Index(None, "patient_id", "appointment_date"),
    )

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    doctor_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    patient_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    appointment_date: Mapped[date] = mapped_column(Date)
    appointment_time: Mapped[int] = mapped_column(SmallInteger, comment="minutes after midnight")
    duration: Mapped[int] = mapped_column(SmallInteger, comment="minutes")
    reason: Mapped[str] = mapped_column(String(500))
    status: Mapped[AppointmentStatus] = mapped_column(_words(AppointmentStatus, "status"))
    starts_at: Mapped[datetime] = mapped_column(Instant)
    ends_at: Mapped[datetime] = mapped_column(Instant)
    created_at: Mapped[datetime] = mapped_column(Instant)
    updated_at: Mapped[datetime] = mapped_column(Instant)

    doctor: Mapped[User] = relationship(foreign_keys=doctor_id, lazy="raise")
    patient: Mapped[User] = relationship(foreign_keys=patient_id, lazy="raise")

    @property
    def timezone(self) -> str:
        """The zone of `appointment_date` and `appointment_time`."""
        return self.doctor.timezone
