"""Store phones as E.164

Numbers without a country code are taken for numbers of CLINIC_COUNTRY. What is no number stays as
it was typed.

Revision: 0014
"""

import sqlalchemy as sa
from alembic import op

from app.core.config import Settings
from app.core.phones import stored_phone
from app.domain.errors import InvalidInput

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

USERS = sa.table("users", sa.column("id"), sa.column("phone"))


def upgrade() -> None:
    country = Settings().clinic_country
    statement = sa.select(USERS.c.id, USERS.c.phone).where(USERS.c.phone.is_not(None))
    for user_id, typed in op.get_bind().execute(statement).all():
        try:
            stored = stored_phone(typed, country=country)
        except InvalidInput:
            continue
        op.execute(sa.update(USERS).where(USERS.c.id == user_id).values(phone=stored))


def downgrade() -> None:
    """Leave the numbers as they are: the schema before takes them too."""
