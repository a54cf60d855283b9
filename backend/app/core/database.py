"""Opens the database of a clinic: the one place that asks which engine it is."""

from collections.abc import Sequence

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
    secrets = (settings.secret_key, *settings.secret_key_previous)
    database = open_url(
        settings.database_url,
        secrets=[secret.get_secret_value().encode() for secret in secrets],
        pool_size=CONNECTIONS_PER_THREAD * (settings.worker_threads + SPARE_THREADS),
    )
    database.info[LANGUAGE] = settings.language
    return database


def open_url(
    url: str,
    *,
    secrets: Sequence[bytes] = (b"unsigned",),
    pool_size: int = 8,
    migrates: bool = False,
) -> Database:
    """The database at `sqlite:///file` or `postgresql://…`.

    Its audit log is signed with a key from the first of the secrets, and verified with those of all
    of them. Only one that `migrates` makes a SQLite file, and its folder, where there is none.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return SqliteDatabase(parsed, secrets=secrets, migrates=migrates)
    return PostgresDatabase(parsed, secrets=secrets, pool_size=pool_size)
