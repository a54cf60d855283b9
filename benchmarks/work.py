"""The work of the hot paths, counted instead of timed: `make check` compares it with work.toml.

    python -m benchmarks.work [--check]

A machine that is busy counts the same. The lines are those that are executed, in the application
and its libraries; they differ a little from one Python to the next. Its instructions would tell
more, but Python 3.12 does not show them.
"""

import argparse
import asyncio
import json
import sys
import threading
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime
from functools import partial
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Any, NamedTuple
from unittest.mock import patch

from pydantic import SecretStr
from sqlalchemy import Dialect, Engine, event
from starlette.types import ASGIApp, Message

from app.core.config import Settings
from app.core.database import open_url
from app.core.security import PasswordHasher
from app.db import schema
from app.db.statements import CompiledStatement, Statement
from app.main import create_app
from app.services import demo
from benchmarks.dataset import TIMEZONE, SignedIn, sign_in
from benchmarks.limits import month_to_compute
from benchmarks.questions import as_person, slots_path
from benchmarks.servers import PRODUCTION, SECRET_KEY

FILE = Path(__file__).with_name("work.toml")
TODAY = date(2026, 6, 1)
NOW = datetime(2026, 6, 1, 5, 0, tzinfo=UTC)
DAYS = 28
TOLERANCE = 1.5
OF_TRANSACTIONS = ("BEGIN", "SAVEPOINT", "RELEASE")
RENEW = "If that is meant, renew it: .venv/bin/python -m benchmarks.work"


class Work(NamedTuple):
    """What a path costs: lines of Python and statements of SQL."""

    lines: int
    statements: int


class Meter:
    """Counts lines in this thread and in those started later, and statements of SQL."""

    def __init__(self) -> None:
        self._is_on = False
        self._lines = 0
        self._statements = 0

    def measure(self, path: Callable[[], object]) -> Work:
        """The work of a call; what is done only once in a process is done before."""
        self._lines = self._statements = 0
        self._is_on = True
        path()
        self._is_on = False
        return Work(self._lines, self._statements)

    @contextmanager
    def attached(self) -> Iterator[None]:
        before, before_in_threads = sys.gettrace(), threading.gettrace()
        event.listen(Engine, "before_cursor_execute", self._count_statement)
        threading.settrace(self._trace)
        sys.settrace(self._trace)
        try:
            with patch.object(Statement, "compiled_for", self._counting(Statement.compiled_for)):
                yield
        finally:
            sys.settrace(before)
            threading.settrace(before_in_threads)
            event.remove(Engine, "before_cursor_execute", self._count_statement)

    def _trace(self, _: FrameType, what: str, __: object) -> Callable[..., Any] | None:
        if not self._is_on:
            return None
        if what == "line":
            self._lines += 1
        return self._trace

    def _counting(
        self, compiled_for: Callable[..., CompiledStatement]
    ) -> Callable[..., CompiledStatement]:
        """Compiled statements, which go to the driver without an event, each time they are run."""

        def count(statement: Statement, dialect: Dialect) -> CompiledStatement:
            form = compiled_for(statement, dialect)
            self._count_statement(None, None, form.text)
            return form

        return count

    def _count_statement(self, _: object, __: object, statement: str, *___: object) -> None:
        if self._is_on and not statement.startswith(OF_TRANSACTIONS):
            self._statements += 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare with work.toml")
    measured = measure()
    if not parser.parse_args().check:
        FILE.write_text(as_toml(measured))
        return 0
    complaints = differences(measured, committed())
    print("\n".join(complaints) or "The hot paths do the work that work.toml says.")
    return 1 if complaints else 0


def measure() -> dict[str, Work]:
    """The work of every hot path, in a clinic that is the same each time."""
    meter = Meter()
    with TemporaryDirectory(prefix="clinic-work-") as folder:
        url = f"sqlite:///{folder}/clinic.db"
        doctors, patient = _open_clinic(url)
        with meter.attached():
            compute = month_to_compute()
            compute()
            computing = meter.measure(compute)
            return {"compute 28 days": computing, **_over_http(meter, url, doctors, patient)}


