"""`clinic demo-data`."""

from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from app.commands.common import database_settings, fail
from app.commands.opened_database import opened_database
from app.core.clock import system_clock
from app.core.config import Environment
from app.core.security import PasswordHasher
from app.services import demo

commands = typer.Typer()


@commands.command()
def demo_data(
    seed: Annotated[int, typer.Option(help="Another number makes another clinic.")] = 1,
    if_empty: Annotated[
        bool, typer.Option("--if-empty", help="Leave a database with people as it is.")
    ] = False,
) -> None:
    """Fill an empty database with an invented clinic, and print who can log in."""
    settings = database_settings()
    if settings.app_env is Environment.PRODUCTION:
        fail("Demo data comes with passwords that everybody knows. Production refuses it.")
    try:
        with opened_database(settings) as database, database.writing() as session:
            clinic = demo.fill(
                session,
                today=system_clock().astimezone(ZoneInfo(settings.clinic_timezone)).date(),
                timezone=settings.clinic_timezone,
                hasher=PasswordHasher(settings.bcrypt_cost),
                seed=seed,
            )
    except demo.ClinicNotEmpty:
        if not if_empty:
            fail("The database has people already: demo data goes into an empty one only.")
        typer.echo("The database has people already: no demo data was added.")
    else:
        typer.echo(demo_summary(clinic))


def demo_summary(clinic: demo.DemoClinic) -> str:
    """What was made, and the logins."""
    people = [clinic.admin, *clinic.doctors, *clinic.patients[:1]]
    logins = (
        f"  {who.username:<12}  {who.full_name}, {who.specialty or who.role}" for who in people
    )
    made = (
        f"The clinic has {len(clinic.doctors)} doctors, {len(clinic.patients)} patients and "
        f"{clinic.appointments} appointments, {clinic.first_day} to {clinic.last_day}."
    )
    return "\n".join((made, f"Everybody's password is {demo.PASSWORD}. Log in as:", *logins))
