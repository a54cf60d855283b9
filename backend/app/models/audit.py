"""The audit log and its seals."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db.columns import Base, Identifier, Instant


class AuditRecord(Base):
    """What somebody did or was refused, with a MAC over all of it: see `domain.audit_chain`.

    Those without a `key_id` were chained by former versions; their MAC is their hash in that chain.
    """

    __tablename__ = "audit_log"
    __table_args__ = (
        Index(None, "patient_id", "id"),
        Index(None, "actor_id", "id"),
    )

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
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
    mac: Mapped[str] = mapped_column(String(64))
    key_id: Mapped[str | None] = mapped_column(String(16))
    nonce: Mapped[str | None] = mapped_column(String(32), comment="tells a record from a copy")

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
    """One of several patients whose data was read at once. Covered by the MAC of the record."""

    __tablename__ = "audit_patients"
    __table_args__ = (Index(None, "patient_id", "record_id"),)

    record_id: Mapped[int] = mapped_column(ForeignKey("audit_log.id"), primary_key=True)
    patient_id: Mapped[int] = mapped_column(Identifier, primary_key=True, autoincrement=False)


class AuditSeal(Base):
    """The place of a record in the chain that the sealer makes: see `domain.audit_chain`.

    Those of records that former versions chained have the hashes of that chain, and no `key_id`.
    """

    __tablename__ = "audit_seals"

    sequence: Mapped[int] = mapped_column(Identifier, primary_key=True, autoincrement=False)
    record_id: Mapped[int] = mapped_column(Identifier, unique=True)
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))
    key_id: Mapped[str | None] = mapped_column(String(16))
