"""`clinic openapi`."""

import json

import typer
from pydantic_settings import SettingsConfigDict

from app.commands.common import settings_in_force
from app.core.config import Settings
from app.main import create_app

commands = typer.Typer()


class WithoutFile(Settings):
    """The same document in every project's folder, whatever its `.env` says."""

    model_config = SettingsConfigDict(env_file=None)


@commands.command()
def openapi() -> None:
    """Print the OpenAPI document of the API."""
    document = create_app(settings_in_force(WithoutFile)).openapi()
    typer.echo(json.dumps(document, indent=2, ensure_ascii=False))
