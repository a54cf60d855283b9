"""How a database is brought to the schema of this version."""

from alembic import command
from alembic.config import Config

from app.core.revision import MIGRATIONS


def migration_config(database_url: str) -> Config:
    """Alembic's configuration for one database."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["database_url"] = database_url
    return config


def upgrade(database_url: str) -> None:
    """Bring the database to the newest schema, creating it when there is none."""
    command.upgrade(migration_config(database_url), "head")
