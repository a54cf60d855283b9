"""Seal the audit log

Records have a MAC of their own and are inserted without a lock; seals, made after the commit, chain
them. Records from before keep their hash in the old chain as their MAC, and are sealed with it in
their old order. `job_runs` says when the workers last did what.

Revision: 0016
"""

import sqlalchemy as sa
from alembic import op

from app.db.columns import Identifier, Instant

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

FIRST_HASH = "0" * 64

SQLITE_GUARD = """
CREATE TRIGGER tr_{table}_no_{event} BEFORE {event} ON {table}
BEGIN
    SELECT RAISE(ABORT, '{message}');
END
"""
POSTGRES_GUARD = """
CREATE TRIGGER tr_audit_seals_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_seals
FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()
"""
REFUSAL = """
CREATE OR REPLACE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '{what} is append-only'{values};
END
$$
"""
SEAL_WHAT_WAS_CHAINED = """
INSERT INTO audit_seals (sequence, record_id, previous_hash, hash)
SELECT id, id, previous_hash, mac FROM audit_log ORDER BY id
"""
SQLITE_HEAD_TRIGGER = """
CREATE TRIGGER tr_audit_log_move_head AFTER INSERT ON audit_log
BEGIN
    UPDATE audit_head SET sequence = NEW.sequence, hash = NEW.hash;
END
"""
POSTGRES_HEAD_FUNCTION = """
CREATE FUNCTION move_audit_head() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE audit_head SET sequence = NEW.sequence, hash = NEW.hash;
    RETURN NULL;
END
$$
"""
POSTGRES_HEAD_TRIGGER = """
CREATE TRIGGER tr_audit_log_move_head AFTER INSERT ON audit_log
FOR EACH ROW EXECUTE FUNCTION move_audit_head()
"""
POSTGRES_NUMBERING = """
CREATE SEQUENCE audit_log_id_seq OWNED BY audit_log.id;
SELECT setval('audit_log_id_seq', coalesce(max(id), 0) + 1, false) FROM audit_log;
ALTER TABLE audit_log ALTER COLUMN id SET DEFAULT nextval('audit_log_id_seq')
"""


