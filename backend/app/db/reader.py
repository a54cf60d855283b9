"""Reads the queries that are sent all the time, outside of any transaction."""

from collections.abc import Callable
from functools import partial
from typing import Protocol, TypeVar

from app.db.database import Database
from app.db.statements import RunQuery
from app.db.transactions import execute

Result = TypeVar("Result")


class Reader(Protocol):
    """Runs functions that are made of compiled queries.

    Each query sees what was committed before it began.
    """

    is_immediate: bool
    """Whether an answer takes microseconds, so that nothing is gained by asking for several."""

    def read(self, query: Callable[[RunQuery], Result]) -> Result:
        """The answer to a query, for who runs in a thread."""

    async def read_async(self, query: Callable[[RunQuery], Result]) -> Result:
        """The answer to a query, for who runs in the event loop."""

    async def close(self) -> None:
        """Close the connections."""


def read_in_transaction(database: Database, query: Callable[[RunQuery], Result]) -> Result:
    """The answer to a query in a transaction of its own, which waits where it has to."""
    with database.reading() as session:
        return query(partial(execute, session))
