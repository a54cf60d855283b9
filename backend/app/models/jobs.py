"""What the workers did."""

from datetime import datetime

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db.columns import NOT_COPIED, Base, Identifier, Instant


class JobRun(Base):
    """What the workers did of one kind of work, in sum, and when they last tried and succeeded."""

    __tablename__ = "job_runs"
    __table_args__ = {"info": {NOT_COPIED: True}}  # noqa: RUF012 - SQLAlchemy's way

    id: Mapped[int] = mapped_column(Identifier, primary_key=True)
    job: Mapped[str] = mapped_column(String(32), unique=True)
    ran_at: Mapped[datetime] = mapped_column(Instant)
    succeeded_at: Mapped[datetime | None] = mapped_column(Instant)
    done: Mapped[int] = mapped_column(BigInteger, server_default="0")
    failures: Mapped[int] = mapped_column(BigInteger, server_default="0")
