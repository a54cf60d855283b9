"""Lockstep: statements that several transactions run at the same time are sent together.

A round trip takes longer than most statements do. Each work runs until it needs an answer; when
all of them wait, each statement goes out once, with the values of all who wait for it, and they
go on with the rows that are theirs.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from greenlet import greenlet  # type: ignore[import-untyped]

from app.db.postgres.pool import DIALECT, LoopTransaction
from app.db.statements import DirectTransaction, Row, Statement
from app.db.transactions import SharedTransaction
from app.domain.errors import DomainError

WriteFn = Callable[[DirectTransaction], Any]


class RefusedTooLateError(Exception):
    """A work was refused after it had written: the others have to begin again without it."""


async def run_in_lockstep(transaction: LoopTransaction, works: Sequence[WriteFn]) -> list[Any]:
    """What the works return, or the DomainErrors that refused them, in their order.

    Those that ask for the same are answered in their order, and see what the ones before wrote.
    Raises RefusedTooLateError, DBAPIError, and what a work raises that is no refusal: then nothing
    of the transaction may be kept.
    """
    members = [_Member(work, transaction) for work in works]
    try:
        for member in members:
            member.run_on(member)
        while statements := _by_statement(members):
            for statement, asking in statements.items():
                answers = await transaction.fetch_for_each(statement, list(asking.values()))
                for member, rows in zip(asking, answers, strict=True):
                    member.run_on(rows)
    finally:
        for member in members:
            member.leave()
    return [member.outcome for member in members]


class _Question(NamedTuple):
    """A statement that a work waits for, and its values."""

    statement: Statement
    values: dict[str, Any]


class _Member(SharedTransaction):
    """A work on its way: it waits for the answer to a question, or has an outcome."""

    dialect = DIALECT

    def __init__(self, work: WriteFn, transaction: LoopTransaction) -> None:
        self.info = transaction.info
        self.question: _Question | None = None
        self.outcome: Any = None
        self._course = greenlet(work)
        self._has_written = False

    def rows(self, statement: Statement, /, **values: Any) -> list[Row]:
        """Wait for the rows of a statement, in the work's own course."""
        rows: list[Row] = self._course.parent.switch(_Question(statement, values))
        self._has_written |= statement.has_written(rows)
        return rows

    def leave(self) -> None:
        """Run a work that still waits to no end."""
        if not self._course.dead:
            self._course.throw()

    def run_on(self, value: Any) -> None:  # noqa: ANN401 - two kinds of values
        """Run the work to its next question, with itself as its argument or with the rows."""
        try:
            came = self._course.switch(value)
        except DomainError as refusal:
            if self._has_written:
                raise RefusedTooLateError from refusal
            self.question, self.outcome = None, refusal
            return
        if self._course.dead:
            self.question, self.outcome = None, came
        else:
            self.question = came


def _by_statement(members: Iterable[_Member]) -> dict[Statement, dict[_Member, dict[str, Any]]]:
    """Who waits for each statement, with their values."""
    statements: dict[Statement, dict[_Member, dict[str, Any]]] = {}
    for member in members:
        if member.question is not None:
            statement, values = member.question
            statements.setdefault(statement, {})[member] = values
    return statements
