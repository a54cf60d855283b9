"""The write queue of PostgreSQL: batches in lockstep."""

from functools import partial
from typing import Any

from sqlalchemy.exc import OperationalError
from typing_extensions import override

from app.db.database import Database
from app.db.postgres.lockstep import run_in_lockstep
from app.db.postgres.pool import EventLoopPool, is_contention, is_unreachable
from app.db.write_queue import Batch, WriteFn, WriteQueue
from app.domain.errors import OutcomeUnknown

POOL_SIZE = 3
SHORT_LOCK_TIMEOUT = "250ms"  # a quarter of what PostgreSQL waits before it looks for a deadlock


class PostgresWriteQueue(WriteQueue):
    """Runs a batch in lockstep, in one transaction: round trips and the commit serve all of it.

    If a function fails or waits for a lock, each of the batch runs in its own transaction.
    """

    def __init__(self, database: Database) -> None:
        super().__init__()
        connect = partial(EventLoopPool, database.engine.url, info=database.info)
        self._together = connect(size=1, lock_timeout=SHORT_LOCK_TIMEOUT)
        self._alone = connect(size=POOL_SIZE, lock_timeout=SHORT_LOCK_TIMEOUT)
        self._patient = connect(size=POOL_SIZE)

    @override
    async def close(self) -> None:
        for pool in (self._together, self._alone, self._patient):
            await pool.close()

    @override
    async def _write(self, batch: Batch) -> None:
        batch = sorted(batch, key=lambda entry: entry.request.lock_key)
        works = [entry.request.work for entry in batch]
        try:
            outcomes = await self._together.in_transaction(partial(run_in_lockstep, works=works))
        except OutcomeUnknown:
            raise
        except Exception as error:
            if isinstance(error, OperationalError) and is_unreachable(error):
                raise
            for entry in batch:
                self._batcher.resolve_later(entry, self._go_alone(entry.request.work))
        else:
            for entry, outcome in zip(batch, outcomes, strict=True):
                entry.resolve(outcome)

    async def _go_alone(self, work: WriteFn[Any]) -> object:
        """Run a function in its own transaction. Waiting for a lock uses separate connections."""
        try:
            return await self._alone.run(work)
        except OperationalError as error:
            if not is_contention(error):
                raise
        return await self._patient.run(work)
