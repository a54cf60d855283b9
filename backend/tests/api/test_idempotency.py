"""A booking that is sent twice under one Idempotency-Key is made once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import func, select

from app.db.writes import try_lock
from app.http.errors import RequestInFlight
from app.http.idempotency import KeysInFlight, run_once
from app.models.models import Appointment
from tests.api.clinic import MONDAY, Clinic, booking
from tests.conftest import MONDAY_MORNING
from tests.people import Visitor, code_of

KEY = "6f1c2c1e-3d0a-4f3b-9f55-0d6f5d5d9c11"


def book(patient: Visitor, doctor: Visitor, key: str | None, **wanted):
    headers = {} if key is None else {"Idempotency-Key": key}
    return patient.call("POST", "/appointments/", json=booking(doctor, **wanted), headers=headers)


def count(database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(Appointment))


def test_the_same_key_and_body_get_the_stored_reply(clinic: Clinic, database):
    before = count(database)
    first = book(clinic.john, clinic.smith, KEY, time="10:00")
    again = book(clinic.john, clinic.smith, KEY, time="10:00")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert count(database) == before + 1


def test_without_a_key_the_second_one_is_refused(clinic: Clinic):
    """The control: it is the key that makes the difference."""
    assert book(clinic.john, clinic.smith, None, time="10:00").status_code == 201
    assert code_of(book(clinic.john, clinic.smith, None, time="10:00")) == (409, "slot_taken")


def test_another_body_under_the_same_key_is_refused(clinic: Clinic, database):
    assert book(clinic.john, clinic.smith, KEY, time="10:00").status_code == 201
    before = count(database)
    reused = book(clinic.john, clinic.smith, KEY, time="11:00")
    assert code_of(reused) == (422, "idempotency_key_reused")
    assert count(database) == before


def test_a_key_belongs_to_a_person(clinic: Clinic):
    first = book(clinic.john, clinic.smith, KEY, time="10:00")
    other = book(clinic.jane, clinic.smith, KEY, time="11:00")
    assert (first.status_code, other.status_code) == (201, 201)
    assert other.json()["patient_id"] == clinic.jane.id


def test_a_refusal_is_not_stored(clinic: Clinic):
    assert code_of(book(clinic.jane, clinic.smith, KEY, time="09:00")) == (409, "slot_taken")
    assert clinic.john.delete(f"/appointments/{clinic.visit}").status_code == 200
    assert book(clinic.jane, clinic.smith, KEY, time="09:00").status_code == 201


def test_a_reply_is_kept_for_24_hours(clinic: Clinic, clock):
    first = book(clinic.john, clinic.smith, KEY, time="10:00")
    clock.advance(hours=11, minutes=59)
    clinic.john.log_in("john_patient")
    clock.advance(hours=11, minutes=59)
    clinic.john.log_in("john_patient")
    assert book(clinic.john, clinic.smith, KEY, time="10:00").json() == first.json()
    clock.advance(minutes=2)
    assert code_of(book(clinic.john, clinic.smith, KEY, time="10:00")) == (409, "slot_taken")


def test_after_24_hours_the_key_is_a_new_one(clinic: Clinic, database):
    """Even if nobody has logged in since, which forgets old replies."""

    def answer(number: int, *, hours: int) -> str:
        with database.writing() as session:
            return run_once(
                session,
                user_id=clinic.john.id,
                key=KEY,
                request=str(number),
                now=MONDAY_MORNING + timedelta(hours=hours),
                answer=lambda: f"answer {number}",
            )

    assert [answer(1, hours=0), answer(1, hours=23), answer(2, hours=24), answer(2, hours=47)] == [
        "answer 1",
        "answer 1",
        "answer 2",
        "answer 2",
    ]


@pytest.mark.parametrize("key", ["", " ", "a" * 129, "né"])
def test_a_key_is_printable_and_short(clinic: Clinic, key: str):
    answer = clinic.john.client.post(
        "/api/v1/appointments/",
        json=booking(clinic.smith, day=MONDAY, time="10:00"),
        headers={"X-CSRF-Token": clinic.john.csrf_token, "Idempotency-Key": key.encode()},
    )
    assert code_of(answer) == (422, "invalid_input")


@pytest.mark.parametrize("query", [{}, {"plain": ""}], ids=["fast route", "plain route"])
def test_while_the_first_one_is_under_way_the_second_is_told_so(
    clinic: Clinic, query: dict[str, str]
):
    keys = clinic.john.client.app.state.resources.keys
    request = {"json": booking(clinic.smith, time="10:00"), "params": query}

    def book_with(key: str):
        headers = {"Idempotency-Key": key}
        return clinic.john.call("POST", "/appointments/", headers=headers, **request)

    with keys.claimed(clinic.john.id, KEY):
        assert code_of(book_with(KEY)) == (409, "request_in_flight")
        assert book(clinic.jane, clinic.smith, KEY, time="11:00").status_code == 201
    assert book_with(KEY).status_code == 201


@pytest.mark.parametrize("running", ["postgresql"], indirect=True)
def test_another_process_that_works_on_the_first_one_is_noticed(clinic: Clinic, database):
    """On SQLite it cannot be: there the second one waits for the first, and gets its reply."""
    with database.writing() as session:
        assert try_lock(session, f"reply:{clinic.john.id}:{KEY}")
        answer = book(clinic.john, clinic.smith, KEY, time="10:00")
    assert code_of(answer) == (409, "request_in_flight")
    assert book(clinic.john, clinic.smith, KEY, time="10:00").status_code == 201


def test_of_many_at_once_one_works_on_a_key():
    keys, together = KeysInFlight(), Barrier(16)

    def claim(_: int) -> bool:
        together.wait()
        try:
            with keys.claimed(1, KEY):
                together.wait()
        except RequestInFlight:
            together.wait()
            return False
        return True

    with ThreadPoolExecutor(16) as threads:
        assert sum(threads.map(claim, range(16))) == 1
    with keys.claimed(1, KEY):
        pass
