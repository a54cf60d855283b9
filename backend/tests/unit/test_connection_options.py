"""The event loop connects where the rest of the application does."""

from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import make_url

from app.db.postgres.pool import LOCK_TIMEOUT_SECONDS, connection_options


@pytest.mark.parametrize(
    ("url", "timeout", "expected"),
    [
        (
            "postgresql://clinic:p%40ss@db:5433/clinic",
            LOCK_TIMEOUT_SECONDS,
            {"host": "db", "port": "5433", "user": "clinic", "password": "p@ss"},
        ),
        (
            "postgresql://clinic@/clinic?host=one:5432&host=two:5433&connect_timeout=2",
            2,
            {"host": "one,two", "port": "5432,5433", "user": "clinic"},
        ),
        (
            "postgresql://clinic@db/clinic?sslmode=verify-full&target_session_attrs=read-write&keepalives=1",
            LOCK_TIMEOUT_SECONDS,
            {
                "host": "db",
                "user": "clinic",
                "sslmode": "verify-full",
                "target_session_attrs": "read-write",
            },
        ),
    ],
)
def test_every_part_of_the_url_is_told_to_asyncpg(
    url: str, timeout: float, expected: dict[str, str]
):
    options = connection_options(make_url(url))
    told = {name: value for name, (value,) in parse_qs(urlsplit(options["dsn"]).query).items()}
    assert told == {"dbname": "clinic", **expected}
    assert options == {"dsn": options["dsn"], "timeout": timeout}
