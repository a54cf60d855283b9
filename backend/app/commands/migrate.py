"""`clinic migrate`."""

import typer

from app.commands.common import settings_in_force
from app.core import schema

commands = typer.Typer()


@commands.command()
def migrate() -> None:
    """Create the database of DATABASE_URL, or bring it to the newest schema."""
    schema.upgrade(settings_in_force().database_url)
    typer.echo("The database is up to date.")
