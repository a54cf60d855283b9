"""The appointments in partitions by doctor, as a national service would keep them: the guards hold.

PostgreSQL only. The doctor's guard is the same constraint as before, for the partition key is in
it. The patient's cannot be: a patient's visits lie in many partitions. It becomes a table of its
own, in partitions by patient, that a trigger writes in the same transaction.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from app.core.database import open_url
from app.db.database import Database
from app.db.writes import insert_unless_refused
from app.domain.people import Role
from app.models.models import Appointment
from tests.integration.diaries import add_person
from tests.people import Visitor, code_of

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
MONDAY = "2026-11-30"
PARTITIONS = 4
RACERS = 16

PARTITION = f"""
ALTER TABLE appointments RENAME TO whole;
CREATE TABLE appointments (LIKE whole INCLUDING DEFAULTS INCLUDING CONSTRAINTS)
    PARTITION BY HASH (doctor_id);
ALTER SEQUENCE appointments_id_seq OWNED BY appointments.id;
DROP TABLE whole;

ALTER TABLE appointments
    ADD PRIMARY KEY (doctor_id, id),
    ADD FOREIGN KEY (doctor_id) REFERENCES users,
    ADD FOREIGN KEY (patient_id) REFERENCES users,
    ADD CONSTRAINT ex_appointments_doctor_overlap EXCLUDE USING gist
        (doctor_id WITH =, tstzrange(starts_at, ends_at) WITH &&) WHERE (status <> 'cancelled');
CREATE INDEX ON appointments (id);
CREATE INDEX ON appointments (patient_id, appointment_date);
CREATE INDEX ON appointments (doctor_id, starts_at) WHERE status <> 'cancelled';

CREATE TABLE patient_time (
    appointment_id bigint NOT NULL,
    patient_id bigint NOT NULL,
    held tstzrange NOT NULL,
    PRIMARY KEY (patient_id, appointment_id),
    CONSTRAINT ex_appointments_patient_overlap EXCLUDE USING gist
        (patient_id WITH =, held WITH &&)
) PARTITION BY HASH (patient_id);

DO $$
BEGIN
    FOR place IN 0..{PARTITIONS - 1} LOOP
        EXECUTE format('CREATE TABLE appointments_%s PARTITION OF appointments'
            ' FOR VALUES WITH (MODULUS {PARTITIONS}, REMAINDER %s)', place, place);
        EXECUTE format('CREATE TABLE patient_time_%s PARTITION OF patient_time'
            ' FOR VALUES WITH (MODULUS {PARTITIONS}, REMAINDER %s)', place, place);
    END LOOP;
END $$;
"""

GUARD_PATIENTS = """
CREATE FUNCTION hold_patient_time() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        DELETE FROM patient_time
        WHERE patient_id = OLD.patient_id AND appointment_id = OLD.id;
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    IF NEW.status <> 'cancelled' THEN
        INSERT INTO patient_time
        VALUES (NEW.id, NEW.patient_id, tstzrange(NEW.starts_at, NEW.ends_at))
        ON CONFLICT DO NOTHING;
        IF NOT FOUND AND TG_OP = 'INSERT' THEN
            RETURN NULL;  -- as ON CONFLICT DO NOTHING does: no row, no error
        ELSIF NOT FOUND THEN
            RAISE EXCEPTION 'the patient is busy' USING ERRCODE = 'exclusion_violation';
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER tr_appointments_patient_time BEFORE INSERT OR UPDATE OR DELETE ON appointments
    FOR EACH ROW EXECUTE FUNCTION hold_patient_time();
