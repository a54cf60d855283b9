"""Sort by language

Accounts sort by the alphabet of the clinic's language. `clinic migrate` writes the keys of other
languages anew, those of former versions (an empty language) included.

Revision: 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "users",
        sa.Column("search_language", sa.String(8), nullable=False, server_default=""),
    )


def downgrade() -> None:
    op.drop_column("users", "search_language")