def upgrade() -> None:
    is_sqlite = op.get_context().dialect.name == "sqlite"
    op.execute("DROP TRIGGER tr_audit_log_move_head" + ("" if is_sqlite else " ON audit_log"))
    if not is_sqlite:
        op.execute("DROP FUNCTION move_audit_head()")
    op.drop_table("audit_head")
    _rename("audit_log", sequence="id", hash="mac")
    _rename_patients(is_sqlite=is_sqlite, old="sequence", new="record_id", key="id")
    for name in ("patient_id", "actor_id"):
        op.drop_index(f"ix_audit_log_{name}_sequence", "audit_log")
        op.create_index(f"ix_audit_log_{name}_id", "audit_log", [name, "id"])
    if not is_sqlite:
        for statement in POSTGRES_NUMBERING.split(";"):
            op.execute(statement)
    op.create_table(
        "audit_seals",
        sa.Column("sequence", Identifier, nullable=False, autoincrement=False),
        sa.Column("record_id", Identifier, nullable=False),
        sa.Column("previous_hash", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("key_id", sa.String(16)),
        sa.PrimaryKeyConstraint("sequence", name="pk_audit_seals"),
        sa.UniqueConstraint("record_id", name="uq_audit_seals_record_id"),
    )
    op.execute(SEAL_WHAT_WAS_CHAINED)
    op.drop_column("audit_log", "previous_hash")
    op.add_column("audit_log", sa.Column("key_id", sa.String(16)))
    op.add_column(
        "audit_log", sa.Column("nonce", sa.String(32), comment="tells a record from a copy")
    )
    if is_sqlite:
        _guard_on_sqlite("audit_seals", "audit_seals is append-only")
    else:
        op.execute(REFUSAL.format(what="%", values=", TG_TABLE_NAME"))
        op.execute(POSTGRES_GUARD)
    op.create_table(
        "job_runs",
        sa.Column("id", Identifier, nullable=False),
        sa.Column("job", sa.String(32), nullable=False),
        sa.Column("ran_at", Instant, nullable=False),
        sa.Column("succeeded_at", Instant),
        sa.Column("done", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("failures", sa.BigInteger, nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("id", name="pk_job_runs"),
        sa.UniqueConstraint("job", name="uq_job_runs_job"),
    )


def downgrade() -> None:
    """Leave every record. The version before can verify those only that it had chained itself."""
    is_sqlite = op.get_context().dialect.name == "sqlite"
    op.drop_table("job_runs")
    op.drop_column("audit_log", "nonce")
    op.drop_column("audit_log", "key_id")
    op.add_column(
        "audit_log",
        sa.Column("previous_hash", sa.String(64), nullable=False, server_default=FIRST_HASH),
    )
    _put_previous_hashes_back(is_sqlite=is_sqlite)
    op.drop_table("audit_seals")
    if not is_sqlite:
        op.execute(REFUSAL.format(what="audit_log", values=""))
        op.execute("ALTER TABLE audit_log ALTER COLUMN id DROP DEFAULT")
        op.execute("DROP SEQUENCE audit_log_id_seq")
    for name in ("patient_id", "actor_id"):
        op.drop_index(f"ix_audit_log_{name}_id", "audit_log")
    _rename("audit_log", id="sequence", mac="hash")
    _rename_patients(is_sqlite=is_sqlite, old="record_id", new="sequence", key="sequence")
    for name in ("patient_id", "actor_id"):
        op.create_index(f"ix_audit_log_{name}_sequence", "audit_log", [name, "sequence"])
    op.create_table(
        "audit_head",
        sa.Column("id", Identifier, nullable=False, autoincrement=False),
        sa.Column("sequence", Identifier, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_head"),
        sa.CheckConstraint("id = 1", name="one_row"),
    )
    op.execute(f"INSERT INTO audit_head VALUES (1, 0, '{FIRST_HASH}')")  # noqa: S608 - ours
    op.execute(
        "UPDATE audit_head SET sequence = newest.sequence, hash = newest.hash FROM"
        " (SELECT sequence, hash FROM audit_log ORDER BY sequence DESC LIMIT 1) AS newest"
    )
    if is_sqlite:
        op.execute(SQLITE_HEAD_TRIGGER)
    else:
        op.execute(POSTGRES_HEAD_FUNCTION)
        op.execute(POSTGRES_HEAD_TRIGGER)


def _rename(table: str, **names: str) -> None:
    for old, new in names.items():
        op.execute(f"ALTER TABLE {table} RENAME COLUMN {old} TO {new}")


def _rename_patients(*, is_sqlite: bool, old: str, new: str, key: str) -> None:
    """Call the column of `audit_patients` otherwise that refers to `key` of a record.

    On SQLite the table is made anew: a constraint there keeps its name.
    """
    op.drop_index(f"ix_audit_patients_patient_id_{old}", "audit_patients")
    if not is_sqlite:
        _rename("audit_patients", **{old: new})
        names = (f"fk_audit_patients_{name}_audit_log" for name in (old, new))
        op.execute("ALTER TABLE audit_patients RENAME CONSTRAINT {} TO {}".format(*names))
    else:
        op.rename_table("audit_patients", "old_audit_patients")
        op.create_table(
            "audit_patients",
            sa.Column(new, Identifier, nullable=False),
            sa.Column("patient_id", Identifier, nullable=False, autoincrement=False),
            sa.PrimaryKeyConstraint(new, "patient_id", name="pk_audit_patients"),
            sa.ForeignKeyConstraint(
                [new], [f"audit_log.{key}"], name=f"fk_audit_patients_{new}_audit_log"
            ),
        )
        op.execute("INSERT INTO audit_patients SELECT * FROM old_audit_patients")
        op.drop_table("old_audit_patients")
        _guard_on_sqlite("audit_patients", "audit_log is append-only")
    op.create_index(f"ix_audit_patients_patient_id_{new}", "audit_patients", ["patient_id", new])


def _guard_on_sqlite(table: str, message: str) -> None:
    for event in ("UPDATE", "DELETE"):
        op.execute(SQLITE_GUARD.format(table=table, event=event, message=message))


def _put_previous_hashes_back(*, is_sqlite: bool) -> None:
    """Give records their place in the old chain again, past the trigger that refuses changes."""
    guard = "tr_audit_log_no_UPDATE" if is_sqlite else "tr_audit_log_no_change"
    if is_sqlite:
        op.execute(f"DROP TRIGGER {guard}")
    else:
        op.execute(f"ALTER TABLE audit_log DISABLE TRIGGER {guard}")
    op.execute(
        "UPDATE audit_log SET previous_hash = (SELECT previous_hash FROM audit_seals"
        " WHERE record_id = audit_log.id)"
        " WHERE EXISTS (SELECT 1 FROM audit_seals WHERE record_id = audit_log.id)"
    )
    if is_sqlite:
        op.execute(
            SQLITE_GUARD.format(
                table="audit_log", event="UPDATE", message="audit_log is append-only"
            )
        )
    else:
        op.execute(f"ALTER TABLE audit_log ENABLE TRIGGER {guard}")
