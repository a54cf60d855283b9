"""What every command needs, and what no command has to wait for."""

from typing import NoReturn

import typer

from app.core import checked_settings
from app.core.config import Settings
from app.db.sqlite.opening import DatabaseFileError, refuse_foreign_log

REFUSED = 1  # what was asked for is refused, or a check found something
UNUSABLE = 2  # a setting, a path or a server has to be corrected first; click's code for bad usage


def fail(sentence: str, code: int = REFUSED) -> NoReturn:
    """End the command without success, and say why."""
    typer.echo(sentence, err=True)
    raise typer.Exit(code)


def settings_in_force(kind: type[Settings] = Settings) -> Settings:
    """The settings of the environment; those that cannot work end the command in sentences."""
    for doubt in checked_settings.doubts(kind):
        typer.echo(doubt, err=True)
    try:
        return checked_settings.read_settings(kind)
    except checked_settings.SettingsError as wrong:
        fail(str(wrong), UNUSABLE)


def database_settings() -> Settings:
    """The settings in force, for commands that open the database.

    A SQLite file with a write-ahead log that is not its own ends the command in a sentence.
    """
    settings = settings_in_force()
    try:
        if settings.sqlite_file is not None:
            refuse_foreign_log(settings.sqlite_file)
    except DatabaseFileError as error:
        fail(str(error))
    return settings
