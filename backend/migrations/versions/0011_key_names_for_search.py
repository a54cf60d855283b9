"""Key names for search

Names and specialties get a key by which they are searched and sorted alike on both engines, and
the keys of user names and e-mail addresses no longer tell spellings apart that look the same.
Where two accounts would now have the same key, the newer one keeps its old key.

Revision: 0011
"""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from app.domain.names import search_key, text_key
from app.domain.people import identity_key

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

ROWS_AT_ONCE = 1000
INDEX = "ix_users_search_key_id"
# Both engines compare by code point. The models do not say so: a cast to such a type is no SQL.
KEY = sa.String(600).with_variant(sa.String(600, collation="C"), "postgresql")

USERS = sa.table(
    "users",
    *map(
        sa.column,
        (
            "id", "username", "username_key", "email", "email_key", "full_name", "specialty",
            "search_key", "specialty_key",
        ),
    ),
)  # fmt: skip


def upgrade() -> None:
    op.add_column("users", sa.Column("search_key", KEY, nullable=False, server_default=""))
    op.add_column("users", sa.Column("specialty_key", sa.String(600)))
    for rows in people():
        fill_keys(rows)
    renew_identity("username")
    renew_identity("email")
    op.create_index(INDEX, "users", ["search_key", "id"])


def downgrade() -> None:
    op.drop_index(INDEX, "users")
    op.drop_column("users", "specialty_key")
    op.drop_column("users", "search_key")


def people() -> Iterator[list[sa.RowMapping]]:
    last = 0
    while rows := page_behind(last):
        yield rows
        last = rows[-1]["id"]


def page_behind(last: int) -> list[sa.RowMapping]:
    page = sa.select(USERS).where(USERS.c.id > last).order_by(USERS.c.id).limit(ROWS_AT_ONCE)
    return list(op.get_bind().execute(page).mappings())


def fill_keys(rows: list[sa.RowMapping]) -> None:
    statement = (
        sa.update(USERS)
        .where(USERS.c.id == sa.bindparam("row"))
        .values(search_key=sa.bindparam("name"), specialty_key=sa.bindparam("subject"))
    )
    op.get_bind().execute(statement, [keys_of(row) for row in rows])


def keys_of(row: sa.RowMapping) -> dict[str, Any]:
    names = {name: row[name] for name in ("full_name", "username", "email")}
    subject = row["specialty"]
    return {
        "row": row["id"],
        "name": search_key(**names, language="en"),
        "subject": None if subject is None else text_key(subject),
    }


def renew_identity(name: str) -> None:
    key = USERS.c[f"{name}_key"]
    changed = [
        (row["id"], new)
        for rows in people()
        for row in rows
        if (new := identity_key(row[name])) != row[key.name]
    ]
    for user_id, new in changed:
        if op.get_bind().scalar(sa.select(USERS.c.id).where(key == new)) is None:
            op.execute(sa.update(USERS).where(USERS.c.id == user_id).values({key.name: new}))
