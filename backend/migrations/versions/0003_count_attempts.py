"""Count failed logins and registrations

Revision: 0003
"""

import sqlalchemy as sa
from alembic import op

from app.db.columns import Identifier, Instant

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "attempts",
        sa.Column("id", Identifier, nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "login",
                "registration",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=16,
            ),
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


def downgrade() -> None:
    op.drop_table("attempts")