"""


def run_script(url: str, script: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(script.encode())


def rows(url: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(query.encode()).fetchall()


@pytest.fixture
def unguarded_url(postgres_databases) -> str:
    """A partitioned clinic in which nothing guards the patients."""
    url: str = postgres_databases.create()
    run_script(url, PARTITION)
    return url


@pytest.fixture
def database_url(unguarded_url) -> str:
    """A partitioned clinic, for the application as it is."""
    run_script(unguarded_url, GUARD_PATIENTS)
    return unguarded_url


@pytest.fixture
def doctors(visitor) -> list[Visitor]:
    return [open_practice(visitor, f"dr_{number}") for number in range(8)]


@pytest.fixture
def john(visitor) -> Visitor:
    return visitor.another().register("john_patient")


@pytest.fixture
def jane(visitor) -> Visitor:
    return visitor.another().register("jane_patient")


def open_practice(visitor: Visitor, name: str) -> Visitor:
    doctor = visitor.another().register(name, role="doctor")
    hours = {"start_time": "09:00", "end_time": "17:00", "slot_duration": 30}
    assert doctor.post("/schedules/", day_of_week=0, **hours).status_code == 201
    return doctor


def book(patient: Visitor, doctor: Visitor, time: str):
    wanted = {"doctor_id": doctor.id, "appointment_date": MONDAY, "appointment_time": time}
    return patient.post("/appointments/", **wanted, reason="Regular checkup")


def booked(patient: Visitor, doctor: Visitor, time: str) -> int:
    answer = book(patient, doctor, time)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


def test_a_doctor_is_not_booked_twice(doctors, john, jane):
    booked(john, doctors[0], "09:00")
    assert code_of(book(jane, doctors[0], "09:00")) == (409, "slot_taken")


def test_a_patient_is_not_booked_twice(doctors, john):
    booked(john, doctors[0], "09:00")
    assert code_of(book(john, doctors[1], "09:00")) == (409, "patient_busy")
    booked(john, doctors[1], "09:30")


def test_a_refused_booking_holds_no_time(doctors, john, jane):
    booked(john, doctors[0], "09:00")
    assert code_of(book(jane, doctors[0], "09:00")) == (409, "slot_taken")
    booked(jane, doctors[1], "09:00")


def test_a_cancelled_visit_frees_both_parties(doctors, john, jane):
    visit = booked(john, doctors[0], "09:00")
    assert john.delete(f"/appointments/{visit}").status_code == 200
    booked(jane, doctors[0], "09:00")
    booked(john, doctors[1], "09:00")


def test_a_move_is_guarded_like_a_booking(doctors, john):
    booked(john, doctors[0], "09:00")
    visit = booked(john, doctors[1], "10:00")

    def move(time: str):
        return john.put(f"/appointments/{visit}", appointment_date=MONDAY, appointment_time=time)

    assert code_of(move("09:00")) == (409, "patient_busy")
    assert move("11:00").status_code == 200
    booked(john, doctors[2], "10:00")
    assert code_of(book(john, doctors[3], "11:00")) == (409, "patient_busy")


def test_the_visits_lie_in_several_partitions(doctors, john, database_url):
    for number, doctor in enumerate(doctors):
        booked(john, doctor, f"{9 + number}:00".zfill(5))
    partitions = rows(database_url, "SELECT DISTINCT tableoid::regclass::text FROM appointments")
    assert len(partitions) > 1


def test_a_doctors_diary_is_read_from_one_partition(database_url):
    plan = rows(database_url, "EXPLAIN SELECT * FROM appointments WHERE doctor_id = 1")
    scanned = {line for (line,) in plan if " on appointments_" in line}
    assert len(scanned) == 1


def test_a_patients_guard_cannot_be_a_constraint_of_this_table(unguarded_url):
    guard = (
        "ALTER TABLE appointments ADD EXCLUDE USING gist"
        " (patient_id WITH =, tstzrange(starts_at, ends_at) WITH &&)"
    )
    with pytest.raises(psycopg.errors.FeatureNotSupported):
        run_script(unguarded_url, guard)


@pytest.fixture
def race(database_url) -> Iterator[Callable[..., int]]:
    with closing(open_url(database_url, pool_size=RACERS)) as database:
        yield lambda **same: winners(database, **same)


@pytest.mark.parametrize("same", ["doctor", "patient"])
def test_one_of_many_gets_the_time(race, same):
    assert race(same=same) == 1


def test_without_the_trigger_a_patient_is_booked_many_times(unguarded_url):
    with closing(open_url(unguarded_url, pool_size=RACERS)) as database:
        assert winners(database, same="patient") == RACERS


def winners(database: Database, *, same: str) -> int:
    """How many of the racers, with the same doctor or the same patient, get the same time."""
    with database.writing() as session:
        doctors = [add_person(session, Role.DOCTOR, now=NOW).id for _ in range(RACERS)]
        patients = [add_person(session, Role.PATIENT, now=NOW).id for _ in range(RACERS)]
    if same == "doctor":
        doctors = doctors[:1] * RACERS
    else:
        patients = patients[:1] * RACERS
    with ThreadPoolExecutor(RACERS) as threads:
        ids = threads.map(
            lambda parties: hold(database, *parties), zip(doctors, patients, strict=True)
        )
        return sum(found is not None for found in ids)


def hold(database: Database, doctor_id: int, patient_id: int) -> int | None:
    """Insert a visit as the application does; None when it was refused."""
    starts_at = NOW + timedelta(days=7)
    values = {
        "doctor_id": doctor_id,
        "patient_id": patient_id,
        "appointment_date": starts_at.date(),
        "appointment_time": starts_at.hour * 60,
        "duration": 30,
        "reason": "Regular checkup",
        "status": "scheduled",
        "starts_at": starts_at,
        "ends_at": starts_at + timedelta(minutes=30),
        "created_at": NOW,
        "updated_at": NOW,
    }
    with database.writing() as session:
        return insert_unless_refused(session, Appointment, values)
