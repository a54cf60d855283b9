"""`clinic create-admin`."""

import asyncio
import sys
from collections.abc import Callable
from typing import Annotated

import typer
from pydantic import TypeAdapter, ValidationError

from app.commands.common import database_settings, fail
from app.commands.opened_database import opened_database
from app.core.clock import system_clock
from app.core.security import PasswordHasher
from app.domain.people import COMMAND_LINE, Role
from app.schemas.fields import Email, FullName, Printable, Username
from app.services import accounts
from app.services.passwords import check_not_breached, password_rules_of

commands = typer.Typer()


def as_the_api_takes(adapter: TypeAdapter[str]) -> Callable[[str], str]:
    """A check that lets an option's value through as the API would take it."""

    def check(value: str) -> str:
        try:
            return adapter.validate_python(value)
        except ValidationError as invalid:
            raise typer.BadParameter(invalid.errors()[0]["msg"]) from None

    return check


@commands.command()
def create_admin(
    username: Annotated[str, typer.Option(callback=as_the_api_takes(TypeAdapter(Username)))],
    email: Annotated[str, typer.Option(callback=as_the_api_takes(TypeAdapter(Email)))],
    full_name: Annotated[str, typer.Option(callback=as_the_api_takes(TypeAdapter(FullName)))],
) -> None:
    """Create an administrator.

    Asks for the password at a terminal; otherwise its first line of input is the password.
    """
    settings = database_settings()
    password = new_password()
    rules = password_rules_of(settings)
    with opened_database(settings) as database, database.writing() as session:
        asyncio.run(check_not_breached(password, rules))
        accounts.create_account(
            session,
            hasher=PasswordHasher(settings.bcrypt_cost),
            rules=rules,
            origin=COMMAND_LINE,
            now=system_clock(),
            username=username,
            email=email,
            password=password,
            full_name=full_name,
            role=Role.ADMIN,
            timezone=settings.clinic_timezone,
        )
    typer.echo(f"{username} can log in and look after the clinic.")


def new_password() -> str:
    """The password that somebody types twice, unseen, or that a program pipes in."""
    if sys.stdin.isatty():
        typed = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    else:
        typed = sys.stdin.readline().rstrip("\r\n")
    try:
        return as_the_api_takes(TypeAdapter(Annotated[str, Printable]))(typed)
    except typer.BadParameter as refusal:
        fail(f"The password cannot be accepted: {refusal}")
