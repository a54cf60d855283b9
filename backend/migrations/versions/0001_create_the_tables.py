"""Create the tables

Revision: 0001
"""

import sqlalchemy as sa
from alembic import op

from app.db.columns import Identifier, Instant

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

HOLDS_TIME = sa.text("status <> 'cancelled'")


def upgrade() -> None:
    create_users()
    create_sessions()
    create_schedules()
    create_appointments()


def downgrade() -> None:
    for table in ("appointments", "schedules", "sessions", "users"):
        op.drop_table(table)


def words(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=16)


def create_users() -> None:
    op.create_table(
        "users",
        sa.Column("id", Identifier, nullable=False),
        sa.Column("username", sa.String(50), nullable=False),
        sa.Column("username_key", sa.String(508), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("email_key", sa.String(508), nullable=False),
        sa.Column("full_name", sa.String(100), nullable=False),
        sa.Column("hashed_password", sa.String(100), nullable=False),
        sa.Column("role", words("role", "patient", "doctor", "admin"), nullable=False),
        sa.Column("is_active", sa.Boolean, nullable=False),
        sa.Column("phone", sa.String(30)),
        sa.Column("specialty", sa.String(100)),
        sa.Column("timezone", sa.String(64), nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("username_key", name="uq_users_username_key"),
        sa.UniqueConstraint("email_key", name="uq_users_email_key"),
        sa.CheckConstraint("length(username) BETWEEN 3 AND 50", name="username_length"),
        sa.CheckConstraint("length(full_name) BETWEEN 1 AND 100", name="full_name_length"),
        sa.CheckConstraint("length(email) BETWEEN 3 AND 254", name="email_length"),
    )


def create_sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", Identifier, nullable=False),
        sa.Column("user_id", Identifier, nullable=False),
        sa.Column("token_digest", sa.String(64), nullable=False),
        sa.Column("user_agent", sa.String(200)),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("last_seen_at", Instant, nullable=False),
        sa.Column("expires_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sessions"),
        sa.UniqueConstraint("token_digest", name="uq_sessions_token_digest"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_sessions_user_id_users", ondelete="CASCADE"
        ),
        sa.CheckConstraint("created_at <= last_seen_at", name="last_seen_at"),
        sa.CheckConstraint("created_at <= expires_at", name="expires_at"),
    )
    op.create_index("ix_sessions_user_id", "sessions", ["user_id"])


def create_schedules() -> None:
    op.create_table(
        "schedules",
        sa.Column("id", Identifier, nullable=False),
        sa.Column("doctor_id", Identifier, nullable=False),
        sa.Column("day_of_week", sa.SmallInteger, nullable=False, comment="0 = Monday"),
        sa.Column("start_time", sa.SmallInteger, nullable=False, comment="minutes after midnight"),
        sa.Column("end_time", sa.SmallInteger, nullable=False, comment="minutes after midnight"),
        sa.Column("slot_duration", sa.SmallInteger, nullable=False, comment="minutes"),
        sa.Column("is_active", sa.Boolean, nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_schedules"),
        sa.UniqueConstraint(
            "doctor_id",
            "day_of_week",
            "start_time",
            name="uq_schedules_doctor_id_day_of_week_start_time",
        ),
        sa.ForeignKeyConstraint(["doctor_id"], ["users.id"], name="fk_schedules_doctor_id_users"),
        sa.CheckConstraint("day_of_week BETWEEN 0 AND 6", name="day_of_week"),
        sa.CheckConstraint("start_time >= 0", name="start_time"),
        sa.CheckConstraint("end_time <= 1440", name="end_time"),
        sa.CheckConstraint("start_time < end_time", name="start_before_end"),
        sa.CheckConstraint("slot_duration BETWEEN 5 AND 240", name="slot_duration"),
        sa.CheckConstraint("slot_duration <= end_time - start_time", name="slot_fits"),
    )


def create_appointments() -> None:
    op.create_table(
        "appointments",
        sa.Column("id", Identifier, nullable=False),
        sa.Column("doctor_id", Identifier, nullable=False),
        sa.Column("patient_id", Identifier, nullable=False),
        sa.Column("appointment_date", sa.Date, nullable=False),
        sa.Column(
            "appointment_time", sa.SmallInteger, nullable=False, comment="minutes after midnight"
        ),
        sa.Column("duration", sa.SmallInteger, nullable=False, comment="minutes"),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("status", words("status", "scheduled", "completed", "cancelled"), nullable=False),
        sa.Column("starts_at", Instant, nullable=False),
        sa.Column("ends_at", Instant, nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("updated_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_appointments"),
        sa.ForeignKeyConstraint(
            ["doctor_id"], ["users.id"], name="fk_appointments_doctor_id_users"
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["users.id"], name="fk_appointments_patient_id_users"
        ),
        sa.CheckConstraint("appointment_time BETWEEN 0 AND 1439", name="appointment_time"),
        sa.CheckConstraint("duration BETWEEN 5 AND 240", name="duration"),
        sa.CheckConstraint("length(reason) BETWEEN 1 AND 500", name="reason_length"),
        sa.CheckConstraint("starts_at < ends_at", name="start_before_end"),
        sa.CheckConstraint("doctor_id <> patient_id", name="two_parties"),
        sa.CheckConstraint("created_at <= updated_at", name="updated_at"),
        sa.CheckConstraint(seconds_between_start_and_end() + " = duration * 60", name="ends_at"),
    )
    for party in ("doctor_id", "patient_id"):
        op.create_index(
            f"ix_appointments_{party}_appointment_date",
            "appointments",
            [party, "appointment_date"],
        )
        op.create_index(
            f"uq_appointments_{party}_starts_at",
            "appointments",
            [party, "starts_at"],
            unique=True,
            sqlite_where=HOLDS_TIME,
            postgresql_where=HOLDS_TIME,
        )


def seconds_between_start_and_end() -> str:
    if op.get_context().dialect.name == "sqlite":
        return "strftime('%s', ends_at) - strftime('%s', starts_at)"
    return "extract(epoch FROM ends_at - starts_at)"
