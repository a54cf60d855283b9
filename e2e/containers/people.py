"""People who use the clinic's API, each with a session of their own."""

from datetime import date
from typing import Any, Self

import httpx

from e2e.clinic import PASSWORD

TIMEOUT = 30  # seconds


class Somebody:
    """A person with a session at the API, and a new connection for each request."""

    def __init__(self, api_url: str) -> None:
        self.api = f"{api_url}/api/v1"
        self.headers: dict[str, str] = {}
        self.id = 0

    def register(self, role: str, username: str, email: str, full_name: str) -> Self:
        body = {
            "username": username,
            "email": email,
            "full_name": full_name,
            "password": PASSWORD,
            "role": role,
        }
        self.call("POST", "/auth/register", **body)
        return self.log_in(username)

    def log_in(self, username: str) -> Self:
        answer = self._send("POST", "/auth/login", {"username": username, "password": PASSWORD})
        signed_in = answer.json()
        self.headers["Cookie"] = f"session={answer.cookies['session']}"
        self.headers["X-CSRF-Token"] = signed_in["csrf_token"]
        self.id = int(signed_in["user"]["id"])
        return self

    def call(self, method: str, path: str, **body: object) -> Any:  # noqa: ANN401 - it is JSON
        """Send a request and return what the answer says. Raises `httpx.HTTPStatusError`."""
        return self._send(method, path, body).json()

    def works(self, day_of_week: int, start: str, end: str) -> None:
        hours = {"day_of_week": day_of_week, "start_time": start, "end_time": end}
        self.call("POST", "/schedules/", **hours)

    def books(self, doctor: Self, day: date, time: str) -> dict[str, Any]:
        booked: dict[str, Any] = self.call(
            "POST",
            "/appointments/",
            doctor_id=doctor.id,
            appointment_date=day.isoformat(),
            appointment_time=time,
            reason="Regular checkup",
        )
        return booked

    def appointments(self) -> list[tuple[str, str, str]]:
        """Date, time and status of each appointment, of which there are at most 200."""
        return [
            (each["appointment_date"], each["appointment_time"], each["status"])
            for each in self.call("GET", "/appointments/my?limit=200")
        ]

    def free_times(self, doctor: Self, day: date) -> list[str]:
        path = f"/schedules/doctor/{doctor.id}/available-slots"
        slots = self.call("GET", f"{path}?start_date={day}&end_date={day}")
        return [slot["time"] for slot in slots]

    def _send(self, method: str, path: str, body: dict[str, object]) -> httpx.Response:
        return httpx.request(
            method, self.api + path, json=body or None, headers=self.headers, timeout=TIMEOUT
        ).raise_for_status()
