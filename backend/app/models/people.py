"""Accounts, and what belongs to one: sessions, failed attempts and invitations."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db.columns import Base, Identifier, Instant, enum_column
from app.domain.names import KEY_LENGTH
from app.domain.people import Role
from app.domain.throttling import AttemptKind


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
    role: Mapped[Role] = mapped_column(enum_column(Role, "role"))
    is_active: Mapped[bool] = mapped_column(default=True)
    is_approved: Mapped[bool] = mapped_column(default=True)
    phone: Mapped[str | None] = mapped_column(String(30))
    specialty: Mapped[str | None] = mapped_column(String(100))
    timezone: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(Instant)
    search_key: Mapped[str] = mapped_column(String(KEY_LENGTH), server_default="")
    search_language: Mapped[str] = mapped_column(String(8), server_default="")
    specialty_key: Mapped[str | None] = mapped_column(String(KEY_LENGTH))
    # Device cookies of earlier generations are worthless.
    device_generation: Mapped[int] = mapped_column(Integer, server_default="0")

    @property
    def is_listed(self) -> bool:
        """Whether this is a doctor whom patients can book: `crud_user.LISTED` of a row."""
        return self.role is Role.DOCTOR and self.is_active and self.is_approved


class LoginSession(Base):
    """A session. The table has the digest of its token, never the token."""

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
    kind: Mapped[AttemptKind] = mapped_column(enum_column(AttemptKind, "kind"))
    address: Mapped[str] = mapped_column(String(64))
    account_digest: Mapped[str | None] = mapped_column(String(64))
    attempted_at: Mapped[datetime] = mapped_column(Instant)


class Invitation(Base):
    """Permission for one doctor to register. The table has the digest of its token only.

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
