"""How a request's transactions are run and ended."""

from collections.abc import Callable
from functools import partial, wraps
from inspect import iscoroutinefunction
from typing import Any, TypeVar

from fastapi.concurrency import run_in_threadpool
from fastapi.routing import APIRoute
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.db.database import concluding
from app.domain.errors import OutcomeUnknown
from app.http.resources import Resources

NOT_WRITTEN = (OperationalError, OutcomeUnknown)

Result = TypeVar("Result")


class TransactionRoute(APIRoute):
    """A route whose synchronous endpoint runs in one thread, with its transactions.

    FastAPI would open and close them, and validate the answer, each in a thread of the same pool.
    Every change of threads costs as much as a statement, and a transaction that still held its
    locks would wait for a thread while all threads wait for it.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, _in_one_thread(endpoint), **options)


def _in_one_thread(endpoint: Callable[..., Any]) -> Callable[..., Any]:
    if iscoroutinefunction(endpoint):
        return endpoint

    @wraps(endpoint)
    async def run(**values: Any) -> object:
        sessions = [value for value in values.values() if isinstance(value, Session)]
        work = partial(endpoint, **values)
        return await run_in_threadpool(ending_transactions, work, *sessions)

    return run


def ending_transactions(work: Callable[[], Result], *sessions: Session) -> Result:
    """Run a function and end its transactions, committed or rolled back."""
    with concluding(*sessions):
        return work()


async def in_hashing_lane(
    app: Resources, work: Callable[[], Result], *sessions: Session, is_known: bool = False
) -> Result:
    """Do work that hashes, with its transactions, when its turn comes. Raises ServerBusy.

    `is_known` is for people in an open session or in a browser that they have logged in with.
    """
    return await app.hashing.run(partial(ending_transactions, work, *sessions), is_known=is_known)


async def before_hashing(app: Resources, check: Callable[[Session], Result]) -> Result:
    """Look something up before the request takes a place in the hashing lane.

    Those who have to wait are refused here. The work in the lane looks again: others that were
    waiting with it may have failed meanwhile.
    """

    def look_up() -> Result:
        with app.database.reading() as session:
            return check(session)

    return await run_in_threadpool(look_up)
