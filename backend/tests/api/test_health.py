"""What those who keep the system running ask it."""

from pathlib import Path

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
    visitor = visitor_with(database_url=f"sqlite:///{tmp_path / 'empty.db'}")
    assert probes(visitor) == [200, 503]
    assert visitor.client.get("/readyz").json()["detail"] == (
        "The database is not at the schema of this version: run migrate."
    )
