"""Know devices, and find sessions that expired

Device cookies carry the generation of their account; "log out everywhere" begins a new one. What is
counted may also be the password checks of an open session and changes of an e-mail address: the
table is made anew, as its rows count for an hour only.

Revision: 0012
"""

from collections.abc import Iterable

import sqlalchemy as sa
from alembic import op

from app.db.columns import Identifier, Instant

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

EXPIRY = "ix_sessions_expires_at"
OLD_KINDS = ("login", "registration")
NEW_KINDS = (*OLD_KINDS, "proof", "email")


def upgrade() -> None:
    op.add_column(
        "users", sa.Column("device_generation", sa.Integer, nullable=False, server_default="0")
    )
    op.create_index(EXPIRY, "sessions", ["expires_at"])
    op.drop_table("attempts")
    _create_attempts(NEW_KINDS)


def downgrade() -> None:
    op.drop_table("attempts")
    _create_attempts(OLD_KINDS)
    op.drop_index(EXPIRY, "sessions")
    op.drop_column("users", "device_generation")


def _create_attempts(kinds: Iterable[str]) -> None:
    op.create_table(
        "attempts",
        sa.Column("id", Identifier, nullable=False),
        sa.Column(
            "kind",
            sa.Enum(*kinds, name="kind", native_enum=False, create_constraint=True, length=16),
            nullable=False,
        ),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("account_digest", sa.String(64)),
        sa.Column("attempted_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_attempts"),
    )
    for columns in (("kind", "address"), ("kind", "account_digest"), ()):
        indexed = [*columns, "attempted_at"]
        op.create_index(f"ix_attempts_{'_'.join(indexed)}", "attempts", indexed)
