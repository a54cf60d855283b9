"""Puts people, working hours and appointments into the clinic through its API."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Self
from uuid import uuid4
from zoneinfo import ZoneInfo

import httpx

from e2e.system import TIMEZONE

PASSWORD = "password123"
ANSWER_TIMEOUT = 60.0  # seconds
MONDAY, WEDNESDAY, FRIDAY = 0, 2, 4


@dataclass(frozen=True)
class Person:
    id: int
    username: str
    full_name: str


class Clinic:
    def __init__(self, api_url: str) -> None:
        self.api_url = api_url
        self._http = httpx.Client(base_url=f"{api_url}/api/v1", timeout=ANSWER_TIMEOUT)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def register(self, role: str, full_name: str) -> Person:
        """Register somebody with a user name that nobody has, and `PASSWORD`."""
        username = f"{role}_{uuid4().hex[:8]}"
        answer = self._http.post(
            "/auth/register",
            json={
                "username": username,
                "email": f"{username}@example.com",
                "full_name": full_name,
                "password": PASSWORD,
                "role": role,
            },
        )
        return Person(answer.raise_for_status().json()["id"], username, full_name)

    def add_schedule(self, doctor: Person, day_of_week: int, start: str, end: str) -> int:
        """Give the doctor working hours with visits of 30 minutes; return the schedule's id."""
        body = {"day_of_week": day_of_week, "start_time": start, "end_time": end}
        return int(self._post_as(doctor, "/schedules/", body)["id"])

    def book(self, patient: Person, doctor: Person, day: date, time: str) -> int:
        """Book a "Regular checkup"; return the appointment's id."""
        body = {
            "doctor_id": doctor.id,
            "appointment_date": day.isoformat(),
            "appointment_time": time,
            "reason": "Regular checkup",
        }
        return int(self._post_as(patient, "/appointments/", body)["id"])

    def doctor(self, full_name: str) -> Person:
        """Find a doctor who registered in a browser; the user name is not public."""
        doctors = self._http.get("/users/doctors").raise_for_status().json()
        found = next(doctor for doctor in doctors if doctor["full_name"] == full_name)
        return Person(found["id"], "", full_name)

    def _post_as(self, person: Person, path: str, body: dict[str, Any]) -> dict[str, Any]:
        with self._signed_in(person) as session:
            created: dict[str, Any] = session.post(path, json=body).raise_for_status().json()
        return created

    @contextmanager
    def _signed_in(self, person: Person) -> Iterator[httpx.Client]:
        with httpx.Client(base_url=self._http.base_url, timeout=ANSWER_TIMEOUT) as session:
            login = {"username": person.username, "password": PASSWORD}
            answer = session.post("/auth/login", json=login).raise_for_status()
            session.headers["X-CSRF-Token"] = answer.json()["csrf_token"]
            yield session


def coming(day_of_week: int, weeks_ahead: int = 1) -> date:
    """The date of a weekday in a later week, so that all its hours are still to come."""
    today = datetime.now(ZoneInfo(TIMEZONE)).date()
    monday = today - timedelta(days=today.weekday())
    return monday + timedelta(weeks=weeks_ahead, days=day_of_week)


def spoken(day: date) -> str:
    """The date as the pages say it: "Monday 30 November 2026"."""
    return f"{day:%A} {day.day} {day:%B %Y}"
