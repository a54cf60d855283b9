"""End invitations

An invitation that was used or revoked stays as a row: the audit log names it by its id.

Revision: 0013
"""

import sqlalchemy as sa
from alembic import op

from app.db.columns import Instant

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("invitations", sa.Column("ended_at", Instant, nullable=True))


def downgrade() -> None:
    op.execute("DELETE FROM invitations WHERE ended_at IS NOT NULL")
    op.drop_column("invitations", "ended_at")
