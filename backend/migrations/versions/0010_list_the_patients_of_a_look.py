"""List the patients of a look

A read that shows several patients is one record of the audit log. They are listed here, and
covered by the record's hash: a list that is changed, cut or added to is found like the record.

Revision: 0010
"""

import sqlalchemy as sa
from alembic import op

from app.db.columns import Identifier

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

SQLITE_GUARD = """
CREATE TRIGGER tr_audit_patients_no_{event} BEFORE {event} ON audit_patients
BEGIN
    SELECT RAISE(ABORT, 'audit_log is append-only');
END
"""

POSTGRES_GUARD = """
CREATE TRIGGER tr_audit_patients_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_patients
FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()
"""


def upgrade() -> None:
    op.create_table(
        "audit_patients",
        sa.Column("sequence", Identifier, nullable=False),
        sa.Column("patient_id", Identifier, nullable=False, autoincrement=False),
        sa.PrimaryKeyConstraint("sequence", "patient_id", name="pk_audit_patients"),
        sa.ForeignKeyConstraint(
            ["sequence"], ["audit_log.sequence"], name="fk_audit_patients_sequence_audit_log"
        ),
    )
    op.create_index(
        "ix_audit_patients_patient_id_sequence", "audit_patients", ["patient_id", "sequence"]
    )
    if op.get_context().dialect.name == "sqlite":
        for event in ("UPDATE", "DELETE"):
            op.execute(SQLITE_GUARD.format(event=event))
    else:
        op.execute(POSTGRES_GUARD)


def downgrade() -> None:
    op.drop_table("audit_patients")
