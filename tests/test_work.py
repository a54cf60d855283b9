"""The guard against slower hot paths notices what it is there for."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import create_engine, literal, select, text

from app.core.database import open_url
from app.db.sqlite.reader import SqliteReader
from app.db.statements import Statement
from benchmarks.limits import month_to_compute
from benchmarks.work import Meter, Work, differences

BEFORE = {"search": Work(lines=1000, statements=3)}


def measured(path: Callable[[], object]) -> Work:
    meter = Meter()
    with meter.attached():
        return meter.measure(path)


def test_work_that_is_done_twice_is_noticed() -> None:
    compute = month_to_compute()
    compute()  # what it remembers from then on is no work of the next time
    once = measured(compute)
    twice = measured(lambda: (compute(), compute()))
    (complaint,) = differences({"compute": twice}, {"compute": once})
    assert complaint.startswith(f"compute: {twice.lines} lines instead of")


def test_the_work_of_another_thread_counts() -> None:
    def in_a_thread() -> None:
        thread = threading.Thread(target=month_to_compute())
        thread.start()
        thread.join()

    alone = measured(month_to_compute())
    assert measured(in_a_thread).lines > alone.lines


def test_statements_are_counted() -> None:
    engine = create_engine("sqlite://")

    def ask_twice() -> None:
        with engine.connect() as connection:
            for _ in range(2):
                connection.execute(text("SELECT 1"))

    assert measured(ask_twice).statements == 2
    engine.dispose()


def test_lookups_are_counted(tmp_path: Path) -> None:
    file = tmp_path / "any.db"
    file.touch()
    url = f"sqlite:///{file}"
    question = Statement(select(literal(1)))
    with closing(open_url(url)) as database:
        reader = SqliteReader(database)
        assert measured(lambda: reader.read(lambda ask: ask(question))).statements == 1
        asyncio.run(reader.close())


@pytest.mark.parametrize(
    ("lines", "statements", "complaints"),
    [
        (1000, 3, 0),
        (1500, 3, 0),
        (1501, 3, 1),
        (667, 3, 0),
        (666, 3, 1),
        (1000, 4, 1),
        (2000, 2, 2),
    ],
)
def test_the_tolerance(lines: int, statements: int, complaints: int) -> None:
    found = differences({"search": Work(lines, statements)}, BEFORE)
    assert len(found) == complaints


def test_a_new_path_has_to_be_committed() -> None:
    assert differences({**BEFORE, "book": Work(1, 1)}, BEFORE) != []
