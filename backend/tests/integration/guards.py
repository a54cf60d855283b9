"""The database's guards against overlaps: which there are, and how a test takes them away."""

from sqlalchemy import Connection, text

from app.db.database import Database

SQLITE_GUARDS = [
    *(
        f"DROP TRIGGER tr_{guard}_overlap_{event}"
        for guard in ("appointments_doctor", "appointments_patient", "schedules")
        for event in ("insert", "update")
    ),
    "DROP INDEX uq_appointments_doctor_id_starts_at",
    "DROP INDEX uq_appointments_patient_id_starts_at",
]
POSTGRESQL_GUARDS = [
    "ALTER TABLE appointments DROP CONSTRAINT ex_appointments_doctor_overlap",
    "ALTER TABLE appointments DROP CONSTRAINT ex_appointments_patient_overlap",
    "ALTER TABLE schedules DROP CONSTRAINT ex_schedules_overlap",
    "DROP INDEX uq_appointments_doctor_id_starts_at",
    "DROP INDEX uq_appointments_patient_id_starts_at",
]

OVERLAPS = """
SELECT one.id, other.id
FROM appointments AS one JOIN appointments AS other
  ON one.id < other.id AND one.{party} = other.{party}
 AND one.starts_at < other.ends_at AND other.starts_at < one.ends_at
WHERE one.status <> 'cancelled' AND other.status <> 'cancelled'
"""


def drop_guards(connection: Connection) -> None:
    """Leave nothing in the database that refuses an overlap."""
    is_sqlite = connection.dialect.name == "sqlite"
    for statement in SQLITE_GUARDS if is_sqlite else POSTGRESQL_GUARDS:
        connection.execute(text(statement))


def overlaps(database: Database) -> list[tuple[int, int]]:
    """The pairs of appointments that hold the same time of a doctor or of a patient."""
    with database.reading() as session:
        return [
            (row[0], row[1])
            for party in ("doctor_id", "patient_id")
            for row in session.execute(text(OVERLAPS.format(party=party)))
        ]
