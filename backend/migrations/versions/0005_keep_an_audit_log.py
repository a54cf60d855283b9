"""Keep an audit log

Append-only: the database refuses to change or remove a record. `audit_head` says where the
chain ends, so that a removal of its last records shows too.

Revision: 0005
"""

import sqlalchemy as sa
from alembic import op

from app.db.columns import Identifier, Instant

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

FIRST_HASH = "0" * 64

SQLITE_GUARD = """
CREATE TRIGGER tr_audit_log_no_{event} BEFORE {event} ON audit_log
BEGIN
    SELECT RAISE(ABORT, 'audit_log is append-only');
END
"""

POSTGRES_FUNCTION = """
CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit_log is append-only';
END
$$
"""

POSTGRES_GUARD = """
CREATE TRIGGER tr_audit_log_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()
"""


def upgrade() -> None:
    op.create_table(
        "audit_log",
        sa.Column("sequence", Identifier, nullable=False, autoincrement=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("actor_id", Identifier),
        sa.Column("actor_role", sa.String(16)),
        sa.Column("address", sa.String(64)),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("resource_type", sa.String(32), nullable=False),
        sa.Column("resource_id", Identifier),
        sa.Column("patient_id", Identifier),
        sa.Column("fields", sa.String(500), nullable=False, comment="names, separated by commas"),
        sa.Column(
            "outcome", sa.String(64), nullable=False, comment="ok, or the code of the refusal"
        ),
        sa.Column("request_id", sa.String(64)),
        sa.Column("previous_hash", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name="pk_audit_log"),
    )
    op.create_index("ix_audit_log_patient_id_sequence", "audit_log", ["patient_id", "sequence"])
    op.create_index("ix_audit_log_actor_id_sequence", "audit_log", ["actor_id", "sequence"])
    head = op.create_table(
        "audit_head",
        sa.Column("id", Identifier, nullable=False, autoincrement=False),
        sa.Column("sequence", Identifier, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_head"),
        sa.CheckConstraint("id = 1", name="one_row"),
    )
    op.bulk_insert(head, [{"id": 1, "sequence": 0, "hash": FIRST_HASH}])
    if op.get_context().dialect.name == "sqlite":
        for event in ("UPDATE", "DELETE"):
            op.execute(SQLITE_GUARD.format(event=event))
    else:
        op.execute(POSTGRES_FUNCTION)
        op.execute(POSTGRES_GUARD)


def downgrade() -> None:
    op.drop_table("audit_head")
    op.drop_table("audit_log")
    if op.get_context().dialect.name != "sqlite":
        op.execute("DROP FUNCTION refuse_audit_change()")
