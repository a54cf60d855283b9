"""Opens the database of a clinic: the one place that asks which engine it is."""

import hmac

from sqlalchemy import make_url

from app.core.config import Settings
from app.db.database import LANGUAGE, Database
from app.db.postgres.database import PostgresDatabase
from app.db.sqlite.database import SqliteDatabase

CONNECTIONS_PER_THREAD = 2  # one to read on, and one to record that
SPARE_THREADS = 2  # logins are checked and committed outside of the pool of threads


def open_database(settings: Settings) -> Database:
    """The database of these settings.

    Names sort by the language of CLINIC_LOCALE; the audit log is signed with a key from SECRET_KEY.
    """
    secret = settings.secret_key.get_secret_value().encode()
    database = open_url(
        settings.database_url,
        audit_key=hmac.new(secret, b"audit", "sha256").digest(),
        pool_size=CONNECTIONS_PER_THREAD * (settings.worker_threads + SPARE_THREADS),
    )
    database.info[LANGUAGE] = settings.language
    return database


def open_url(
    url: str, *, audit_key: bytes = b"unsigned", pool_size: int = 8, migrates: bool = False
) -> Database:
    """The database at `sqlite:///file` or `postgresql://…`.

    Only one that `migrates` makes a SQLite file, and its folder, where there is none.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return SqliteDatabase(parsed, audit_key=audit_key, migrates=migrates)
    return PostgresDatabase(parsed, audit_key=audit_key, pool_size=pool_size)
