"""Many logins, or many clients that are slow on purpose, do not keep others out."""

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from pathlib import Path

import httpx2

from tests.faults.clinic import DAY, PASSWORD, open_doctor
from tests.faults.conftest import Figure, InTime, Scale
from tests.faults.servers import Server, serving

LOGINS = 64
SEARCHES_A_SECOND = 20
P95_SECONDS = 0.5
CLOSED_SECONDS = 10.0
GRACE_SECONDS = 30.0
UNFINISHED = {
    "nothing": b"",
    "half a head": b"GET /livez HTTP/1.1\r\nHost: clinic.example\r\nX-Slow: ",
    "half a body": (
        b"POST /api/v1/auth/login HTTP/1.1\r\nHost: clinic.example\r\n"
        b"Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"
    ),
}


def search_time(client: httpx2.Client, doctor_id: int) -> float:
    """Seconds that a search for free slots takes."""
    began = time.monotonic()
    path = f"/api/v1/schedules/doctor/{doctor_id}/available-slots"
    answer = client.get(path, params={"start_date": str(DAY), "end_date": str(DAY)})
    assert answer.status_code == 200, answer.text
    return time.monotonic() - began


def percentile_95(times: list[float]) -> float:
    return sorted(times)[round(len(times) * 0.95) - 1]


def log_in(address: str, name: str) -> int:
    credentials = {"username": name, "password": PASSWORD}
    with httpx2.Client(base_url=address, timeout=120, trust_env=False) as client:
        return client.post("/api/v1/auth/login", json=credentials).status_code


def test_searches_during_a_storm_of_logins(
    database_url: str, tmp_path: Path, scale: Scale, in_time: InTime, figure: Figure
) -> None:
    logins = scale(LOGINS, 4)
    tick = threading.Event()
    with (
        serving(database_url, tmp_path, BCRYPT_COST="12", WEB_CONCURRENCY="1") as server,
        closing(open_doctor(server.address)) as doctor,
        httpx2.Client(base_url=server.address, timeout=30, trust_env=False) as client,
        ThreadPoolExecutor(logins) as threads,
    ):
        storm = [threads.submit(log_in, server.address, doctor.name) for _ in range(logins)]
        times = []
        while not all(login.done() for login in storm):
            times.append(search_time(client, doctor.id))
            tick.wait(1 / SEARCHES_A_SECOND)
        assert [login.result() for login in storm] == [200] * logins
    figure(
        f"{logins} logins at bcrypt cost 12, {len(times)} searches meanwhile,"
        f" p95 {percentile_95(times) * 1000:.0f} ms"
    )
    assert in_time(percentile_95(times), P95_SECONDS)


def open_unfinished(server: Server, request: bytes) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=GRACE_SECONDS)
    connection.sendall(request)
    return connection


def wait_until_closed(connection: socket.socket) -> None:
    with suppress(ConnectionResetError):  # closed without waiting for what was not read
        assert connection.recv(1) == b""


def test_slow_connections_are_closed_while_others_are_served(
    database_url: str, tmp_path: Path, scale: Scale, in_time: InTime, figure: Figure
) -> None:
    number = scale(501, 60)
    with serving(database_url, tmp_path) as server, ExitStack() as slow:
        began = time.monotonic()
        connections = [
            slow.enter_context(open_unfinished(server, request))
            for _ in range(number // len(UNFINISHED))
            for request in UNFINISHED.values()
        ]
        opened = time.monotonic()
        with httpx2.Client(base_url=server.address, trust_env=False) as client:
            answers = [client.get("/api/v1/users/doctors") for _ in range(20)]
        served = time.monotonic() - opened
        assert [answer.status_code for answer in answers] == [200] * 20
        for connection in connections:
            wait_until_closed(connection)
        closed = time.monotonic() - began
    figure(
        f"{len(connections)} connections, the last one closed after {closed:.1f} s;"
        f" others were answered in {served / 20 * 1000:.0f} ms"
    )
    assert in_time(closed, CLOSED_SECONDS)
