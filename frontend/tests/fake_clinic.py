"""A clinic in memory: the people, hours and appointments behind the fake API."""

import secrets
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

Json = dict[str, Any]

PASSWORD: Final = "password123"
MONDAY_MORNING: Final = datetime(2026, 11, 30, 7, 0, tzinfo=UTC)


@dataclass
class FakeSession:
    id: int
    token: str
    csrf_token: str
    user_id: int
    user_agent: str | None
    created_at: datetime


@dataclass
class FakeClinic:
    now: datetime = MONDAY_MORNING
    timezone: str = "UTC"
    users: dict[int, Json] = field(default_factory=dict)
    passwords: dict[int, str] = field(default_factory=dict)
    sessions: dict[str, FakeSession] = field(default_factory=dict)
    schedules: dict[int, Json] = field(default_factory=dict)
    appointments: dict[int, Json] = field(default_factory=dict)
    records: list[Json] = field(default_factory=list)
    invitations: dict[int, Json] = field(default_factory=dict)

    def add_user(self, username: str, *, role: str = "patient", **fields: Any) -> Json:
        """A user whose password is `PASSWORD` unless told otherwise."""
        user_id = len(self.users) + 1
        self.passwords[user_id] = fields.pop("password", PASSWORD)
        user = {
            "id": user_id,
            "username": username,
            "email": f"{username}@example.com",
            "full_name": username.replace("_", " ").title(),
            "phone": None,
            "role": role,
            "specialty": None,
            "timezone": self.timezone,
            "is_active": True,
            "is_approved": True,
            "created_at": stamp(self.now),
        }
        self.users[user_id] = user | fields
        return self.users[user_id]

    def add_session(self, user: Json, user_agent: str | None = None) -> FakeSession:
        session = FakeSession(
            id=1 + max((one.id for one in self.sessions.values()), default=0),
            token=secrets.token_urlsafe(32),
            csrf_token=secrets.token_urlsafe(16),
            user_id=user["id"],
            user_agent=user_agent,
            created_at=self.now,
        )
        self.sessions[session.token] = session
        return session

    def add_schedule(self, doctor: Json, day_of_week: int, **fields: Any) -> Json:
        """Working hours from 9:00 to 17:00 in half hours unless told otherwise."""
        row = {
            "id": len(self.schedules) + 1,
            "doctor_id": doctor["id"],
            "day_of_week": day_of_week,
            "start_time": "09:00",
            "end_time": "17:00",
            "slot_duration": 30,
            "is_active": True,
            "created_at": stamp(self.now),
        }
        self.schedules[row["id"]] = row | fields
        return self.schedules[row["id"]]

    def add_appointment(
        self, doctor: Json, patient: Json, starts_at: datetime, **fields: Any
    ) -> Json:
        """A scheduled visit of 30 minutes unless told otherwise."""
        duration = fields.get("duration", 30)
        local = starts_at.astimezone(ZoneInfo(doctor["timezone"]))
        row = {
            "id": len(self.appointments) + 1,
            "doctor_id": doctor["id"],
            "patient_id": patient["id"],
            "appointment_date": local.date().isoformat(),
            "appointment_time": f"{local:%H:%M}",
            "duration": duration,
            "reason": "Regular checkup",
            "status": "scheduled",
            "starts_at": stamp(starts_at),
            "ends_at": stamp(starts_at + timedelta(minutes=duration)),
            "timezone": doctor["timezone"],
            "created_at": stamp(self.now),
            "updated_at": stamp(self.now),
            "doctor": public(doctor),
            "patient": {name: patient[name] for name in ("id", "full_name", "email", "phone")},
        }
        self.appointments[row["id"]] = row | fields
        return self.appointments[row["id"]]

    def free_slots(self, doctor_id: int, first: date, last: date) -> list[Json]:
        zone = ZoneInfo(self.users[doctor_id]["timezone"])
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        slots = [
            slot
            for day in days
            for row in self.schedules.values()
            if row["doctor_id"] == doctor_id and row["is_active"]
            if row["day_of_week"] == day.weekday()
            for slot in slots_of(row, day, zone)
        ]
        held = [row for row in self.appointments.values() if row["status"] != "cancelled"]
        return [
            slot
            for slot in sorted(slots, key=lambda slot: slot["starts_at"])
            if slot["starts_at"] > stamp(self.now)
            and not any(row["doctor_id"] == doctor_id and overlap(row, slot) for row in held)
        ]


def public(doctor: Json) -> Json:
    return {name: doctor[name] for name in ("id", "full_name", "specialty", "timezone")}


def slots_of(row: Json, day: date, zone: ZoneInfo) -> list[Json]:
    length = timedelta(minutes=row["slot_duration"])
    start = datetime.combine(day, time.fromisoformat(row["start_time"]))
    midnight = row["end_time"] == "24:00"
    end = datetime.combine(day, time(0) if midnight else time.fromisoformat(row["end_time"]))
    count = (end + timedelta(days=midnight) - start) // length
    return [slot_at(start + n * length, length, zone) for n in range(count)]


def slot_at(wall: datetime, length: timedelta, zone: ZoneInfo) -> Json:
    starts_at = wall.replace(tzinfo=zone).astimezone(UTC)
    return {
        "date": wall.date().isoformat(),
        "time": f"{wall:%H:%M}",
        "starts_at": stamp(starts_at),
        "ends_at": stamp(starts_at + length),
        "duration": int(length.total_seconds()) // 60,
    }


def overlap(one: Json, other: Json) -> bool:
    return bool(one["starts_at"] < other["ends_at"] and other["starts_at"] < one["ends_at"])


def stamp(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
