"""Works that are written together are durable together, and fail each for itself."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from uuid import uuid4

import pytest
from sqlalchemy import Engine, event, insert, select, text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from app.core.database import open_url
from app.db.batching import LARGEST_BATCH
from app.db.database import Database
from app.db.postgres.pool import EventLoopPool
from app.db.sqlite.write_queue import SqliteWriteQueue
from app.db.statements import DirectTransaction, Parameter, Statement, Transaction
from app.db.transactions import execute
from app.db.write_queue import WriteQueue
from app.db.writes import insert_unless_refused
from app.domain.errors import NotFound
from app.domain.people import Origin, Role
from app.models.models import AuditRecord, User
from app.services import audit, sealing
from app.services.audit import AuditEvent
from tests.conftest import MONDAY_MORNING
from tests.databases import Databases
from tests.integration.asking import with_writer

ID = Parameter("id")
UP_TO = Statement(select(User.id).where(User.id <= ID).order_by(User.id))
DOWN_TO = Statement(select(User.id).where(User.id >= ID).order_by(User.id))
DIE = Statement(text("SELECT pg_terminate_backend(pg_backend_pid())"))
ADD_AGAIN = Statement(
    insert(User.__table__).from_select(["id"], select(User.id).where(User.id == ID))
)
LOCK = Statement(select(User.id).where(User.id == ID).with_for_update())


@pytest.fixture
def sqlite(sqlite_databases: Databases) -> Iterator[Database]:
    with closing(open_url(sqlite_databases.create())) as database:
        yield database


@pytest.fixture
def postgres(postgres_databases: Databases) -> Iterator[Database]:
    with closing(open_url(postgres_databases.create())) as database:
        yield database


def add(transaction: Transaction) -> int:
    """A new patient."""
    name = uuid4().hex
    values = {
        "username": name,
        "username_key": name,
        "email": f"{name}@example.com",
        "email_key": f"{name}@example.com",
        "full_name": name,
        "hashed_password": "none",
        "role": Role.PATIENT,
        "is_active": True,
        "is_approved": True,
        "timezone": "UTC",
        "created_at": MONDAY_MORNING,
    }
    added = insert_unless_refused(transaction, User, values)
    assert added is not None
    return added


def add_and_raise(transaction: Transaction, error: Exception) -> None:
    add(transaction)
    raise error


def people(database: Database) -> list[int]:
    with database.reading() as session:
        return list(session.scalars(select(User.id).order_by(User.id)))


def outcomes(database: Database, *works: Callable[[DirectTransaction], object]) -> list[object]:
    """What becomes of works that are given at the same time."""

    async def give(write_queue: WriteQueue) -> list[object]:
        waiting = (write_queue.submit(work) for work in works)
        return list(await asyncio.gather(*waiting, return_exceptions=True))

    return with_writer(database, give)


@contextmanager
def counting_commits(engine: Engine) -> Iterator[list[object]]:
    commits: list[object] = []

    def note(connection: object) -> None:
        commits.append(connection)

    event.listen(engine, "commit", note)
    yield commits
    event.remove(engine, "commit", note)


def test_each_work_gets_what_it_returned_and_all_are_kept(database: Database):
    assert sorted(outcomes(database, *[add] * 20)) == people(database)
    assert len(people(database)) == 20


def test_a_refusal_undoes_its_own_work_alone(database: Database):
    refusal = NotFound("no")
    done = outcomes(database, add, partial(add_and_raise, error=refusal), add)
    assert done[1] is refusal
    assert sorted((done[0], done[2])) == people(database)


def test_a_work_that_breaks_undoes_itself_alone(database: Database):
    bug = ZeroDivisionError()
    done = outcomes(database, add, partial(add_and_raise, error=bug), add, add)
    assert done[1] is bug
    assert sorted(each for each in done if each is not bug) == people(database)
    assert len(people(database)) == 3


def test_sqlite_waits_for_the_disk_once_for_all_that_came_together(sqlite: Database):
    with counting_commits(sqlite.engine) as commits:
        outcomes(sqlite, *[add] * LARGEST_BATCH)
    assert len(commits) == 1
    with counting_commits(sqlite.engine) as commits:
        outcomes(sqlite, *[add] * (LARGEST_BATCH + 1))
    assert len(commits) == 2


def test_where_the_commit_fails_nobody_is_told_that_their_work_is_kept(
    sqlite: Database, monkeypatch: pytest.MonkeyPatch
):
    full = OperationalError("COMMIT", None, Exception("disk is full"))

    def fail(_: Session) -> None:
        raise full

    with monkeypatch.context() as broken:
        broken.setattr(Session, "commit", fail)
        assert outcomes(sqlite, add, partial(add_and_raise, error=NotFound("no"))) == [full, full]
    assert people(sqlite) == []
    assert outcomes(sqlite, add) == people(sqlite)


def test_where_the_database_gives_up_in_a_work_nothing_of_the_group_is_kept(sqlite: Database):
    full = OperationalError("INSERT", None, Exception("disk is full"))
    assert outcomes(sqlite, add, partial(add_and_raise, error=full), add) == [full] * 3
    assert people(sqlite) == []


def test_the_writer_goes_on_when_a_transaction_cannot_even_be_undone(
    sqlite: Database, monkeypatch: pytest.MonkeyPatch
):
    gone = OperationalError("ROLLBACK", None, Exception("the file is gone"))
    close = Session.close

    def close_and_fail(session: Session) -> None:
        close(session)
        raise gone

    async def give(write_queue: WriteQueue) -> list[object]:
        with monkeypatch.context() as broken:
            broken.setattr(Session, "close", close_and_fail)
            works = (
                write_queue.submit(partial(add_and_raise, error=ZeroDivisionError())),
                write_queue.submit(add),
            )
            failed = await asyncio.gather(*works, return_exceptions=True)
        return [*failed, await asyncio.wait_for(write_queue.submit(add), 10)]

    *failed, written = with_writer(sqlite, give)
    assert (failed, [written]) == ([gone, gone], people(sqlite))


def test_a_work_is_durable_before_its_outcome_is_known(database: Database):
    async def look(write_queue: WriteQueue) -> bool:
        written = await write_queue.submit(add)
        return written in people(database)

    assert with_writer(database, look)


def test_whoever_goes_away_takes_nobody_along(database: Database):
    async def go_away(write_queue: WriteQueue) -> object:
        leaving = asyncio.create_task(_as_coroutine(write_queue.submit(add)))
        staying = asyncio.create_task(_as_coroutine(write_queue.submit(add)))
        await asyncio.sleep(0)
        leaving.cancel()
        return await staying

    assert with_writer(database, go_away) in people(database)
    assert len(people(database)) == 2


def test_works_that_went_together_leave_their_own_records(database: Database):
    """Refused works leave none, and the last ones are those of a group by itself."""

    def do(number: int, transaction: Transaction) -> None:
        deed = AuditEvent("account.create", "user", number)
        audit.record(transaction, deed, deed, by=Origin(None, None), now=MONDAY_MORNING)
        if number % 5 == 0:
            raise NotFound("no")

    outcomes(database, *(partial(do, number) for number in range(20)))
    outcomes(database, partial(do, 21))
    with database.reading() as session:
        assert sealing.verify(session).fault is None
        subjects = list(session.scalars(select(AuditRecord.resource_id)))
    assert sorted(subjects) == sorted(2 * [*(n for n in range(20) if n % 5), 21])


def test_postgresql_commits_once_for_all_that_came_together(postgres: Database):
    def transactions() -> int:
        with postgres.reading() as session:
            return session.scalars(text("SELECT count(DISTINCT xmin::text) FROM users")).one()

    outcomes(postgres, *[add] * LARGEST_BATCH)
    assert transactions() == 1
    outcomes(postgres, *[add] * (LARGEST_BATCH + 1))
    assert transactions() == 3


def test_each_work_in_step_gets_the_rows_that_are_its_own(postgres: Database):
    """Some of them none, some many, from one statement or from another."""
    first, *_ = sorted(outcomes(postgres, *[add] * 10))

    def query(number: int, transaction: Transaction) -> list[list[int]]:
        statements = [UP_TO, DOWN_TO] if number % 3 else [DOWN_TO]
        return [
            [user_id - first for (user_id,) in execute(transaction, one, id=first + number - 1)]
            for one in statements
        ]

    answers = outcomes(postgres, *(partial(query, number) for number in range(12)))
    assert answers == [
        [
            *([list(range(number)[:10])] if number % 3 else []),
            list(range(10))[max(number - 1, 0) :],
        ]
        for number in range(12)
    ]


def test_works_are_carried_out_in_their_order(postgres: Database):
    begun: list[int] = []

    async def give(write_queue: WriteQueue) -> None:
        works = [
            write_queue.submit(lambda _, order=order: begun.append(order), lock_key=order)
            for order in (3, 1, 2)
        ]
        await asyncio.gather(*works)

    with_writer(postgres, give)
    assert begun == [1, 2, 3]


def test_those_who_wait_for_a_lock_keep_nobody_waiting(postgres: Database):
    """Nor do they keep others from a connection, though they are more than there are."""
    (locked,) = outcomes(postgres, add)

    def lock(transaction: Transaction) -> object:
        return execute(transaction, LOCK, id=locked)

    async def give(write_queue: WriteQueue) -> list[object]:
        with postgres.writing() as session:
            execute(session, LOCK, id=locked)
            waiting = [
                asyncio.create_task(_as_coroutine(write_queue.submit(lock))) for _ in range(12)
            ]
            added = await asyncio.gather(*(write_queue.submit(add) for _ in range(3)))
            done = [task for task in waiting if task.done()]
        return [len(added), done, await asyncio.gather(*waiting)]

    assert with_writer(postgres, give) == [3, [], [[(locked,)]] * 12]


def test_a_group_whose_connection_is_lost_leaves_nothing_and_is_not_repeated(postgres: Database):
    begun: list[int] = []

    def die(transaction: Transaction) -> None:
        begun.append(add(transaction))
        execute(transaction, DIE)

    lost = outcomes(postgres, add, die, add)
    assert [type(outcome) for outcome in lost] == [OperationalError] * 3
    assert len(begun) == 1
    assert people(postgres) == []
    assert outcomes(postgres, add) == people(postgres)


def test_a_work_that_hides_a_failure_is_not_told_that_it_was_kept(postgres: Database):
    def add_twice(transaction: Transaction) -> None:
        added = add(transaction)
        with suppress(IntegrityError):
            execute(transaction, ADD_AGAIN, id=added)

    (outcome,) = outcomes(postgres, add_twice)
    assert isinstance(outcome, OperationalError)
    assert people(postgres) == []


def test_a_work_that_is_cancelled_on_its_connection_leaves_nothing_behind(postgres: Database):
    is_added = asyncio.Event()

    def add_and_wait(transaction: Transaction) -> None:
        add(transaction)
        is_added.set()
        execute(transaction, Statement(text("SELECT pg_sleep(60)")))

    async def cancel() -> int:
        pool = EventLoopPool(postgres.engine.url, size=1, info=postgres.info)
        leaving = asyncio.create_task(_as_coroutine(pool.run(add_and_wait)))
        await asyncio.wait_for(is_added.wait(), 60)
        leaving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leaving
        added = await pool.run(add)
        await pool.close()
        return added

    assert asyncio.run(cancel()) == people(postgres)[0]
    assert len(people(postgres)) == 1


def test_a_group_waits_for_writers_in_other_threads_and_they_for_it(sqlite: Database):
    async def both(write_queue: WriteQueue) -> None:
        assert isinstance(write_queue, SqliteWriteQueue)

        def write_in_thread() -> None:
            with sqlite.writing() as session:
                add(session)

        threads = [asyncio.to_thread(write_in_thread) for _ in range(20)]
        await asyncio.gather(*threads, *(write_queue.submit(add) for _ in range(20)))

    with_writer(sqlite, both)
    assert len(people(sqlite)) == 40


async def _as_coroutine(waiting: Awaitable[object]) -> object:
    return await waiting
