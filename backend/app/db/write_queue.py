"""Short transactions that many people want at the same time, such as bookings."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from app.db.batching import Batcher, Entry
from app.db.statements import DirectTransaction

Result = TypeVar("Result")
WriteFn = Callable[[DirectTransaction], Result]


class QueuedWrite(NamedTuple):
    """A function that writes, and what orders it within a batch."""

    work: WriteFn[Any]
    lock_key: int


Batch = list[Entry[QueuedWrite]]


class WriteQueue(ABC):
    """Runs short functions of compiled statements, each as if in a transaction of its own.

    Those that arrive during one batch form the next. A function whose writes a refusal must not
    undo does not belong here.
    """

    def __init__(self, *, lingers: bool = False) -> None:
        self._batcher = Batcher(self._write, lingers=lingers)

    async def submit(self, work: WriteFn[Result], *, lock_key: int = 0) -> Result:
        """What the function returns, once it is committed. What it raises undoes its writes.

        PostgreSQL sorts a batch by `lock_key`, so that functions that may wait for each other's
        rows lock them in the same order in every batch. A function runs even if its caller has
        gone.

        Raises:
            OutcomeUnknown: it is not known whether the commit happened.
            OperationalError: the database is unavailable, or the batch did not begin in ten
                seconds.
        """
        result: Result = await self._batcher.submit(QueuedWrite(work, lock_key))
        return result

    @abstractmethod
    async def close(self) -> None:
        """End its thread, or close its connections."""

    @abstractmethod
    async def _write(self, batch: Batch) -> None:
        """Run a batch and resolve its entries. Raises what undid the whole batch."""
