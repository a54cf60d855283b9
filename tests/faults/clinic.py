"""Patients who go on booking whatever happens to the server, and what they were promised."""

import math
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, NamedTuple

import httpx2
from sqlalchemy import select

from app.core.database import open_url
from app.domain.appointments import AppointmentStatus
from app.models.models import Appointment
from tests.faults.waiting import wait_until

PASSWORD = "password123"
SLOTS_A_DAY = 288
SLOT_MINUTES = 5
ANSWER_SECONDS = 30.0
SECONDS_BETWEEN_TRIES = 0.2
SENT = "http11.send_request_body.complete"
DAY = datetime.now(UTC).date() + timedelta(weeks=1)

Trace = Callable[[str, dict[str, Any]], None]


class Slot(NamedTuple):
    """A time of a doctor's on DAY, in minutes after midnight."""

    doctor_id: int
    minute: int

    def as_request(self) -> dict[str, Any]:
        time_of_day = f"{self.minute // 60:02}:{self.minute % 60:02}"
        wanted = {"appointment_date": DAY.isoformat(), "appointment_time": time_of_day}
        return {"doctor_id": self.doctor_id, "reason": "Regular checkup", **wanted}


class Person:
    """Somebody with an account, at one server."""

    def __init__(self, address: str, role: str = "patient") -> None:
        self.client = httpx2.Client(
            base_url=f"{address}/api/v1", timeout=ANSWER_SECONDS, trust_env=False
        )
        self.name = f"{role}_{uuid.uuid4().hex[:12]}"
        registration = {
            "username": self.name,
            "email": f"{self.name}@example.com",
            "full_name": self.name,
            "password": PASSWORD,
            "role": role,
        }
        answer = self.client.post("/auth/register", json=registration)
        assert answer.status_code == 201, answer.text
        self.id = int(answer.json()["id"])
        self.log_in()

    def close(self) -> None:
        self.client.close()

    def log_in(self) -> None:
        credentials = {"username": self.name, "password": PASSWORD}
        answer = self.client.post("/auth/login", json=credentials)
        assert answer.status_code == 200, answer.text
        self.client.headers["X-CSRF-Token"] = answer.json()["csrf_token"]

    def book(
        self, slot: Slot, key: str | None = None, *, tell: Trace | None = None
    ) -> httpx2.Response:
        """Send a booking; `tell` hears of every step that the request takes."""
        return self.client.post(
            "/appointments/",
            json=slot.as_request(),
            headers={"Idempotency-Key": key} if key else None,
            extensions={"trace": tell} if tell else None,
        )


def open_doctor(address: str) -> Person:
    """A doctor who works all of DAY in slots of 5 minutes."""
    doctor = Person(address, "doctor")
    hours = {"day_of_week": DAY.weekday(), "start_time": "00:00", "end_time": "24:00"}
    answer = doctor.client.post("/schedules/", json={**hours, "slot_duration": SLOT_MINUTES})
    assert answer.status_code == 201, answer.text
    return doctor


def slots_of(doctor: Person, number: int) -> list[Slot]:
    assert number <= SLOTS_A_DAY
    return [Slot(doctor.id, SLOT_MINUTES * place) for place in range(number)]


class Ledger:
    """What the patients were answered, and when.

    `unanswered_at` has when each request that got no answer had been sent whole; infinity if
    it was not.
    """

    def __init__(self) -> None:
        self.acknowledged: dict[Slot, int] = {}
        self.acknowledged_at: list[float] = []
        self.unanswered_at: list[float] = []
        self.failures: Counter[str] = Counter()
        self.stopped = threading.Event()

    def acknowledge(self, slot: Slot, appointment_id: int) -> None:
        self.acknowledged[slot] = appointment_id
        self.acknowledged_at.append(time.monotonic())

    def wait_for(self, bookings: int) -> None:
        wait_until(lambda: len(self.acknowledged) >= bookings, within=300)

    def longest_pause(self, since: float) -> float:
        """The longest time, in seconds, in which no booking was acknowledged."""
        moments = [since, *sorted(moment for moment in self.acknowledged_at if moment > since)]
        return max(later - earlier for earlier, later in pairwise(moments))


def book_until_answered(patient: Person, slots: Iterable[Slot], ledger: Ledger) -> None:
    """Book one slot after another; send a request again, with its key, until it is answered."""
    for slot in slots:
        key = uuid.uuid4().hex
        while not ledger.stopped.is_set() and not _is_answered(patient, slot, key, ledger):
            ledger.stopped.wait(SECONDS_BETWEEN_TRIES)


def _is_answered(patient: Person, slot: Slot, key: str, ledger: Ledger) -> bool:
    sent_at = math.inf

    def note(step: str, _: dict[str, Any]) -> None:
        nonlocal sent_at
        if step == SENT:
            sent_at = time.monotonic()

    try:
        answer = patient.book(slot, key, tell=note)
    except httpx2.ConnectError:
        ledger.failures["refused connection"] += 1
        return False
    except httpx2.TransportError:
        ledger.unanswered_at.append(sent_at)
        return False
    assert sent_at < math.inf, "The client no longer tells when it has sent a request."
    if answer.status_code == 201:
        ledger.acknowledge(slot, int(answer.json()["id"]))
        return True
    code = str(answer.json()["code"])
    if code != "slot_taken":
        ledger.failures[code] += 1
    return code == "slot_taken"


@contextmanager
def rush(address: str, *, doctors: int, slots: int) -> Iterator[Ledger]:
    """For each doctor two patients who race through the same slots; in the end all are booked."""
    ledger = Ledger()
    work: list[Future[None]] = []
    with ExitStack() as people, ThreadPoolExecutor(2 * doctors) as threads:
        for _ in range(doctors):
            with closing(open_doctor(address)) as doctor:
                wanted = slots_of(doctor, slots)
            for _ in range(2):
                patient = people.enter_context(closing(Person(address)))
                work.append(threads.submit(book_until_answered, patient, wanted, ledger))
        try:
            yield ledger
        except BaseException:
            ledger.stopped.set()
            raise
    for task in work:
        task.result()


def stored_bookings(database_url: str) -> Sequence[tuple[Slot, int]]:
    """Every slot that is held, with the id of what holds it."""
    statement = select(Appointment.doctor_id, Appointment.appointment_time, Appointment.id).where(
        Appointment.status != AppointmentStatus.CANCELLED
    )
    with closing(open_url(database_url)) as database, database.reading() as session:
        return [(Slot(row[0], row[1]), row[2]) for row in session.execute(statement)]


def missing_and_double(
    acknowledged: dict[Slot, int], stored: Sequence[tuple[Slot, int]]
) -> tuple[int, int]:
    """How many acknowledged bookings are not there, and how many slots are held twice."""
    missing = set(acknowledged.items()) - set(stored)
    held = Counter(slot for slot, _ in stored)
    return len(missing), sum(number > 1 for number in held.values())
