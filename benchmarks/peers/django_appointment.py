"""The clinic beside django-appointment, on equal data."""

import json
import subprocess
import time
import venv
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from http import HTTPStatus
from pathlib import Path
from statistics import median
from threading import Barrier

import httpx2

from benchmarks import dataset, paths, questions
from benchmarks.dataset import SignedIn
from benchmarks.load import Requests
from benchmarks.paths import ONE_DAY, Effort, HotPath, Stage, forget_answers
from benchmarks.questions import Slot, as_person, get
from benchmarks.servers import Server, clinic_server, free_port, serving

HERE = Path(__file__).parent
REQUIREMENTS = HERE / "requirements.txt"
ENVIRONMENT = dataset.FOLDER / "peers"
CONNECTIONS = 16
EFFORT = Effort(connections=CONNECTIONS, rounds=5)
BOOKINGS = 160
RACERS = 32
CSRF_TOKEN = "a" * 32

Book = Callable[[httpx2.Client, int, Slot], bool]
"""Book a slot as the client of this number; whether it was accepted."""


@dataclass(frozen=True, slots=True)
class Peer:
    """django-appointment on a copy of the data set, with the sessions of signed-in clients."""

    server: Server
    sessions: list[str]

    def searches(self, weekdays: Mapping[int, Collection[int]], folder: Path) -> Requests:
        """The days that the clinic is asked for."""
        requests = [
            get(
                f"/ajax/available_slots/?selected_date={day}&staff_member={doctor}",
                **{"X-Requested-With": "XMLHttpRequest"},
            )
            for doctor, day in questions.working_days(weekdays, ONE_DAY)
        ]
        return questions.as_file(requests, folder, "peer")

    def book(self, client: httpx2.Client, number: int, slot: Slot) -> bool:
        """Its two forms: the time, then who comes."""
        cookies = f"sessionid={self.sessions[number]}; csrftoken={CSRF_TOKEN}"
        headers = {"Cookie": cookies, "X-CSRFToken": CSRF_TOKEN}
        hour, minute = map(int, slot["appointment_time"].split(":"))
        end = timedelta(hours=hour, minutes=minute + 5)
        wanted = {
            "date": slot["appointment_date"],
            "start_time": slot["appointment_time"],
            "end_time": str(end),
            "service": slot["doctor_id"],
            "staff_member": slot["doctor_id"],
        }
        asked = client.post(f"{self.server.url}/request-submit/", data=wanted, headers=headers)
        who = {"name": "Client", "phone_0": "GB", "phone_1": "02079460001", "payment_type": "full"}
        address = self.server.url + asked.headers["Location"]
        answer = client.post(address, data=who, headers=headers)
        return "/thank-you/" in answer.headers.get("Location", "")


@dataclass(frozen=True, slots=True)
class Clinic:
    """The clinic, with people who have signed in."""

    server: Server
    people: list[SignedIn]

    def book(self, client: httpx2.Client, number: int, slot: Slot) -> bool:
        answer = client.post(
            f"{self.server.url}/api/v1/appointments/",
            json={**slot, "reason": "Regular checkup"},
            headers=as_person(self.people[number]),
        )
        return answer.status_code == HTTPStatus.CREATED


def figures(folder: Path) -> list[tuple[str, str]]:
    """How the clinic compares, both on SQLite with one process."""
    stage = paths.prepared("SQLite", dataset.copied_file(folder))
    peer = installed_peer(folder)
    clinic = Clinic(clinic_server(stage.url, folder), stage.newcomers)
    doctors = stage.people.doctors
    with serving(peer.server), serving(clinic.server):
        searches = search_ratio(peer, clinic, stage, folder)
        slots = questions.free_slots(clinic.server, doctors[:CONNECTIONS])
        bookings = booking_ratio(peer.book, clinic.book, slots)
        theirs, ours = accepted(peer.book, slots[-1]), accepted(clinic.book, slots[-1])
    return [
        ("slots of a day, nothing remembered", f"{searches:.1f} times its rate"),
        ("bookings by 16 clients", f"{bookings:.1f} times its rate"),
        (f"{RACERS} clients book one slot", f"it accepts {theirs}, the clinic {ours}"),
    ]


def search_ratio(peer: Peer, clinic: Clinic, stage: Stage, folder: Path) -> float:
    searches = questions.distinct_searches(stage.people.weekdays, ONE_DAY)
    file = questions.as_file(searches, folder, "clinic")
    ours = HotPath("search", clinic.server, file, partial(forget_answers, stage.url))
    theirs = HotPath("search", peer.server, peer.searches(stage.people.weekdays, folder))
    paths.warm_up(ours)
    pairs = paths.alternating([theirs, ours], EFFORT)
    return median(clinic.rate / peer.rate for peer, clinic in pairs)


def booking_ratio(theirs: Book, ours: Book, slots: Sequence[Slot]) -> float:
    """As many clients as connections each book one slot after the other."""
    return _rate(ours, slots[:BOOKINGS]) / _rate(theirs, slots[:BOOKINGS])


def accepted(book: Book, slot: Slot) -> int:
    """How many of the clients who want one slot at the same moment get it."""
    ready = Barrier(RACERS)

    def race(number: int) -> bool:
        with httpx2.Client(timeout=60, trust_env=False) as client:
            ready.wait()
            return book(client, number, slot)

    with ThreadPoolExecutor(RACERS) as threads:
        return sum(threads.map(race, range(RACERS)))


def _rate(book: Book, slots: Sequence[Slot]) -> float:
    """Bookings a second; each client books with doctors of their own."""

    def book_some(number: int) -> int:
        with httpx2.Client(timeout=60, trust_env=False) as client:
            mine = [slot for slot in slots if slot["doctor_id"] % CONNECTIONS == number]
            return sum(book(client, number, slot) for slot in mine)

    began = time.perf_counter()
    with ThreadPoolExecutor(CONNECTIONS) as threads:
        booked = sum(threads.map(book_some, range(CONNECTIONS)))
    return booked / (time.perf_counter() - began)


def installed_peer(folder: Path) -> Peer:
    """The peer in an environment of its own, on a fresh copy of the data set."""
    programs = ENVIRONMENT / "bin"
    if not (programs / "gunicorn").exists():
        venv.create(ENVIRONMENT, with_pip=True, clear=True)
        subprocess.run([programs / "pip", "install", "-q", "-r", REQUIREMENTS], check=True)
    database = folder / "peer.db"
    environment = {"PEER_DATABASE": str(database), "PYTHONDONTWRITEBYTECODE": "1"}
    filled = subprocess.run(
        [programs / "python", HERE / "django_site.py", dataset.sqlite_clinic()],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    port = free_port()
    command = [
        *(str(programs / "gunicorn"), "django_site:application", f"--bind=127.0.0.1:{port}"),
        *("--workers=1", "--worker-class=gthread", "--threads=4", "--keep-alive=60"),
    ]
    server = Server(
        command,
        port=port,
        health="/ajax/available_slots/",
        log=folder / "peer.log",
        environment=environment,
        folder=HERE,
    )
    return Peer(server, json.loads(filled.stdout.splitlines()[-1]))
