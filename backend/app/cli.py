"""The `clinic` command: what a clinic's own people run."""

import json
from typing import Annotated

import typer
import uvicorn

from app.core import schema
from app.core.config import Settings
from app.main import create_app

main = typer.Typer(no_args_is_help=True, help="Run and look after the clinic's booking system.")


@main.command()
def migrate() -> None:
    """Create the database of DATABASE_URL, or bring it to the newest schema."""
    schema.upgrade(Settings().database_url)
    typer.echo("The database is up to date.")


@main.command()
def serve(
    reload: Annotated[bool, typer.Option(help="Restart when the code changes.")] = False,
) -> None:
    """Serve the API on API_HOST and API_PORT until it is told to stop."""
    settings = Settings()
    uvicorn.run(
        "app.main:create_app",
        factory=True,
        host=settings.api_host,
        port=settings.api_port,
        workers=settings.web_concurrency,
        reload=reload,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=10,
    )


@main.command()
def openapi() -> None:
    """Print the OpenAPI document of the API."""
    document = create_app(Settings(_env_file=None)).openapi()
    typer.echo(json.dumps(document, indent=2, ensure_ascii=False))


if __name__ == "__main__":
    main()
