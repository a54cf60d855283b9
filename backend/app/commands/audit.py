"""`clinic audit …`."""

import typer

from app.commands.common import database_settings, fail
from app.commands.opened_database import opened_database
from app.services import audit

commands = typer.Typer()
audit_log = typer.Typer(no_args_is_help=True, help="Look after the audit log.")
commands.add_typer(audit_log, name="audit")


@audit_log.command()
def verify() -> None:
    """Check the chain of the audit log; name the first record that was tampered with."""
    with opened_database(database_settings()) as database, database.reading() as session:
        bad = audit.first_bad_record(session)
    if bad is not None:
        fail(f"Record {bad} of the audit log was changed, removed or moved.")
    typer.echo("The audit log is whole.")
