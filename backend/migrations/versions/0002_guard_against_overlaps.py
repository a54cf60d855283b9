"""Guard against overlaps

The database is the last judge of a double booking: for the doctor and for the patient, on
half-open intervals, and only among rows that hold the time. Working hours of one doctor may
not overlap on a day either.

PostgreSQL has exclusion constraints. On SQLite a trigger looks at the one preceding row that
holds time: because such rows never overlap, no other row can reach into the new one.

Revision: 0002
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

EXCLUSIONS = {
    "appointments": {
        "ex_appointments_doctor_overlap": (
            "(doctor_id WITH =, tstzrange(starts_at, ends_at) WITH &&) "
            "WHERE (status <> 'cancelled')"
        ),
        "ex_appointments_patient_overlap": (
            "(patient_id WITH =, tstzrange(starts_at, ends_at) WITH &&) "
            "WHERE (status <> 'cancelled')"
        ),
    },
    "schedules": {
        "ex_schedules_overlap": (
            "(doctor_id WITH =, day_of_week WITH =, "
            "int4range(start_time::int, end_time::int) WITH &&)"
        ),
    },
}

APPOINTMENT_GUARD = """
CREATE TRIGGER tr_appointments_{party}_overlap_{event}
BEFORE {change} ON appointments
WHEN NEW.status <> 'cancelled'
BEGIN
    SELECT RAISE(ABORT, 'ex_appointments_{party}_overlap')
    WHERE (
        SELECT ends_at FROM appointments
        WHERE {party}_id = NEW.{party}_id AND status <> 'cancelled'
          AND starts_at < NEW.ends_at {other_rows}
        ORDER BY starts_at DESC LIMIT 1
    ) > NEW.starts_at;
END
"""

SCHEDULE_GUARD = """
CREATE TRIGGER tr_schedules_overlap_{event}
BEFORE {change} ON schedules
BEGIN
    SELECT RAISE(ABORT, 'ex_schedules_overlap')
    WHERE (
        SELECT end_time FROM schedules
        WHERE doctor_id = NEW.doctor_id AND day_of_week = NEW.day_of_week
          AND start_time < NEW.end_time {other_rows}
        ORDER BY start_time DESC LIMIT 1
    ) > NEW.start_time;
END
"""

EVENTS = (
    {"event": "insert", "change": "INSERT", "other_rows": ""},
    {"event": "update", "change": "UPDATE", "other_rows": "AND id <> NEW.id"},
)


def upgrade() -> None:
    if op.get_context().dialect.name == "sqlite":
        for statement in sqlite_triggers():
            op.execute(statement)
        return
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    for table, constraints in EXCLUSIONS.items():
        for name, elements in constraints.items():
            op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} EXCLUDE USING gist {elements}")


def downgrade() -> None:
    if op.get_context().dialect.name == "sqlite":
        for event in ("insert", "update"):
            for guard in ("appointments_doctor", "appointments_patient", "schedules"):
                op.execute(f"DROP TRIGGER tr_{guard}_overlap_{event}")
        return
    for table, constraints in EXCLUSIONS.items():
        for name in constraints:
            op.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")


def sqlite_triggers() -> list[str]:
    return [
        guard
        for event in EVENTS
        for guard in (
            APPOINTMENT_GUARD.format(party="doctor", **event),
            APPOINTMENT_GUARD.format(party="patient", **event),
            SCHEDULE_GUARD.format(**event),
        )
    ]
