"""The database of the settings, for commands that read it or write to it."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

from sqlalchemy.exc import DBAPIError

from app.commands.common import UNUSABLE, fail
from app.core.config import Settings
from app.core.database import open_database
from app.db import schema
from app.db.database import Database
from app.db.revision import needed_revision, revision_of
from app.domain.errors import DomainError
from app.services import directory


@contextmanager
def in_sentences() -> Iterator[None]:
    """End the command in a sentence where the database or the rules refuse what is in the block."""
    try:
        yield
    except DomainError as refusal:
        fail(str(refusal))
    except DBAPIError as error:
        reason = str(error.orig).partition("\n")[0]
        fail(
            "The database does not answer. Is DATABASE_URL right, and the server running?"
            f" ({reason})",
            UNUSABLE,
        )
    except OSError as error:
        fail(f"The database cannot be used: {error.strerror}: {error.filename}.", UNUSABLE)


@contextmanager
def opened_database(settings: Settings) -> Iterator[Database]:
    """The database of the settings; what it or the rules refuse ends the command in a sentence."""
    file = settings.sqlite_file
    if file is not None and not file.exists():
        fail(f"There is no database {file}. Run: clinic migrate")
    with in_sentences():
        database = open_database(settings)
        try:
            with database.reading() as session:
                if revision_of(session.connection()) != needed_revision():
                    fail("The database is not at the schema of this version. Run: clinic migrate")
            yield database
        finally:
            database.close()


def migrate_database(settings: Settings) -> None:
    """Bring the database to the newest schema, and its lists into the order of CLINIC_LOCALE.

    What goes wrong ends the command in a sentence.
    """
    with in_sentences():
        try:
            schema.upgrade(settings.owner_url)
        except schema.UnknownRevision:
            fail("The database is at the schema of a newer version. Install that one.", UNUSABLE)
        with closing(open_database(settings)) as database, database.writing() as session:
            directory.renew_order(session)
