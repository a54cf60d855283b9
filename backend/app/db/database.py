"""A database of a clinic: two kinds of transactions, and what the engine offers beside them."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

from sqlalchemy import Connection, Engine
from sqlalchemy.orm import Session

from app.db.operations import OPERATIONS, Operations
from app.domain.audit_chain import AuditKeys
from app.domain.errors import DomainError

if TYPE_CHECKING:
    from app.db.reader import Reader
    from app.db.write_queue import WriteQueue

LANGUAGE = "language"  # in `Session.info`: whose alphabet names are sorted by, such as `sv`
AUDIT_KEYS = "audit_keys"  # in `Session.info`: what the audit log is signed with


class Database(ABC):
    """One engine with two kinds of transactions: those that only read, and those that write."""

    def __init__(self, engine: Engine, operations: Operations, *, secrets: Sequence[bytes]) -> None:
        self.engine = engine
        self.info: dict[Any, Any] = {AUDIT_KEYS: AuditKeys(secrets), OPERATIONS: operations}

    @abstractmethod
    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A transaction that only reads. Never waits for a writer."""

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A transaction that writes, ended by `concluding`."""
        with self.session() as session, concluding(session):
            yield session

    def session(self) -> Session:
        """A session whose transaction writes, for those who end it themselves."""
        return Session(self.engine, expire_on_commit=False, info=self.info)

    @abstractmethod
    def open_reader(self) -> "Reader":
        """A reader for the event loop that is running."""

    @abstractmethod
    def open_write_queue(self) -> "WriteQueue":
        """A write queue for the event loop that is running."""

    @abstractmethod
    def lock_schema(self, connection: Connection) -> None:
        """Wait until no other process migrates, and make others wait until the commit."""

    has_worker_beside_api: ClassVar[bool]
    """Whether one of the processes that serve does the background work too."""

    @abstractmethod
    def claim_worker(self) -> bool:
        """Whether this process is to do the background work, until it ends. Raises OSError."""

    def close(self) -> None:
        self.engine.dispose()


@contextmanager
def concluding(*sessions: Session) -> Iterator[None]:
    """Commit what was written in the block; what it raises undoes it.

    A refusal with `commit_on_error` is committed too.
    """
    try:
        yield
    except BaseException as error:
        commits = isinstance(error, DomainError) and error.commit_on_error
        for session in sessions:
            (session.commit if commits else session.rollback)()
        raise
    for session in sessions:
        session.commit()
