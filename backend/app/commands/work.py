"""`clinic work`."""

import signal
import threading
from contextlib import closing
from typing import Annotated

import typer

from app.commands.common import database_settings, fail
from app.core.clock import system_clock
from app.core.config import Settings
from app.core.database import open_database
from app.core.logs import configure_logs
from app.services import jobs
from app.worker import Worker

commands = typer.Typer()


@commands.command()
def work(
    check: Annotated[
        bool,
        typer.Option("--check", help="Only say whether a worker ran in the last three minutes."),
    ] = False,
) -> None:
    """Do the background work until told to stop: seal the audit log, delete what has expired.

    `clinic serve` does it by itself on SQLite. Any number may run at the same time.
    """
    settings = database_settings()
    if settings.sqlite_file is not None and not settings.sqlite_file.exists():
        fail(f"There is no database {settings.sqlite_file}. Run: clinic migrate")
    if check:
        _check(settings)
        return
    configure_logs(settings.log_level, settings.log_format)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with closing(open_database(settings)) as database:
        Worker(database).run(stop)


def _check(settings: Settings) -> None:
    with closing(open_database(settings)) as database, database.reading() as session:
        if not jobs.has_run_lately(session, system_clock()):
            fail("No worker ran in the last three minutes. Run: clinic work")
