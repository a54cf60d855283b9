"""No request waits for a connection that other waiting requests hold."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import asyncpg
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import make_url
from sqlalchemy.exc import DBAPIError

from app.core.config import Settings
from app.db.postgres import pool as pools
from app.db.postgres.pool import EventLoopPool
from app.main import create_app
from tests.conftest import FakeClock
from tests.databases import Databases
from tests.people import Visitor

THREADS = 16
READERS = 64
MONDAY = "2026-11-30"


@pytest.fixture
def doctor(settings: Settings, clock: FakeClock):
    """A doctor with a visit to read of, at a server with more threads than usual."""
    busy = settings.model_copy(update={"worker_threads": THREADS})
    with TestClient(create_app(busy, clock), base_url="http://testserver") as client:
        doctor = Visitor(client).register("dr_smith", role="doctor")
        doctor.post("/schedules/", day_of_week=0, start_time="09:00", end_time="11:00")
        doctor.another().register("john_patient").post(
            "/appointments/",
            doctor_id=doctor.id,
            appointment_date=MONDAY,
            appointment_time="09:00",
            reason="Regular checkup",
        )
        yield doctor


def test_reading_and_recording_it_at_once_never_exhausts_the_connections(doctor: Visitor):
    """Each of these holds the connection it reads on while it asks for one to record that."""
    with ThreadPoolExecutor(READERS) as readers:
        answers = list(readers.map(lambda _: doctor.get("/appointments/my"), range(READERS)))
    assert [len(answer.json()) for answer in answers] == [1] * READERS


def test_a_connection_that_cannot_be_set_up_is_given_up(
    postgres_databases: Databases, monkeypatch: pytest.MonkeyPatch
):
    opened: list[asyncpg.Connection] = []
    connect = asyncpg.connect

    async def note(**options: object) -> asyncpg.Connection:
        opened.append(await connect(**options))
        return opened[-1]

    async def do_nothing(_: object) -> None:
        pass

    async def try_twice() -> list[bool]:
        pool = EventLoopPool(make_url(postgres_databases.create()), size=1, info={})
        with monkeypatch.context() as wrong:
            wrong.setattr(pools, "PLANNING", "SET nothing = off")
            with pytest.raises(DBAPIError):
                await pool.lend(do_nothing)
        await pool.lend(do_nothing)  # the control: the next one is kept
        closed = [connection.is_closed() for connection in opened]
        await pool.close()
        return closed

    monkeypatch.setattr(asyncpg, "connect", note)
    assert asyncio.run(try_twice()) == [True, False]
