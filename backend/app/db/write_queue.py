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
    """Carries out short works of prepared statements, each as if in a transaction of its own.

    Those that came while others were written are written together. A work that must not be undone
    by a refusal does not belong here.
    """

    def __init__(self, *, lingers: bool = False) -> None:
        self._batcher = Batcher(self._write, lingers=lingers)

    async def submit(self, work: WriteFn[Result], *, lock_key: int = 0) -> Result:
        """What the work returns, once it is durable. Raises what it raises, which undoes it.

        PostgreSQL takes works that go together by their `lock_key`: those that may wait for each
        other's rows touch them in the same order in every batch. A work is carried out even when
        nobody waits for it any more.

        Raises:
            OutcomeUnknown: nobody can tell whether the work was, or stays, kept.
            OperationalError: the database cannot be had, or it was not begun for ten seconds.
        """
        result: Result = await self._batcher.submit(QueuedWrite(work, lock_key))
        return result

    @abstractmethod
    async def close(self) -> None:
        """Let go of the writer's thread, or connections."""

    @abstractmethod
    async def _write(self, batch: Batch) -> None:
        """Carry out a group and resolve it; raises what kept all of it from being kept."""
