"""The `clinic` command: what a clinic's own people run."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, NoReturn
from zoneinfo import ZoneInfo

import typer
import uvicorn
from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails
from sqlalchemy.exc import OperationalError

from app.core import schema, sqlite_file
from app.core.clock import system_clock
from app.core.config import Environment, Settings
from app.core.database import Database, open_database, usual_processes
from app.core.http_protocol import GuardedProtocol
from app.core.security import PasswordHasher
from app.domain.errors import DomainError
from app.domain.people import COMMAND_LINE, Role
from app.main import create_app
from app.schemas.fields import Email, FullName, Printable, Username
from app.services import accounts, audit, copying, demo

START_SECONDS = 60  # a worker imports the application before it answers its supervisor
STOP_SECONDS = 3  # for the requests under way: an orchestrator's patience is often five

Replica = Annotated[
    Path, typer.Option(envvar="CLINIC_REPLICA", help="The folder that Litestream writes to.")
]

main = typer.Typer(no_args_is_help=True, help="Run and look after the clinic's booking system.")
audit_log = typer.Typer(no_args_is_help=True, help="Look after the audit log.")
main.add_typer(audit_log, name="audit")


def as_the_api_takes(adapter: TypeAdapter[str]) -> Callable[[str], str]:
    """A check that lets an option's value through as the API would take it."""

    def check(value: str) -> str:
        try:
            return adapter.validate_python(value)
        except ValidationError as invalid:
            raise typer.BadParameter(invalid.errors()[0]["msg"]) from None

    return check


def fail(sentence: str) -> NoReturn:
    """End the command without success, and say why."""
    typer.echo(sentence, err=True)
    raise typer.Exit(1)


def settings_in_force() -> Settings:
    """The settings of the environment; those that cannot work end the command in sentences."""
    try:
        return Settings()
    except ValidationError as invalid:
        fail("\n".join(map(wrong_setting, invalid.errors(include_input=False))))


def wrong_setting(error: ErrorDetails) -> str:
    """What is wrong, after the name of the variable where it is one."""
    variable = "_".join(map(str, error["loc"])).upper()
    sentence = error["msg"].removeprefix("Value error, ")
    return ": ".join(filter(None, (variable, sentence)))


@contextmanager
def opened_database(settings: Settings) -> Iterator[Database]:
    """The database of the settings; what it or the rules refuse ends the command in a sentence."""
    database = open_database(settings)
    try:
        with database.reading() as session:
            if schema.current_revision(session.connection()) != schema.head_revision():
                fail("The database is not at the schema of this version. Run: clinic migrate")
        yield database
    except DomainError as refusal:
        fail(str(refusal))
    except OperationalError:
        fail("The database does not answer. Is DATABASE_URL right, and the server running?")
    finally:
        database.close()


@main.command()
def migrate() -> None:
    """Create the database of DATABASE_URL, or bring it to the newest schema."""
    schema.upgrade(settings_in_force().database_url)
    typer.echo("The database is up to date.")


