"""`/metrics`: what is counted, and who may read it."""

from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy.exc import OperationalError

from app.core.config import Settings
from app.core.database import open_url
from app.db.database import Database
from app.domain.people import COMMAND_LINE
from app.main import create_app
from app.services import audit
from app.services.audit import AuditEvent
from app.worker import Worker
from tests.api.clinic import Clinic, booking, open_clinic
from tests.conftest import FakeClock
from tests.databases import Databases
from tests.integration.servers import serving
from tests.people import Visitor, code_of

LOOPBACK = ("127.0.0.1", 50000)
APPOINTMENTS = "/appointments/"
SLOTS = "/schedules/doctor/{doctor_id}/available-slots"
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def read(text: str) -> Samples:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(samples: Samples, name: str, **labels: str) -> float:
    return samples.get((name, frozenset(labels.items())), 0)


@pytest.fixture
def scrape(settings: Settings, clock: FakeClock) -> Callable[[], Samples]:
    """Reads the metrics, from this machine. The counts of all tests of a process add up."""

    def get() -> Samples:
        with TestClient(create_app(settings, clock), client=LOOPBACK) as client:
            answer = client.get("/metrics")
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/plain")
        return read(answer.text)

    return get


def growth(scrape: Callable[[], Samples], do: Callable[[], object]) -> Callable[..., float]:
    """What a call adds to each metric."""
    before = scrape()
    do()
    after = scrape()
    return lambda name, **labels: value(after, name, **labels) - value(before, name, **labels)


@pytest.mark.parametrize("has_fast_routes", [True, False])
def test_requests_are_counted_alike_on_both_paths(
    settings: Settings, clock: FakeClock, scrape: Callable[[], Samples], has_fast_routes: bool
):
    app = create_app(settings, clock, has_fast_routes=has_fast_routes)
    with TestClient(app, base_url="http://testserver") as client:
        clinic = open_clinic(Visitor(client), app.state.resources.database)
        day = {"start_date": "2026-11-30", "end_date": "2026-11-30"}

        def book(key: str):
            body = booking(clinic.smith, time="10:00")
            headers = {"Idempotency-Key": key}
            return clinic.jane.call("POST", "/appointments/", json=body, headers=headers)

        def visit() -> None:
            for _ in range(3):
                path = f"/schedules/doctor/{clinic.smith.id}/available-slots"
                assert clinic.john.get(path, **day).status_code == 200
            for _ in range(2):  # the second one is answered with the first one's reply
                assert book("key").status_code == 201
            assert code_of(book("new")) == (409, "slot_taken")
            assert clinic.jane.get("/appointments/my").status_code == 200

        grown = growth(scrape, visit)

    def requests(method: str, route: str, status: str) -> float:
        labels = {"method": method, "route": route, "status": status}
        return grown("clinic_http_requests_total", **labels)

    assert [
        requests("GET", SLOTS, "200"),
        requests("POST", APPOINTMENTS, "201"),
        requests("POST", APPOINTMENTS, "409"),
        requests("GET", "/appointments/my", "200"),
    ] == [3, 2, 1, 1]
    of_slots = {"method": "GET", "route": SLOTS}
    assert grown("clinic_http_request_duration_seconds_count", **of_slots) == 3
    assert grown("clinic_http_request_duration_seconds_bucket", **of_slots, le="+Inf") == 3
    assert grown("clinic_bookings_total") == 1
    assert grown("clinic_refusals_total", code="slot_taken") == 1


def test_no_sender_makes_up_labels(clinic: Clinic, scrape: Callable[[], Samples]):
    client = clinic.anonymous.client

    def send() -> None:
        for number in range(3):
            client.request(f"MADE{number}", f"/made/up/{number}")
            client.get(f"/made/up/{number}")

    before = scrape().keys()
    client.request("MADE", "/made")
    client.get("/made")
    grown = growth(scrape, send)
    labels = {"route": "unrouted", "status": "404"}
    assert grown("clinic_http_requests_total", method="GET", **labels) == 3
    new = {dict(labels).get("method") for _, labels in scrape().keys() - before}
    assert new <= {None, "GET", "other"}


