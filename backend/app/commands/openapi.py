"""`clinic openapi`."""

import json

import typer

from app.core.config import Settings
from app.main import create_app

commands = typer.Typer()


@commands.command()
def openapi() -> None:
    """Print the OpenAPI document of the API."""
    document = create_app(Settings(_env_file=None)).openapi()
    typer.echo(json.dumps(document, indent=2, ensure_ascii=False))