@main.command()
def serve(
    reload: Annotated[bool, typer.Option(help="Restart when the code changes.")] = False,
    migrate: Annotated[bool, typer.Option(help="Bring the database up to date first.")] = False,
) -> None:
    """Serve the API on API_HOST and API_PORT until it is told to stop."""
    settings = settings_in_force()
    if migrate:
        schema.upgrade(settings.database_url)
    uvicorn.run(
        "app.main:create_app",
        factory=True,
        host=settings.api_host,
        port=settings.api_port,
        workers=settings.web_concurrency or usual_processes(settings.database_url),
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


@audit_log.command()
def verify() -> None:
    """Check the chain of the audit log; name the first record that was tampered with."""
    with opened_database(settings_in_force()) as database, database.reading() as session:
        bad = audit.first_bad_record(session)
    if bad is not None:
        fail(f"Record {bad} of the audit log was changed, removed or moved.")
    typer.echo("The audit log is whole.")


@contextmanager
def opened_file() -> Iterator[Path]:
    """The SQLite file of the settings; what is wrong with it ends the command in a sentence."""
    try:
        yield sqlite_file.file_of(settings_in_force().database_url)
    except sqlite_file.DatabaseFileError as error:
        fail(str(error))


@main.command()
def init_sql() -> None:
    """Print the schema at the newest revision, as SQL for an empty SQLite file."""
    typer.echo(sqlite_file.schema_script(), nl=False)


@main.command()
def prepare_database(
    replica: Replica,
    script: Annotated[Path, typer.Option(help="What `clinic init-sql` printed.", exists=True)],
) -> None:
    """Make the SQLite file of DATABASE_URL where there is none, and check it."""
    with opened_file() as file:
        sqlite_file.prepare(file, script=script, replica=replica)
    typer.echo(f"{file} is sound.")


@main.command()
def backup(
    target: Annotated[Path, typer.Argument(help="A new file.", dir_okay=False)],
) -> None:
    """Copy the SQLite file of DATABASE_URL to a new file; the clinic may go on meanwhile.

    To bring it back, stop the backend and put the copy in the place of the file.
    """
    with opened_file() as file:
        sqlite_file.back_up(file, target)
    typer.echo(f"{target} has everything that was booked until now.")


@main.command()
def restore(
    replica: Replica,
    until: Annotated[
        datetime | None,
        typer.Option(help="As it was then.", formats=["%Y-%m-%dT%H:%M:%S%z"]),
    ] = None,
) -> None:
    """Bring the SQLite file of DATABASE_URL back from its replica, keeping the one that is there.

    Stop everything that has the file open first.
    """
    with opened_file() as file:
        kept = sqlite_file.restore(replica, file, until=until)
    typer.echo(f"{file} is back." + (f" The former one is {kept}." if kept else ""))


@main.command()
def copy_database(
    source: Annotated[Path, typer.Argument(help="A SQLite file.", exists=True, dir_okay=False)],
) -> None:
    """Copy a clinic from a SQLite file into the empty database of DATABASE_URL, row by row.

    Stop the backend first, so that nothing is written meanwhile.
    """
    settings = settings_in_force()
    origin = settings.model_copy(update={"database_url": f"sqlite:///{source.absolute()}"})
    schema.upgrade(settings.database_url)
    try:
        with (
            opened_database(origin) as old,
            opened_database(settings) as new,
            old.reading() as reading,
            new.writing() as writing,
        ):
            copied = copying.copy_clinic(reading, writing)
    except copying.CopyRefused as refusal:
        fail(f"Nothing was copied. {refusal}")
    for table, rows in copied.items():
        typer.echo(f"{rows:>8}  {table}")
    typer.echo("Every row was copied and compared.")


@main.command()
def openapi() -> None:
    """Print the OpenAPI document of the API."""
    document = create_app(Settings(_env_file=None)).openapi()
    typer.echo(json.dumps(document, indent=2, ensure_ascii=False))


@main.command()
def demo_data(
    seed: Annotated[int, typer.Option(help="Another number makes another clinic.")] = 1,
    if_empty: Annotated[
        bool, typer.Option("--if-empty", help="Leave a database with people as it is.")
    ] = False,
) -> None:
    """Fill an empty database with an invented clinic, and print who can log in."""
    settings = settings_in_force()
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


@main.command()
def create_admin(
    username: Annotated[str, typer.Option(callback=as_the_api_takes(TypeAdapter(Username)))],
    email: Annotated[str, typer.Option(callback=as_the_api_takes(TypeAdapter(Email)))],
    full_name: Annotated[str, typer.Option(callback=as_the_api_takes(TypeAdapter(FullName)))],
) -> None:
    """Create an administrator.

    Asks for the password at a terminal; otherwise its first line of input is the password.
    """
    settings = settings_in_force()
    password = new_password()
    with opened_database(settings) as database, database.writing() as session:
        accounts.create_account(
            session,
            hasher=PasswordHasher(settings.bcrypt_cost),
            policy=settings.password_policy,
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


if __name__ == "__main__":
    main()
