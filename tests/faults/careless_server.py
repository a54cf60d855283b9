"""The API with a mistake that nobody sees at once: the setting of SQLite in CARELESS_PRAGMA."""

import os
import sqlite3

from sqlalchemy.pool import ConnectionPoolEntry

from app import cli
from app.db.sqlite import engine

careful = engine._prepare_connection  # noqa: SLF001 - the mistake is made in its stead


def prepare_carelessly(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
    careful(connection, _)
    connection.execute(f"PRAGMA {os.environ['CARELESS_PRAGMA']}")


if __name__ == "__main__":
    engine._prepare_connection = prepare_carelessly  # noqa: SLF001
    cli.main()
