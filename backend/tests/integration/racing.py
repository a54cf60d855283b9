"""Many clients at once against a running server, and what became of their requests."""

import asyncio
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

import httpx2

from app.core.security import csrf_token_for, new_session_token, token_digest
from app.crud import crud_login, crud_schedule
from app.db.database import Database
from app.domain.people import Role
from tests.integration.diaries import add_person
from tests.integration.servers import SECRET_KEY

SLOWEST_SECONDS = 20


class Person(NamedTuple):
    """An account and the headers that prove its session."""

    id: int
    headers: dict[str, str]


class Call(NamedTuple):
    """A request of a person's to a path below /api/v1."""

    who: Person
    method: str
    path: str
    body: dict[str, Any] | None = None


@dataclass(frozen=True)
class Clinic:
    """A running server and the database behind it."""

    address: str
    database: Database

    def person(self, role: Role) -> Person:
        """A new account with an open session, straight from the database."""
        token, now = new_session_token(), datetime.now(UTC)
        with self.database.writing() as session:
            user = add_person(session, role, now=now)
            crud_login.create_login_session(
                session,
                user_id=user.id,
                token_digest=token_digest(token),
                created_at=now,
                last_seen_at=now,
                expires_at=now + timedelta(hours=1),
            )
        csrf_token = csrf_token_for(token, SECRET_KEY)
        return Person(user.id, {"Cookie": f"session={token}", "X-CSRF-Token": csrf_token})

    def patients(self, number: int) -> list[Person]:
        return [self.person(Role.PATIENT) for _ in range(number)]

    def doctor(
        self, start_time: int, end_time: int, slot_duration: int, on: Iterable[int] = range(7)
    ) -> Person:
        """A new doctor with the same hours (minutes after midnight) on these days of the week."""
        doctor = self.person(Role.DOCTOR)
        with self.database.writing() as session:
            for day_of_week in on:
                crud_schedule.create_schedule(
                    session,
                    doctor_id=doctor.id,
                    day_of_week=day_of_week,
                    start_time=start_time,
                    end_time=end_time,
                    slot_duration=slot_duration,
                    is_active=True,
                    created_at=datetime.now(UTC),
                )
        return doctor

    def race(self, calls: Iterable[Call]) -> list[httpx2.Response]:
        """Send all of these at once; no answer may be slow or a failure of the server."""
        answers = asyncio.run(self._send(list(calls)))
        failures = [answer.text for answer in answers if answer.status_code >= 500]
        assert failures == []
        return answers

    def outcomes(self, calls: Iterable[Call]) -> Counter[str]:
        """How often each thing happened: `ok`, or the code of a refusal."""
        return Counter(map(outcome, self.race(calls)))

    async def _send(self, calls: list[Call]) -> list[httpx2.Response]:
        limits = httpx2.Limits(max_connections=len(calls))
        async with httpx2.AsyncClient(
            base_url=f"{self.address}/api/v1", limits=limits, timeout=SLOWEST_SECONDS
        ) as client:
            async with asyncio.TaskGroup() as group:
                tasks = [
                    group.create_task(
                        client.request(
                            call.method, call.path, headers=call.who.headers, json=call.body
                        )
                    )
                    for call in calls
                ]
            return [task.result() for task in tasks]


def outcome(answer: httpx2.Response) -> str:
    return "ok" if answer.is_success else str(answer.json()["code"])


def coming_day(weeks: int = 1) -> date:
    """A day that is surely in the future."""
    return datetime.now(UTC).date() + timedelta(weeks=weeks)


def wanted(minute_of_day: int, day: date | None = None) -> dict[str, str]:
    return {
        "appointment_date": (day or coming_day()).isoformat(),
        "appointment_time": f"{minute_of_day // 60:02}:{minute_of_day % 60:02}",
    }


def booking_of(patient: Person, doctor: Person, minute_of_day: int) -> Call:
    body = {"doctor_id": doctor.id, "reason": "Regular checkup", **wanted(minute_of_day)}
    return Call(patient, "POST", "/appointments/", body)


def move_to(person: Person, appointment_id: int, minute_of_day: int) -> Call:
    return Call(person, "PUT", f"/appointments/{appointment_id}", wanted(minute_of_day))


def cancellation_of(person: Person, appointment_id: int) -> Call:
    return Call(person, "DELETE", f"/appointments/{appointment_id}")
