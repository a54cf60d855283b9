"""Store the replies to requests with an Idempotency-Key

Revision: 0006
"""

import sqlalchemy as sa
from alembic import op

from app.db.columns import Identifier, Instant

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "stored_replies",
        sa.Column("id", Identifier, nullable=False),
        sa.Column("user_id", Identifier, nullable=False),
        sa.Column("key", sa.String(128), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_stored_replies"),
        sa.UniqueConstraint("user_id", "key", name="uq_stored_replies_user_id_key"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_stored_replies_user_id_users", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_stored_replies_created_at", "stored_replies", ["created_at"])


def downgrade() -> None:
    op.drop_table("stored_replies")
