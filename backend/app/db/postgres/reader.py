"""The reader of PostgreSQL: queries in the event loop, in lockstep."""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from starlette.concurrency import run_in_threadpool
from typing_extensions import override

from app.db.batching import Batcher, Entry
from app.db.database import Database
from app.db.postgres.lockstep import run_in_lockstep
from app.db.postgres.pool import EventLoopPool
from app.db.reader import Reader, read_in_transaction
from app.db.statements import DirectTransaction, RunQuery

Result = TypeVar("Result")


class PostgresReader(Reader):
    """Queries in the event loop, in lockstep; one that fails there is repeated in a transaction."""

    is_immediate = False

    def __init__(self, database: Database) -> None:
        self._database = database
        self._pool = EventLoopPool(database.engine.url, size=1, info=database.info)
        self._batcher = Batcher(self._answer_batch)

    @override
    def read(self, query: Callable[[RunQuery], Result]) -> Result:
        return read_in_transaction(self._database, query)

    @override
    async def read_async(self, query: Callable[[RunQuery], Result]) -> Result:
        answer: Result = await self._batcher.submit(query)
        return answer

    @override
    async def close(self) -> None:
        await self._pool.close()

    async def _answer_batch(self, batch: list[Entry[Callable[[RunQuery], Any]]]) -> None:
        works = [partial(_ask_as_member, entry.request) for entry in batch]
        try:
            answers = await self._pool.lend(partial(run_in_lockstep, works=works))
        except Exception:  # noqa: BLE001 - it is raised where the answers come from now
            for entry in batch:
                self._batcher.resolve_later(entry, run_in_threadpool(self.read, entry.request))
        else:
            for entry, answer in zip(batch, answers, strict=True):
                entry.resolve(answer)


def _ask_as_member(query: Callable[[RunQuery], Result], transaction: DirectTransaction) -> Result:
    return query(transaction.rows)
