"""Working hours, and the revision of what a doctor offers."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, SmallInteger, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db.columns import NOT_COPIED, Base, Identifier, Instant


class DiaryRevision(Base):
    """A number that is another one after each change of what a person offers to patients.

    Written by triggers only, which the migrations make.
    """

    __tablename__ = "diary_revisions"
    __table_args__ = {"info": {NOT_COPIED: True}}  # noqa: RUF012 - SQLAlchemy's way

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
