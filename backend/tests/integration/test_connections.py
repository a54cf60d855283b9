"""No request waits for a connection that other waiting requests hold."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from fastapi.testclient import TestClient

from app.core.config import Settings
from app.main import create_app
from tests.conftest import FakeClock
from tests.people import Visitor

THREADS = 16
READERS = 64
MONDAY = "2026-11-30"


@pytest.fixture
def doctor(settings: Settings, clock: FakeClock):
    """A doctor with a visit to read of, at a server with more threads than usual."""
    busy = settings.model_copy(update={"worker_threads": THREADS})
    with TestClient(create_app(busy, clock), base_url="http://testserver") as client:
        doctor = Visitor(client).register("dr_smith", role="doctor")
        doctor.post("/schedules/", day_of_week=0, start_time="09:00", end_time="11:00")
        doctor.another().register("john_patient").post(
            "/appointments/",
            doctor_id=doctor.id,
            appointment_date=MONDAY,
            appointment_time="09:00",
            reason="Regular checkup",
        )
        yield doctor


def test_reading_and_recording_it_at_once_never_exhausts_the_connections(doctor: Visitor):
    """Each of these holds the connection it reads on while it asks for one to record that."""
    with ThreadPoolExecutor(READERS) as readers:
        answers = list(readers.map(lambda _: doctor.get("/appointments/my"), range(READERS)))
    assert [len(answer.json()) for answer in answers] == [1] * READERS
