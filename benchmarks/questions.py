"""What the clients query, as raw HTTP requests."""

import json
import random
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2

from benchmarks.dataset import PLAN, SignedIn, today
from benchmarks.load import LoadFailedError, Requests
from benchmarks.servers import COOKIE, Server

HELLO = b"GET / HTTP/1.1\r\nHost: hello.example\r\n\r\n"
SEARCHED_DAYS = PLAN.weeks_after * 7 - 7
LONGEST_SEARCH = 31
REPEATED = 20

Slot = dict[str, Any]


def get(path: str, **headers: str) -> bytes:
    return _request("GET", path, headers)


def post(path: str, body: dict[str, Any], **headers: str) -> bytes:
    content = json.dumps(body)
    sizes = {"Content-Type": "application/json", "Content-Length": str(len(content))}
    return _request("POST", path, sizes | headers) + content.encode()


def as_person(person: SignedIn) -> dict[str, str]:
    """The headers that prove who asks."""
    return {"Cookie": f"{COOKIE}={person.token}", "X-CSRF-Token": person.csrf_token}


def slots_path(doctor_id: int, first_day: date, days: int) -> str:
    last_day = first_day + timedelta(days=days - 1)
    return (
        f"/api/v1/schedules/doctor/{doctor_id}/available-slots"
        f"?start_date={first_day}&end_date={last_day}"
    )


def working_days(weekdays: Mapping[int, Collection[int]], days: int) -> list[tuple[int, date]]:
    """Each doctor with each of their days from which so many can be searched, without a pattern.

    `weekdays` tells for each doctor on which they work, 0 being Monday.
    """
    first_days = [today() + timedelta(days=ahead) for ahead in range(1, SEARCHED_DAYS - days)]
    found = [
        (doctor, day)
        for doctor, worked in weekdays.items()
        for day in first_days
        if day.weekday() in worked
    ]
    random.Random(1).shuffle(found)  # noqa: S311 - to be repeated, not to be unguessable
    return found


def distinct_searches(weekdays: Mapping[int, Collection[int]], days: int) -> list[bytes]:
    """Every doctor from each of their working days on: nothing is asked twice."""
    return [get(slots_path(doctor, day, days)) for doctor, day in working_days(weekdays, days)]


def repeated_searches(doctors: Sequence[int], days: int) -> list[bytes]:
    """A few questions that are asked again and again."""
    return [get(path) for path in _repeated_paths(doctors, days)]


def conditional_searches(server: Server, doctors: Sequence[int], days: int) -> list[bytes]:
    """The same with what the last answer was tagged with."""
    with httpx2.Client(base_url=server.url, trust_env=False) as client:
        paths = _repeated_paths(doctors, days)
        tags = [client.get(path).headers["ETag"] for path in paths]
    return [get(path, **{"If-None-Match": tag}) for path, tag in zip(paths, tags, strict=True)]


def own_appointments(person: SignedIn) -> list[bytes]:
    return [get("/api/v1/appointments/my", **as_person(person))]


def bookings(people: Sequence[SignedIn], slots: Iterable[Slot]) -> list[bytes]:
    """A booking of each slot; each doctor's patient is another one, who is never busy."""
    patients: dict[int, SignedIn] = {}
    spare = iter(people)
    requests = []
    for slot in slots:
        doctor_id = slot["doctor_id"]
        if doctor_id not in patients:
            patients[doctor_id] = next(spare)
        requests.append(booking(patients[doctor_id], slot))
    return requests


def booking(person: SignedIn, slot: Slot) -> bytes:
    return post(
        "/api/v1/appointments/",
        {**slot, "reason": "Regular checkup"},
        **as_person(person),
        **{"Idempotency-Key": uuid4().hex},
    )


def free_slots(server: Server, doctors: Sequence[int]) -> list[Slot]:
    """The free slots that the API offers from tomorrow on, each doctor's in turn."""
    with httpx2.Client(base_url=server.url, timeout=30, trust_env=False) as client:
        offers = [list(_offer(client, doctor)) for doctor in doctors]
    return [slot for slot in chain.from_iterable(zip_longest(*offers)) if slot is not None]


def as_file(requests: Sequence[bytes], folder: Path, name: str, *, expected: int = 200) -> Requests:
    """The requests where wrk finds them."""
    if not requests:
        raise LoadFailedError(f"{name}: there is nothing to ask.")
    return Requests(requests, folder / f"{name}.requests", expected=expected)


def _offer(client: httpx2.Client, doctor_id: int) -> Iterator[Slot]:
    for ahead in range(1, SEARCHED_DAYS, LONGEST_SEARCH):
        first_day = today() + timedelta(days=ahead)
        answer = client.get(slots_path(doctor_id, first_day, LONGEST_SEARCH))
        for slot in answer.raise_for_status().json():
            yield {
                "doctor_id": doctor_id,
                "appointment_date": slot["date"],
                "appointment_time": slot["time"],
            }


def _repeated_paths(doctors: Sequence[int], days: int) -> list[str]:
    first_day = today() + timedelta(days=1)
    return [slots_path(doctor, first_day, days) for doctor in doctors[:REPEATED]]


def _request(method: str, path: str, headers: dict[str, str]) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: clinic.example"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode()
