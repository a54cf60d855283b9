"""The commands that look after the file of SQLite."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from app.commands.common import UNUSABLE, fail, settings_in_force
from app.db.sqlite import maintenance
from app.db.sqlite.opening import DatabaseFileError

REPLICA = typer.Option(envvar="CLINIC_REPLICA", help="The folder that Litestream writes to.")

commands = typer.Typer()


@contextmanager
def opened_file() -> Iterator[Path]:
    """The SQLite file of the settings; what is wrong with it ends the command in a sentence."""
    try:
        yield maintenance.file_of(settings_in_force().database_url)
    except DatabaseFileError as error:
        fail(str(error))
    except (OSError, maintenance.SqliteError) as error:
        fail(f"A file cannot be written: {error}.", UNUSABLE)


@commands.command()
def init_sql() -> None:
    """Print the schema at the newest revision, as SQL for an empty SQLite file."""
    typer.echo(maintenance.schema_script(), nl=False)


@commands.command()
def prepare_database(
    replica: Annotated[Path, REPLICA],
    script: Annotated[Path, typer.Option(help="What `clinic init-sql` printed.", exists=True)],
) -> None:
    """Make the SQLite file of DATABASE_URL where there is none, and check it."""
    with opened_file() as file:
        maintenance.prepare(file, script=script, replica=replica)
    typer.echo(f"{file} is sound.")


@commands.command()
def backup(
    target: Annotated[Path, typer.Argument(help="A new file.", dir_okay=False)],
) -> None:
    """Copy the SQLite file of DATABASE_URL to a new file; the clinic may go on meanwhile.

    To bring it back, stop the backend and run: clinic restore --from FILE
    """
    if not target.absolute().parent.is_dir():
        fail(f"There is no folder {target.absolute().parent}: create it first.", UNUSABLE)
    with opened_file() as file:
        maintenance.back_up(file, target)
    typer.echo(f"{target} has everything that was booked until now.")


@commands.command()
def restore(
    copy: Annotated[
        Path | None,
        typer.Option("--from", help="What `clinic backup` made.", exists=True, dir_okay=False),
    ] = None,
    replica: Annotated[Path | None, REPLICA] = None,
    until: Annotated[
        datetime | None,
        typer.Option(help="The replica as it was then.", formats=["%Y-%m-%dT%H:%M:%S%z"]),
    ] = None,
) -> None:
    """Bring the SQLite file of DATABASE_URL back, from a copy or from its replica.

    The present file is renamed, together with its write-ahead log. Stop everything that has
    the file open first.
    """
    with opened_file() as file:
        if copy is not None and until is None:
            kept = maintenance.restore_copy(copy, file)
        elif copy is None and replica is not None:
            kept = maintenance.restore(replica, file, until=until)
        else:
            fail("Name either a copy with --from, or a replica with --replica and perhaps --until.")
    typer.echo(f"{file} is back." + (f" The former one is {kept}." if kept else ""))
