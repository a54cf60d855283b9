"""Number the states of diaries

`diary_revisions` has a number for each person's diary that is another one after every change of
what they offer. The database draws it, whoever writes, so that an answer that was made of a
diary can be kept for as long as its number stands. It is drawn at random, not counted: a database
that was restored, or a standby that took over, never gives a number to another state.

Revision: 0007
"""

import sqlalchemy as sa
from alembic import op

from app.db.columns import Identifier

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

DIARIES = ("appointments", "schedules")
WHAT_USERS_OFFER = "role, is_active, is_approved, timezone"

SQLITE_OPEN = """
CREATE TRIGGER tr_users_open_diary AFTER INSERT ON users
BEGIN
    INSERT INTO diary_revisions (user_id, revision) VALUES (NEW.id, random());
END
"""
SQLITE_RENEW = """
CREATE TRIGGER tr_{table}_{name}_renews_diary AFTER {event} ON {table}
BEGIN
    UPDATE diary_revisions SET revision = random() WHERE user_id = {row};
END
"""

POSTGRES_DRAW = """
CREATE FUNCTION draw_revision() RETURNS bigint LANGUAGE sql VOLATILE AS $$
    SELECT floor(random() * 9007199254740992)::bigint
$$
"""
POSTGRES_FUNCTIONS = """
CREATE FUNCTION open_diary() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO diary_revisions (user_id, revision) VALUES (NEW.id, draw_revision());
    RETURN NULL;
END
$$;
CREATE FUNCTION renew_own_diary() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE diary_revisions SET revision = draw_revision() WHERE user_id = NEW.id;
    RETURN NULL;
END
$$;
CREATE FUNCTION renew_diary_of_doctor() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE diary_revisions SET revision = draw_revision()
    WHERE user_id IN (NEW.doctor_id, OLD.doctor_id);
    RETURN NULL;
END
$$;
"""
POSTGRES_TRIGGERS = f"""
CREATE TRIGGER tr_users_open_diary AFTER INSERT ON users
FOR EACH ROW EXECUTE FUNCTION open_diary();
CREATE TRIGGER tr_users_renew_diary AFTER UPDATE OF {WHAT_USERS_OFFER} ON users
FOR EACH ROW EXECUTE FUNCTION renew_own_diary();
"""
POSTGRES_RENEW = """
CREATE TRIGGER tr_{table}_renew_diary AFTER INSERT OR UPDATE OR DELETE ON {table}
FOR EACH ROW EXECUTE FUNCTION renew_diary_of_doctor()
"""


def upgrade() -> None:
    op.create_table(
        "diary_revisions",
        sa.Column("user_id", Identifier, nullable=False, autoincrement=False),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="pk_diary_revisions"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_diary_revisions_user_id_users", ondelete="CASCADE"
        ),
    )
    if op.get_context().dialect.name == "sqlite":
        open_diaries(sa.func.random())
        create_sqlite_triggers()
    else:
        op.execute(POSTGRES_DRAW)
        open_diaries(sa.func.draw_revision())
        create_postgres_triggers()


def open_diaries(draw: sa.ColumnElement[int]) -> None:
    users = sa.table("users", sa.column("id"))
    revisions = sa.table("diary_revisions", sa.column("user_id"), sa.column("revision"))
    columns = ["user_id", "revision"]
    op.execute(sa.insert(revisions).from_select(columns, sa.select(users.c.id, draw)))


def create_sqlite_triggers() -> None:
    op.execute(SQLITE_OPEN)
    changes = f"UPDATE OF {WHAT_USERS_OFFER}"
    op.execute(SQLITE_RENEW.format(table="users", name="update", event=changes, row="NEW.id"))
    for table in DIARIES:
        for event, row in (("INSERT", "NEW"), ("UPDATE", "NEW"), ("DELETE", "OLD")):
            name, doctor = event.lower(), f"{row}.doctor_id"
            op.execute(SQLITE_RENEW.format(table=table, name=name, event=event, row=doctor))


def create_postgres_triggers() -> None:
    op.execute(POSTGRES_FUNCTIONS)
    op.execute(POSTGRES_TRIGGERS)
    for table in DIARIES:
        op.execute(POSTGRES_RENEW.format(table=table))


def downgrade() -> None:
    if op.get_context().dialect.name == "sqlite":
        for table in DIARIES:
            for event in ("insert", "update", "delete"):
                op.execute(f"DROP TRIGGER tr_{table}_{event}_renews_diary")
        op.execute("DROP TRIGGER tr_users_update_renews_diary")
        op.execute("DROP TRIGGER tr_users_open_diary")
    else:
        for table in DIARIES:
            op.execute(f"DROP TRIGGER tr_{table}_renew_diary ON {table}")
        op.execute("DROP TRIGGER tr_users_renew_diary ON users")
        op.execute("DROP TRIGGER tr_users_open_diary ON users")
        op.execute("DROP FUNCTION open_diary(), renew_own_diary(), renew_diary_of_doctor()")
        op.execute("DROP FUNCTION draw_revision()")
    op.drop_table("diary_revisions")