def differences(measured: Mapping[str, Work], expected: Mapping[str, Work]) -> list[str]:
    """A sentence for each path whose work is not what it was, in either direction."""
    if measured.keys() != expected.keys():
        return [f"{FILE.name} is about other paths. {RENEW}"]
    return [
        f"{path}: {got} {unit} instead of {was}. {RENEW}"
        for path, work in measured.items()
        for unit, got, was, tolerance in zip(
            Work._fields, work, expected[path], (TOLERANCE, 1), strict=True
        )
        if not was / tolerance <= got <= was * tolerance
    ]


def committed() -> dict[str, Work]:
    entries = tomllib.loads(FILE.read_text())
    return {path: Work(**work) for path, work in entries.items()}


def as_toml(measured: Mapping[str, Work]) -> str:
    entries = (
        f'["{path}"]\nlines = {work.lines}\nstatements = {work.statements}\n'
        for path, work in measured.items()
    )
    return "\n".join(entries)


def _over_http(
    meter: Meter, url: str, doctors: Sequence[int], patient: SignedIn
) -> dict[str, Work]:
    """The first request of each kind is not counted: it prepares what all others use."""
    settings = Settings(
        _env_file=None,
        database_url=url,
        secret_key=SecretStr(SECRET_KEY),
        public_url=PRODUCTION["PUBLIC_URL"],
        clinic_timezone=TIMEZONE,
        log_level="CRITICAL",
        writes_per_minute=1_000_000,
        network_writes_per_minute=1_000_000,
    )
    app = create_app(settings, lambda: NOW)

    def search(doctor_id: int) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = _send(app, "GET", slots_path(doctor_id, TODAY, DAYS))
        return found

    def book(slot: dict[str, Any]) -> None:
        body = {
            "doctor_id": doctors[0],
            "appointment_date": slot["date"],
            "appointment_time": slot["time"],
            "reason": "Regular checkup",
        }
        headers = as_person(patient) | {"Idempotency-Key": slot["starts_at"]}
        _send(app, "POST", "/api/v1/appointments/", headers, body)

    def list_own() -> None:
        _send(app, "GET", "/api/v1/appointments/my", as_person(patient))

    with closing(app.state.resources.database):
        *_, slot, other_slot = search(doctors[0])
        search(doctors[0])
        book(slot)
        list_own()
        return {
            "search 28 days": meter.measure(partial(search, doctors[1])),
            "search 28 days again": meter.measure(partial(search, doctors[1])),
            "book": meter.measure(partial(book, other_slot)),
            "list own appointments": meter.measure(list_own),
        }


def _open_clinic(url: str) -> tuple[list[int], SignedIn]:
    """A clinic of demo data: its doctors, and a patient who has signed in."""
    schema.upgrade(url)
    with closing(open_url(url)) as database:
        with database.writing() as session:
            clinic = demo.fill(session, today=TODAY, timezone=TIMEZONE, hasher=PasswordHasher(4))
        (person,) = sign_in(database, [clinic.patients[0].id], NOW)
    return [doctor.id for doctor in clinic.doctors], person


def _send(
    app: ASGIApp,
    method: str,
    address: str,
    headers: Mapping[str, str] | None = None,
    body: dict[str, Any] | None = None,
) -> Any:  # noqa: ANN401 - JSON
    """What the application answers, without a server or a client that would be counted too."""
    content = b"" if body is None else json.dumps(body).encode()
    fields = {"Content-Type": "application/json", "Content-Length": str(len(content))}
    path, _, query = address.partition("?")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "https",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [
            (name.lower().encode(), value.encode())
            for name, value in {**fields, **(headers or {})}.items()
        ],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 2),
    }
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": content, "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))  # type: ignore[arg-type]
    answer = b"".join(message.get("body", b"") for message in sent)
    if sent[0]["status"] >= HTTPStatus.MULTIPLE_CHOICES:
        raise RuntimeError(f"{method} {path} was answered with {answer.decode()}")
    return json.loads(answer)


if __name__ == "__main__":
    sys.exit(main())
