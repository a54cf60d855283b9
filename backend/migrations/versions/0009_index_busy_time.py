"""Index busy time

With the duration in the index, a search for free slots reads no row of the table.

Revision: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

INDEX = "ix_appointments_doctor_id_starts_at_duration"
HOLDS_TIME = sa.text("status <> 'cancelled'")


def upgrade() -> None:
    op.create_index(
        INDEX,
        "appointments",
        ["doctor_id", "starts_at", "duration"],
        sqlite_where=HOLDS_TIME,
        postgresql_where=HOLDS_TIME,
    )


def downgrade() -> None:
    op.drop_index(INDEX, "appointments")
