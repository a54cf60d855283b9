"""What those who keep the system running ask it."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from app.crud import crud_attempt
from app.db.database import Database
from app.models.models import Attempt
from tests.conftest import FakeClock
from tests.people import Visitor, code_of


def probes(visitor: Visitor) -> list[int]:
    return [visitor.client.get(path).status_code for path in ("/livez", "/readyz")]


def test_with_its_database_it_lives_and_is_ready(visitor: Visitor):
    assert probes(visitor) == [200, 200]


def test_without_its_database_it_lives_and_is_not_ready(visitor_with):
    visitor = visitor_with(database_url="postgresql://nobody@127.0.0.1:1/clinic")
    assert probes(visitor) == [200, 503]
    answer = visitor.client.get("/readyz")
    assert (code_of(answer), answer.headers["Retry-After"]) == ((503, "unavailable"), "5")


def test_at_another_schema_it_lives_and_is_not_ready(visitor_with, tmp_path: Path):
    (tmp_path / "empty.db").touch()
    visitor = visitor_with(database_url=f"sqlite:///{tmp_path / 'empty.db'}")
    assert probes(visitor) == [200, 503]
    assert visitor.client.get("/readyz").json()["detail"] == (
        "The database is not at the schema of this version: run migrate."
    )


def test_asking_often_writes_once_in_a_while(
    visitor: Visitor, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
):
    written = []
    monkeypatch.setattr(crud_attempt, "try_to_write", lambda session, now: written.append(now))
    clock.advance(minutes=1)
    for seconds in (0, 4, 2, 4):
        clock.advance(seconds=seconds)
        assert probes(visitor) == [200, 200]
    assert written == [clock.now - timedelta(seconds=10), clock.now - timedelta(seconds=4)]


def test_when_nothing_can_be_written_it_is_not_ready_for_a_while(
    visitor: Visitor, database: Database, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
):
    def refuse(*_: object, **__: object) -> None:
        raise OperationalError(None, None, Exception("the disk is full"))

    clock.advance(minutes=1)
    with monkeypatch.context() as full:
        full.setattr(crud_attempt, "try_to_write", refuse)
        assert code_of(visitor.client.get("/readyz")) == (503, "unavailable")
    answer = visitor.client.get("/readyz")
    assert (code_of(answer), answer.json()["detail"]) == (
        (503, "unavailable"),
        "The database could not be used a moment ago: is its disk full?",
    )
    clock.advance(seconds=5)
    assert probes(visitor) == [200, 200]
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Attempt)) == 0
