"""`clinic audit …`."""

from typing import Annotated

import typer

from app.commands.common import database_settings, fail
from app.commands.opened_database import opened_database
from app.services import sealing
from app.services.sealing import Verification

commands = typer.Typer()
audit_log = typer.Typer(no_args_is_help=True, help="Look after the audit log.")
commands.add_typer(audit_log, name="audit")


@audit_log.command()
def verify(
    head: Annotated[
        str | None, typer.Option(help="What `clinic audit head` printed before.")
    ] = None,
) -> None:
    """Check every record and seal of the audit log; name the first that was tampered with.

    With a head that was noted elsewhere it also finds that the end of the log was cut off.
    """
    noted = None if head is None else head.strip().rpartition(":")[2].lower()
    with opened_database(database_settings()) as database, database.reading() as session:
        found = sealing.verify(session, noted_head=noted)
    refuse(found, head)
    typer.echo("The audit log is whole.")
    seen = found.worker_seen_at
    worker = f"ran at {seen:%Y-%m-%dT%H:%M:%SZ}" if seen else "never ran"
    typer.echo(
        f"Records with a seal: {found.head.sequence}, without one yet: {found.unsealed}."
        f" The worker {'last ' if seen else ''}{worker}."
    )


@audit_log.command("head")
def print_head() -> None:
    """Print the end of the audit log's chain. Store it outside of the machine."""
    with opened_database(database_settings()) as database, database.reading() as session:
        sequence, chained = sealing.head_of(session)
    typer.echo(f"{sequence}:{chained}")


def refuse(found: Verification, head: str | None) -> None:
    """End the command in a sentence where the log is not what it should be."""
    if found.fault is not None:
        what, number, unknown_key = found.fault
        hint = (
            f" It names the key {unknown_key}, which is not that of SECRET_KEY nor one of"
            " SECRET_KEY_PREVIOUS."
            if unknown_key
            else ""
        )
        fail(f"{what} {number} of the audit log was added, changed, removed or moved.{hint}")
    if found.lacks_noted_head:
        fail(f"The audit log does not have the head {head}: its end was cut off or made anew.")
    if found.overdue_since is not None:
        fail(
            f"{found.unsealed} records are not sealed, the oldest since"
            f" {found.overdue_since:%Y-%m-%dT%H:%M:%SZ}, although a worker runs."
        )
