"""How a database is brought to the schema of this version."""

from alembic import command
from alembic.config import Config
from alembic.util import CommandError

from app.db.revision import MIGRATIONS


class UnknownRevision(Exception):  # noqa: N818 - named for what happened, like the domain's errors
    """The database is at a revision that this version does not know."""


def migration_config(database_url: str) -> Config:
    """Alembic's configuration for one database."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["database_url"] = database_url
    return config


def upgrade(database_url: str) -> None:
    """Bring the database to the newest schema, creating it when there is none.

    Raises UnknownRevision when a newer version has been there.
    """
    try:
        command.upgrade(migration_config(database_url), "head")
    except CommandError as error:
        raise UnknownRevision from error