@pytest.mark.parametrize(
    ("allowed", "host", "headers", "status"),
    [
        (None, "127.0.0.1", {}, 200),
        (None, "127.8.8.8", {}, 200),
        (None, "::1", {}, 200),
        (None, "::ffff:127.0.0.1", {}, 200),
        (None, "192.0.2.7", {}, 404),
        (None, "2001:db8::1", {}, 404),
        (None, "testclient", {}, 404),
        (None, "127.0.0.1", {"X-Forwarded-For": "192.0.2.7"}, 404),
        (None, "127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}, 404),
        (None, "127.0.0.1", {"Forwarded": "for=192.0.2.7"}, 404),
        (None, "192.0.2.7", {"X-Forwarded-For": "127.0.0.1"}, 404),
        (("192.0.2.0/24",), "192.0.2.7", {}, 200),
        (("192.0.2.0/24",), "127.0.0.1", {}, 404),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "HEAD"])
def test_to_all_but_allowed_networks_there_is_nothing(
    settings: Settings,
    clock: FakeClock,
    allowed: tuple[str, ...] | None,
    host: str,
    headers: dict[str, str],
    status: int,
    method: str,
):
    changes = {"trusted_proxies": ("127.0.0.1", "192.0.2.7")}
    if allowed is not None:
        changes["metrics_allow"] = allowed
    app = create_app(settings.model_copy(update=changes), clock)
    with TestClient(app, client=(host, 50000)) as client:
        answer = client.request(method, "/metrics", headers=headers)
        elsewhere = client.request(method, "/nothing-here", headers=headers)
        slash = client.get("/metrics/", headers=headers, follow_redirects=False)
    if status == 404:
        assert (answer.status_code, answer.text) == (404, elsewhere.text)
        assert slash.status_code == 404
    else:
        assert answer.status_code == (405 if method == "POST" else 200)


def test_it_tells_what_is_due_and_what_workers_did(
    clock: FakeClock, database: Database, scrape: Callable[[], Samples]
):
    with database.writing() as session:
        audit.record(session, AuditEvent("x", "y"), by=COMMAND_LINE, now=clock.now)
    clock.now += timedelta(seconds=90)
    samples = scrape()
    assert value(samples, "clinic_database_up") == 1
    assert value(samples, "clinic_job_oldest_due_seconds", job="sealing") == 90
    assert value(samples, "clinic_job_last_run_timestamp_seconds", job="sealing") == 0

    Worker(database, clock=clock).run_due()
    samples = scrape()
    assert value(samples, "clinic_job_oldest_due_seconds", job="sealing") == 0
    assert value(samples, "clinic_job_done_total", job="sealing") == 1
    assert value(samples, "clinic_job_failures_total", job="sealing") == 0
    ran_at = value(samples, "clinic_job_last_run_timestamp_seconds", job="sealing")
    assert ran_at == clock.now.timestamp()
    jobs = {dict(labels)["job"] for name, labels in samples if name == "clinic_job_done_total"}
    assert jobs == {"sealing", "audit-head", "sessions", "attempts", "replies", "invitations"}


def test_it_is_read_while_the_database_is_away(
    scrape: Callable[[], Samples], monkeypatch: pytest.MonkeyPatch
):
    def fail(*_: object) -> None:
        raise OperationalError("SELECT", None, Exception("gone"))

    monkeypatch.setattr("app.api.metrics.list_statuses", fail)
    samples = scrape()
    assert samples["clinic_database_up", frozenset()] == 0
    assert "clinic_job_done_total" not in {name for name, _ in samples}


def test_what_several_processes_count_is_added_up(postgres_databases: Databases, tmp_path: Path):
    """Each connection may reach another process."""
    url = postgres_databases.create()
    with closing(open_url(url)), serving("app.cli", url, tmp_path, "2") as address:

        def get(path: str) -> str:
            with httpx2.Client(base_url=address, trust_env=False) as client:
                return client.get(path).text

        labels = {"method": "GET", "route": "/users/doctors", "status": "200"}
        for _ in range(20):
            assert get("/api/v1/users/doctors") == "[]"
        seen = {
            value(read(get("/metrics")), "clinic_http_requests_total", **labels) for _ in range(6)
        }
    assert seen == {20}
