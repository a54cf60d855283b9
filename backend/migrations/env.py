"""How migrations reach the database: one connection, one transaction, one at a time."""

from alembic import context

from app.core.config import Settings
from app.core.database import open_url
from app.features import tables  # noqa: F401 - they are part of the schema
from app.models.models import Base


def run() -> None:
    url = context.config.attributes.get("database_url") or Settings().database_url
    database = open_url(url, migrates=True)
    try:
        with database.engine.connect() as connection:
            context.configure(
                connection=connection,
                target_metadata=Base.metadata,
                transactional_ddl=True,  # on SQLite, Alembic would commit each migration alone
            )
            with context.begin_transaction():
                database.lock_schema(connection)
                context.run_migrations()
    finally:
        database.close()


run()
