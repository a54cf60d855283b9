"""Move the end of the audit log

A record that is appended moves the end of the chain to itself, in the database: nothing can be
appended without, and to book takes a statement less.

Revision: 0008
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

SQLITE_TRIGGER = """
CREATE TRIGGER tr_audit_log_move_head AFTER INSERT ON audit_log
BEGIN
    UPDATE audit_head SET sequence = NEW.sequence, hash = NEW.hash;
END
"""

POSTGRES_FUNCTION = """
CREATE FUNCTION move_audit_head() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE audit_head SET sequence = NEW.sequence, hash = NEW.hash;
    RETURN NULL;
END
$$
"""
POSTGRES_TRIGGER = """
CREATE TRIGGER tr_audit_log_move_head AFTER INSERT ON audit_log
FOR EACH ROW EXECUTE FUNCTION move_audit_head()
"""


def upgrade() -> None:
    if op.get_context().dialect.name == "sqlite":
        op.execute(SQLITE_TRIGGER)
    else:
        op.execute(POSTGRES_FUNCTION)
        op.execute(POSTGRES_TRIGGER)


def downgrade() -> None:
    if op.get_context().dialect.name == "sqlite":
        op.execute("DROP TRIGGER tr_audit_log_move_head")
    else:
        op.execute("DROP TRIGGER tr_audit_log_move_head ON audit_log")
        op.execute("DROP FUNCTION move_audit_head()")
