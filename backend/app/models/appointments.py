"""Appointments. Overlaps are guarded in the migrations."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, SmallInteger, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db.columns import Base, Identifier, Instant, enum_column
from app.domain.appointments import AppointmentStatus
from app.models.people import User

HOLDS_TIME = text("status <> 'cancelled'")


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
    status: Mapped[AppointmentStatus] = mapped_column(enum_column(AppointmentStatus, "status"))
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
