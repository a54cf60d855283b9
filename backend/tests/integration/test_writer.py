"""Works that are written together are durable together, and fail each for itself."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from uuid import uuid4

import pytest
from sqlalchemy import Engine, event, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.core.database import Database, insert_unless_refused
from app.core.prepared import Prepared, Transaction, rows_in
from app.core.writer import LARGEST_GROUP, GroupingWriter, Writer
from app.domain.errors import NotFound
from app.domain.people import Role
from app.models import User
from tests.conftest import MONDAY_MORNING
from tests.databases import Databases
from tests.integration.asking import with_writer


@pytest.fixture
def sqlite(sqlite_databases: Databases) -> Iterator[Database]:
    with closing(Database(sqlite_databases.create())) as database:
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


def outcomes(database: Database, *works: Callable[[Transaction], object]) -> list[object]:
    """What becomes of works that are given at the same time."""

    async def give(writer: Writer) -> list[object]:
        waiting = (writer.run(work) for work in works)
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
        outcomes(sqlite, *[add] * LARGEST_GROUP)
    assert len(commits) == 1
    with counting_commits(sqlite.engine) as commits:
        outcomes(sqlite, *[add] * (LARGEST_GROUP + 1))
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

    async def give(writer: Writer) -> list[object]:
        with monkeypatch.context() as broken:
            broken.setattr(Session, "close", close_and_fail)
            works = (writer.run(partial(add_and_raise, error=ZeroDivisionError())), writer.run(add))
            failed = await asyncio.gather(*works, return_exceptions=True)
        return [*failed, await asyncio.wait_for(writer.run(add), 10)]

    *failed, written = with_writer(sqlite, give)
    assert (failed, [written]) == ([gone, gone], people(sqlite))


def test_a_work_is_durable_before_its_outcome_is_known(database: Database):
    async def look(writer: Writer) -> bool:
        written = await writer.run(add)
        return written in people(database)

    assert with_writer(database, look)


def test_whoever_goes_away_takes_nobody_along(sqlite: Database):
    async def go_away(writer: Writer) -> object:
        leaving = asyncio.create_task(_as_coroutine(writer.run(add)))
        staying = asyncio.create_task(_as_coroutine(writer.run(add)))
        await asyncio.sleep(0)
        leaving.cancel()
        return await staying

    assert with_writer(sqlite, go_away) in people(sqlite)
    assert len(people(sqlite)) == 2


def test_whoever_is_cancelled_on_postgresql_leaves_nothing_behind(postgres_databases: Databases):
    is_added = asyncio.Event()

    def add_and_wait(transaction: Transaction) -> None:
        add(transaction)
        is_added.set()
        rows_in(transaction, Prepared(text("SELECT pg_sleep(60)")))

    async def cancel(writer: Writer) -> int:
        leaving = asyncio.create_task(_as_coroutine(writer.run(add_and_wait)))
        await asyncio.wait_for(is_added.wait(), 60)
        leaving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leaving
        return await writer.run(add)

    with closing(Database(postgres_databases.create())) as database:
        added = with_writer(database, cancel)
        assert people(database) == [added]


def test_a_group_waits_for_writers_in_other_threads_and_they_for_it(sqlite: Database):
    async def both(writer: Writer) -> None:
        assert isinstance(writer, GroupingWriter)

        def write_in_thread() -> None:
            with sqlite.writing() as session:
                add(session)

        threads = [asyncio.to_thread(write_in_thread) for _ in range(20)]
        await asyncio.gather(*threads, *(writer.run(add) for _ in range(20)))

    with_writer(sqlite, both)
    assert len(people(sqlite)) == 40


async def _as_coroutine(waiting: Awaitable[object]) -> object:
    return await waiting
