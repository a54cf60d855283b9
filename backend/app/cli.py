"""The `clinic` command: what a clinic's own people run."""

import sys
from collections.abc import Sequence
from importlib import import_module

import typer

MODULES = {
    "migrate": "migrate",
    "serve": "serve",
    "work": "work",
    "audit": "audit",
    "init-sql": "sqlite_files",
    "prepare-database": "sqlite_files",
    "backup": "sqlite_files",
    "restore": "sqlite_files",
    "copy-database": "copy_database",
    "openapi": "openapi",
    "demo-data": "demo_data",
    "create-admin": "create_admin",
}


def main() -> None:
    """Run the command that the arguments of this process ask for."""
    program_for(sys.argv[1:])()


def program_for(arguments: Sequence[str]) -> typer.Typer:
    """The program with the command that is asked for, or with all of them where none is.

    Only what the command needs is imported: a server is back sooner after a crash.
    """
    program = typer.Typer(
        callback=_clinic,
        no_args_is_help=True,
        help="Run and look after the clinic's booking system.",
    )
    asked = [MODULES[name] for name in arguments[:1] if name in MODULES]
    for module in asked or dict.fromkeys(MODULES.values()):
        program.add_typer(import_module(f"app.commands.{module}").commands)
    return program


def _clinic() -> None:
    """Keep the name of a command necessary where only one was imported."""


if __name__ == "__main__":
    main()
