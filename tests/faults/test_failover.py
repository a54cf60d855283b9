"""The PostgreSQL server dies, and its synchronous standby takes over."""

import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from app.db import schema
from tests.faults.clinic import missing_and_double, rush, stored_bookings
from tests.faults.conftest import Figure, InTime, Scale
from tests.faults.postgres import PostgresNode
from tests.faults.servers import serving

GAP_SECONDS = 5.0


@pytest.fixture
def pair() -> Iterator[tuple[PostgresNode, PostgresNode]]:
    """A primary and its synchronous standby."""
    with TemporaryDirectory(prefix="clinic-postgres-") as folder:
        primary, standby = PostgresNode(Path(folder) / "one"), PostgresNode(Path(folder) / "two")
        try:
            primary.create()
            standby.follow(primary, "standby")
            primary.execute("CREATE DATABASE clinic")
            primary.execute("ALTER SYSTEM SET synchronous_standby_names = 'standby'")
            primary.execute("SELECT pg_reload_conf()")
            yield primary, standby
        finally:
            primary.kill()
            standby.kill()


def url_of_both(*nodes: PostgresNode) -> str:
    hosts = "&".join(f"host=127.0.0.1:{node.port}" for node in nodes)
    return (
        f"postgresql://postgres@/clinic?{hosts}&target_session_attrs=read-write&connect_timeout=2"
    )


def test_nothing_acknowledged_is_lost_in_a_failover(
    pair: tuple[PostgresNode, PostgresNode],
    tmp_path: Path,
    scale: Scale,
    in_time: InTime,
    figure: Figure,
) -> None:
    primary, standby = pair
    doctors, slots = scale(12, 4), scale(250, 60)
    schema.upgrade(primary.url("clinic"))
    url = url_of_both(primary, standby)
    with serving(url, tmp_path, WEB_CONCURRENCY="2") as server:
        with rush(server.address, doctors=doctors, slots=slots) as ledger:
            ledger.wait_for(doctors * slots // 2)
            killed = time.monotonic()
            primary.kill()
            standby.promote()

        gap = ledger.longest_pause(killed)
        stored = stored_bookings(standby.url("clinic"))
        assert missing_and_double(ledger.acknowledged, stored) == (0, 0)
        assert len(stored) == doctors * slots
        assert server.run("audit", "verify").startswith("The audit log is whole.\n")
    figure(
        f"{len(stored)} bookings, 0 missing, 0 double, no booking for {gap:.1f} s;"
        f" answered meanwhile: {dict(ledger.failures)}"
    )
    assert in_time(gap, GAP_SECONDS)
