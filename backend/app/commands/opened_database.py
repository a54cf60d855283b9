"""The database of the settings, for commands that read it or write to it."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import OperationalError

from app.commands.common import fail
from app.core.config import Settings
from app.core.database import Database, open_database
from app.core.revision import needed_revision, revision_of
from app.domain.errors import DomainError


@contextmanager
def opened_database(settings: Settings) -> Iterator[Database]:
    """The database of the settings; what it or the rules refuse ends the command in a sentence."""
    database = open_database(settings)
    try:
        with database.reading() as session:
            if revision_of(session.connection()) != needed_revision():
                fail("The database is not at the schema of this version. Run: clinic migrate")
        yield database
    except DomainError as refusal:
        fail(str(refusal))
    except OperationalError:
        fail("The database does not answer. Is DATABASE_URL right, and the server running?")
    finally:
        database.close()
