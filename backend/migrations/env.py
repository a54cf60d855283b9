"""How migrations reach the database: one connection, one transaction."""

from alembic import context

from app import models
from app.core.config import Settings
from app.core.database import make_engine


def run() -> None:
    url = context.config.attributes.get("database_url") or Settings().database_url
    engine = make_engine(url, creates_file=True)
    with engine.connect() as connection:
        context.configure(connection=connection, target_metadata=models.Base.metadata)
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


run()
