"""What every command needs, and what no command has to wait for."""

from typing import NoReturn

import typer
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from app.core.config import Settings


def fail(sentence: str) -> NoReturn:
    """End the command without success, and say why."""
    typer.echo(sentence, err=True)
    raise typer.Exit(1)


def settings_in_force() -> Settings:
    """The settings of the environment; those that cannot work end the command in sentences."""
    try:
        return Settings()
    except ValidationError as invalid:
        fail("\n".join(map(_wrong_setting, invalid.errors(include_input=False))))


def _wrong_setting(error: ErrorDetails) -> str:
    """What is wrong, after the name of the variable where it is one."""
    variable = "_".join(map(str, error["loc"])).upper()
    sentence = error["msg"].removeprefix("Value error, ")
    return ": ".join(filter(None, (variable, sentence)))
