"""Approve and invite doctors

Everybody who has an account by now is approved.

Revision: 0004
"""

import sqlalchemy as sa
from alembic import op

from app.db.columns import Identifier, Instant

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "users", sa.Column("is_approved", sa.Boolean, nullable=False, server_default=sa.true())
    )
    op.create_table(
        "invitations",
        sa.Column("id", Identifier, nullable=False),
        sa.Column("token_digest", sa.String(64), nullable=False),
        sa.Column("created_by", Identifier, nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("expires_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_invitations"),
        sa.UniqueConstraint("token_digest", name="uq_invitations_token_digest"),
        sa.CheckConstraint("created_at <= expires_at", name="expires_at"),
        sa.ForeignKeyConstraint(
            ["created_by"], ["users.id"], name="fk_invitations_created_by_users"
        ),
    )


def downgrade() -> None:
    op.drop_table("invitations")
    op.drop_column("users", "is_approved")
