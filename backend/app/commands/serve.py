"""`clinic serve`. Imports little: the processes that serve import the application."""

import gc
from importlib import import_module
from typing import Annotated

import typer
import uvicorn

from app.commands.common import settings_in_force
from app.core.http_protocol import GuardedProtocol

START_SECONDS = 60  # a worker imports the application before it answers its supervisor
STOP_SECONDS = 3  # for the requests under way: an orchestrator's patience is often five

commands = typer.Typer()


@commands.command()
def serve(
    reload: Annotated[bool, typer.Option(help="Restart when the code changes.")] = False,
    migrate: Annotated[bool, typer.Option(help="Bring the database up to date first.")] = False,
) -> None:
    """Serve the API on API_HOST and API_PORT until it is told to stop."""
    settings = settings_in_force()
    if migrate:
        import_module("app.core.schema").upgrade(settings.database_url)
    uvicorn.run(
        f"{__name__}:application",
        factory=True,
        host=settings.api_host,
        port=settings.api_port,
        workers=settings.processes,
        http=GuardedProtocol,
        ws="none",
        reload=reload,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_worker_healthcheck=START_SECONDS,
        timeout_graceful_shutdown=STOP_SECONDS,
    )


def application() -> object:
    """The ASGI application of one process.

    What it imports stays: to look for garbage in it would take a tenth of the start.
    """
    gc.disable()
    app = import_module("app.main").create_app()
    gc.freeze()
    gc.enable()
    return app
