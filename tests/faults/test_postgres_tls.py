"""PostgreSQL over TLS: both drivers check the server's certificate, and refuse another one.

The servers of the other tests are built without TLS: a doorkeeper speaks it on their behalf, as
PostgreSQL does (protocol, "SSL Session Encryption").
"""

import asyncio
import ssl
import struct
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import trustme
from sqlalchemy import URL, Integer, literal_column, make_url, select
from sqlalchemy.exc import OperationalError

from app.core.database import open_url
from app.db import schema
from app.db.postgres.pool import EventLoopPool, LoopTransaction
from app.db.statements import Statement
from tests.faults.postgres import PostgresNode

Connects = Callable[[URL], int]

ONE = select(literal_column("1", Integer))
TLS_REQUEST = struct.pack("!ii", 8, 80877103)


class Doorkeeper:
    """Lets in who asks for TLS, and hands on what they say to a server on this machine."""

    def __init__(self, port: int, context: ssl.SSLContext) -> None:
        self._server_port = port
        self._context = context
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self._listener = self._wait_for(asyncio.start_server(self._let_in, "127.0.0.1", 0))
        self.port = int(self._listener.sockets[0].getsockname()[1])

    def close(self) -> None:
        self._wait_for(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _wait_for(self, work: Coroutine[Any, Any, Any]) -> Any:  # noqa: ANN401
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _end(self) -> None:
        self._listener.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _let_in(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, ssl.SSLError, asyncio.IncompleteReadError):
            if await reader.readexactly(len(TLS_REQUEST)) == TLS_REQUEST:
                writer.write(b"S")
                await writer.start_tls(self._context)
                await self._hand_on(reader, writer)
        writer.close()

    async def _hand_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_server, to_server = await asyncio.open_connection("127.0.0.1", self._server_port)
        try:
            await asyncio.gather(pass_on(reader, to_server), pass_on(from_server, writer))
        finally:
            to_server.close()


async def pass_on(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await source.read(65536):
            target.write(data)
            await target.drain()
    target.close()


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def server(authority: trustme.CA) -> Iterator[int]:
    """The port of a server that speaks TLS only, with a certificate for 127.0.0.1."""
    with TemporaryDirectory(prefix="clinic-postgres-") as folder:
        node = PostgresNode(Path(folder) / "data")
        node.create()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(context)
        doorkeeper = Doorkeeper(node.port, context)
        try:
            node.execute("CREATE DATABASE clinic")
            yield doorkeeper.port
        finally:
            doorkeeper.close()
            node.kill()


@pytest.fixture
def trusted(server: int, authority: trustme.CA, tmp_path: Path) -> URL:
    return checked_by(server, authority, tmp_path / "ca.pem")


@pytest.fixture
def distrusted(server: int, tmp_path: Path) -> URL:
    return checked_by(server, trustme.CA(), tmp_path / "another.pem")


def checked_by(port: int, authority: trustme.CA, file: Path) -> URL:
    """The database's address as docs/postgresql.md says, with the certificate of an authority."""
    authority.cert_pem.write_to_path(file)
    url = f"postgresql://postgres@127.0.0.1:{port}/clinic"
    return make_url(f"{url}?sslmode=verify-full&sslrootcert={file}")


def ask_by_psycopg(url: URL) -> int:
    database = open_url(url.render_as_string(hide_password=False))
    try:
        with database.engine.connect() as connection:
            return int(connection.execute(ONE).scalar_one())
    finally:
        database.close()


def ask_by_asyncpg(url: URL) -> int:
    async def ask(transaction: LoopTransaction) -> int:
        ((answer,),) = await transaction.fetch(Statement(ONE), {})
        return int(answer)

    async def connect() -> int:
        pool = EventLoopPool(url, size=1, info={})
        try:
            return await pool.lend(ask)
        finally:
            await pool.close()

    return asyncio.run(connect())


BOTH = pytest.mark.parametrize("ask", [ask_by_psycopg, ask_by_asyncpg])


@BOTH
def test_a_certificate_of_the_known_authority_is_accepted(trusted: URL, ask: Connects) -> None:
    assert ask(trusted) == 1


@BOTH
def test_a_certificate_of_another_authority_is_refused(distrusted: URL, ask: Connects) -> None:
    with pytest.raises(
        OperationalError, match=r"certificate verify failed|CERTIFICATE_VERIFY_FAILED"
    ):
        ask(distrusted)


@BOTH
def test_a_certificate_for_another_name_is_refused(trusted: URL, ask: Connects) -> None:
    with pytest.raises(OperationalError, match=r"does not match host name|Hostname mismatch"):
        ask(trusted.set(host="localhost"))


@BOTH
def test_a_server_that_speaks_tls_only_gets_no_other_connection(
    trusted: URL, ask: Connects
) -> None:
    with pytest.raises(OperationalError):
        ask(trusted.set(query={"sslmode": "disable"}))


def test_migrations_run_over_tls(trusted: URL) -> None:
    schema.upgrade(trusted.render_as_string(hide_password=False))
