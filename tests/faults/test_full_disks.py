"""No room is left on the disk: reads go on, and so does everything when there is room again."""

import resource
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import httpx2
import pytest

from app.db import schema
from tests.faults.clinic import (
    DAY,
    Person,
    missing_and_double,
    open_doctor,
    slots_of,
    stored_bookings,
)
from tests.faults.conftest import Figure
from tests.faults.disks import fill, tiny_disk
from tests.faults.postgres import PostgresNode
from tests.faults.servers import Server, serving

UNAVAILABLE = (503, "application/problem+json", "unavailable", "5")
BEFORE, MOST_ON_FULL_DISK, AFTERWARDS = 10, 200, 10  # a page of a table has room for some more

Switch = Callable[[], object]


class Place(NamedTuple):
    """A database on a disk that is soon full."""

    disk: Path
    url: str


def sqlite_place(folder: Path) -> Iterator[Place]:
    with tiny_disk(folder / "disk", megabytes=4) as disk:
        yield Place(disk, f"sqlite:///{disk / 'clinic.db'}")


def postgresql_place(node: PostgresNode) -> Iterator[Place]:
    """The tables are on the small disk; without room for its log the server itself would stop."""
    name = f"tiny_{uuid.uuid4().hex}"
    with (
        TemporaryDirectory(prefix="clinic-postgres-") as folder,
        tiny_disk(Path(folder), megabytes=16) as disk,
    ):
        node.execute(f"CREATE TABLESPACE {name} LOCATION '{node.own_folder(disk / 'tables')}'")
        node.execute(f"CREATE DATABASE {name} TABLESPACE {name}")
        yield Place(disk, node.url(name))
        node.execute(f"DROP DATABASE {name} WITH (FORCE)")
        node.execute(f"DROP TABLESPACE {name}")


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    if request.param == "sqlite":
        yield from sqlite_place(tmp_path)
    else:
        yield from postgresql_place(request.getfixturevalue("postgres"))


def described(answer: httpx2.Response) -> tuple[int, str, str, str]:
    code = str(answer.json()["code"])
    headers = answer.headers
    return answer.status_code, headers["content-type"], code, headers["retry-after"]


def bookings_around_a_full_disk(
    server: Server,
    url: str,
    *,
    leave_no_room: Callable[[], object],
    make_room: Callable[[], object],
) -> int:
    """Book, fill the disk, book until it is refused, look, make room, book on; the bookings."""
    with closing(open_doctor(server.address)) as doctor, closing(Person(server.address)) as patient:
        slots = iter(slots_of(doctor, BEFORE + MOST_ON_FULL_DISK + AFTERWARDS))
        acknowledged = {
            slot: int(patient.book(slot).json()["id"]) for slot in islice(slots, BEFORE)
        }
        leave_no_room()
        for slot in slots:
            answer = patient.book(slot)
            if answer.status_code != 201:
                break
            acknowledged[slot] = int(answer.json()["id"])
        assert described(answer) == UNAVAILABLE
        read = patient.client.get("/appointments/my", params={"limit": 200}).json()
        assert {row["id"] for row in read} == set(acknowledged.values())
        day = doctor.client.get(
            f"/appointments/doctor/{doctor.id}", params={"appointment_date": DAY.isoformat()}
        )
        assert {row["id"] for row in day.json()} == set(acknowledged.values())
        assert described(httpx2.get(f"{server.address}/readyz", trust_env=False)) == UNAVAILABLE
        logout = doctor.client.post("/auth/logout")
        is_ended = doctor.client.get("/auth/me").status_code == 401
        assert is_ended == (logout.status_code == 204)
        assert is_ended or described(logout) == UNAVAILABLE

        make_room()
        for slot in islice(slots, AFTERWARDS):
            acknowledged[slot] = int(patient.book(slot).json()["id"])
    stored = stored_bookings(url)
    assert missing_and_double(acknowledged, stored) == (0, 0)
    assert len(stored) == len(acknowledged)
    return len(stored)


@pytest.mark.mounts
def test_a_full_disk(place: Place, tmp_path: Path, figure: Figure) -> None:
    schema.upgrade(place.url)
    # One process: of several, each knows only whether it could write itself.
    with serving(place.url, tmp_path, WEB_CONCURRENCY="1") as server:
        bookings = bookings_around_a_full_disk(
            server,
            place.url,
            leave_no_room=lambda: fill(place.disk),
            make_room=(place.disk / "ballast").unlink,
        )
    figure(f"503 while it was full, reads went on, {bookings} bookings, 0 missing")


def test_a_full_quota(tmp_path: Path, figure: Figure) -> None:
    """The same without a disk of its own: the server may not make its files any larger."""
    file = tmp_path / "clinic.db"
    url = f"sqlite:///{file}"
    schema.upgrade(url)
    with serving(url, tmp_path, WEB_CONCURRENCY="1") as server:

        def limit_files(size: int) -> None:
            limits = (size, resource.RLIM_INFINITY)
            resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, limits)

        bookings = bookings_around_a_full_disk(
            server,
            url,
            leave_no_room=lambda: limit_files(file.with_name("clinic.db-wal").stat().st_size),
            make_room=lambda: limit_files(resource.RLIM_INFINITY),
        )
    figure(f"503 while it was used up, reads went on, {bookings} bookings, 0 missing")
