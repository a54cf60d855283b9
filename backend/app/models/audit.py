"""The audit log."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db.columns import Base, Identifier, Instant


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
