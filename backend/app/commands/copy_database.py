"""`clinic copy-database`."""

from pathlib import Path
from typing import Annotated

import typer

from app.commands.common import database_settings, fail
from app.commands.opened_database import migrate_database, opened_database
from app.features import tables  # noqa: F401 - they are copied as well
from app.services import copying

commands = typer.Typer()


@commands.command()
def copy_database(
    source: Annotated[Path, typer.Argument(help="A SQLite file.", exists=True, dir_okay=False)],
) -> None:
    """Copy a clinic from a SQLite file into the empty database of DATABASE_URL, row by row.

    Stop the backend first, so that nothing is written meanwhile.
    """
    settings = database_settings()
    origin = settings.model_copy(update={"database_url": f"sqlite:///{source.absolute()}"})
    try:
        with opened_database(origin) as old, old.reading() as reading:
            migrate_database(settings)
            with opened_database(settings) as new, new.writing() as writing:
                copied = copying.copy_clinic(reading, writing)
    except copying.CopyRefused as refusal:
        fail(f"Nothing was copied. {refusal}")
    for table, rows in copied.items():
        typer.echo(f"{rows:>8}  {table}")
    typer.echo("Every row was copied and compared.")
