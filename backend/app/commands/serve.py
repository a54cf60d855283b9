"""`clinic serve`. Imports little: the processes that serve import the application."""

import gc
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
import uvicorn
from uvicorn.supervisors import ChangeReload, Multiprocess

from app.commands.common import UNUSABLE, database_settings, fail
from app.core.listening import listening_sockets
from app.db.sqlite.opening import mark_start
from app.http.server_protocol import GuardedProtocol

METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
START_SECONDS = 60  # a worker imports the application before it answers its supervisor
STOP_SECONDS = 3  # for the requests under way: an orchestrator often waits for five

commands = typer.Typer()


@commands.command()
def serve(
    reload: Annotated[bool, typer.Option(help="Restart when the code changes.")] = False,
    migrate: Annotated[bool, typer.Option(help="Bring the database up to date first.")] = False,
) -> None:
    """Serve the API on API_HOST and API_PORT until it is told to stop."""
    settings = database_settings()
    if migrate:
        import_module("app.commands.opened_database").migrate_database(settings)
    if settings.sqlite_file is not None:
        mark_start(settings.sqlite_file)
    config = uvicorn.Config(
        f"{__name__}:application",
        factory=True,
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
    sockets = bind(settings.api_host, settings.api_port)
    with suppress(KeyboardInterrupt), counting_together(processes=config.workers):
        run(config, sockets)


@contextmanager
def counting_together(*, processes: int) -> Iterator[None]:
    """Let several processes add up what they count for Prometheus, in files of a new folder."""
    if processes == 1:
        os.environ.pop(METRICS_FOLDER, None)
        yield
        return
    with TemporaryDirectory(prefix="clinic-metrics-") as folder:
        os.environ[METRICS_FOLDER] = folder
        yield


def bind(host: str, port: int) -> list[socket.socket]:
    """The sockets of the host, however many processes serve."""
    try:
        return listening_sockets(host, port)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        fail(
            f"API_HOST={host} with API_PORT={port} cannot be used ({reason}). End the program that"
            " uses the port, or set an address of this machine and a free port.",
            UNUSABLE,
        )


def run(config: uvicorn.Config, sockets: list[socket.socket]) -> None:
    """Serve in as many processes as are configured, until told to stop."""
    server = uvicorn.Server(config)
    if config.should_reload:
        ChangeReload(config, target=server.run, sockets=sockets).run()
    elif config.workers > 1:
        Multiprocess(config, sockets=sockets).run()
    else:
        server.run(sockets)


def application() -> object:
    """The ASGI application of one process.

    What it imports stays: to look for garbage in it would take a tenth of the start.
    """
    gc.disable()
    app = import_module("app.main").create_app(has_worker=True)
    gc.freeze()
    gc.enable()
    return app
