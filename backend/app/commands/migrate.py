"""`clinic migrate`."""

import typer

from app.commands.common import settings_in_force
from app.commands.opened_database import migrate_database

commands = typer.Typer()


@commands.command()
def migrate() -> None:
    """Create the database of DATABASE_URL, or bring it to the newest schema."""
    migrate_database(settings_in_force())
    typer.echo("The database is up to date.")
