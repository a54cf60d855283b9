"""How long the database is waited for."""

LOCK_TIMEOUT_SECONDS = 10.0  # for a lock, a connection, or one's turn
MIGRATION_SECONDS = 600  # for others who migrate, which takes long where there is much
