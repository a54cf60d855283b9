"""`clinic migrate`."""

import typer

from app.commands.common import database_settings
from app.commands.opened_database import migrate_database

commands = typer.Typer()


@commands.command()
def migrate() -> None:
    """Create the database of DATABASE_URL, or bring it to the newest schema."""
    migrate_database(database_settings())
    typer.echo("The database is up to date.")
