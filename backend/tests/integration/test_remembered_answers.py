"""Finished answers that two processes remember are never older than the last write's answer."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from itertools import cycle

import httpx2
import pytest

from app.domain.people import Role
from tests.integration.racing import SLOWEST_SECONDS, Clinic, Person

READERS = 8  # connections, which the two processes share between them
WRITES = 200
DAY = (datetime.now(UTC) + timedelta(days=7)).date().isoformat()
TIMES = [f"{hour:02}:{minute:02}" for hour in range(9, 17) for minute in (0, 30)]


@pytest.fixture
def readers(clinic: Clinic) -> Iterator[list[httpx2.Client]]:
    with ExitStack() as stack:
        yield [
            stack.enter_context(
                httpx2.Client(base_url=f"{clinic.address}/api/v1", timeout=SLOWEST_SECONDS)
            )
            for _ in range(READERS)
        ]


def free_times(reader: httpx2.Client, doctor: Person) -> list[str]:
    days = {"start_date": DAY, "end_date": DAY}
    answer = reader.get(f"/schedules/doctor/{doctor.id}/available-slots", params=days)
    assert "ETag" in answer.headers
    return [slot["time"] for slot in answer.json()]


def book(write_queue: httpx2.Client, patient: Person, doctor: Person, time: str) -> int:
    wanted = {"doctor_id": doctor.id, "appointment_date": DAY, "appointment_time": time}
    body = {**wanted, "reason": "Regular checkup"}
    answer = write_queue.post("/appointments/", json=body, headers=patient.headers)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


def cancel(write_queue: httpx2.Client, patient: Person, appointment: int) -> None:
    answer = write_queue.delete(f"/appointments/{appointment}", headers=patient.headers)
    assert answer.status_code == 200, answer.text


def test_whoever_writes_everybody_reads_it_at_once(clinic: Clinic, readers: list[httpx2.Client]):
    doctor, patient = clinic.doctor(9 * 60, 17 * 60, 30), clinic.person(Role.PATIENT)
    taken: dict[str, int] = {}
    writers = cycle(readers)
    for number in range(WRITES):
        time, write_queue = TIMES[number * 7 % len(TIMES)], next(writers)
        if time in taken:
            cancel(write_queue, patient, taken.pop(time))
        else:
            taken[time] = book(write_queue, patient, doctor, time)
        free = [each for each in TIMES if each not in taken]
        told = [free_times(reader, doctor) for reader in readers]
        assert told == [free] * READERS
