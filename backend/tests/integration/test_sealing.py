"""Sealing and verifying the audit log: tampering is named, and nothing is sealed twice.

Whoever tampers here owns the database: the triggers that refuse changes are off.
"""

import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from threading import Barrier

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.core.database import open_url
from app.crud import crud_audit, crud_job
from app.db.database import AUDIT_KEYS, Database
from app.domain.audit_chain import AuditKeys, mac_of
from app.domain.people import Actor, Origin, Role
from app.models.models import AuditPatient, AuditRecord, AuditSeal
from app.services import audit, sealing
from app.services.audit import AuditEvent
from app.services.sealing import Fault, Verification
from tests.api import tables
from tests.conftest import MONDAY_MORNING
from tests.databases import Databases

BACKEND = Path(__file__).parents[2]
DOCTOR = Actor(1, Role.DOCTOR, Origin("127.0.0.1", "request"))
LISTED = 3
"""The record that lists several patients."""

Tamper = Callable[[Session], object]


def record(database: Database, count: int = 1, **event: object) -> None:
    with database.writing() as session:
        events = [AuditEvent("diary.read", "user", number, **event) for number in range(count)]
        audit.record(session, *events, by=DOCTOR, now=MONDAY_MORNING)


def seal_all(database: Database, *, is_thorough: bool = True) -> list[int]:
    """Seal every record; how many went into each batch."""
    batches = []
    while not batches or batches[-1]:
        with database.writing() as session:
            batches.append(sealing.seal(session, is_thorough=is_thorough))
    return batches[:-1]


def verify(database: Database, noted_head: str | None = None) -> Verification:
    with database.reading() as session:
        return sealing.verify(session, noted_head=noted_head)


def head(database: Database) -> str:
    with database.reading() as session:
        return sealing.head_of(session).hash


def sealed_ids(database: Database) -> list[int]:
    with database.reading() as session:
        return list(session.scalars(select(AuditSeal.record_id).order_by(AuditSeal.sequence)))


@pytest.fixture
def sealed(database: Database) -> Database:
    """Six sealed records, of which the third lists three patients, and two that are not sealed."""
    record(database, 2)
    record(database, patient_ids=frozenset({11, 12, 13}))
    record(database, 3)
    assert seal_all(database) == [6]
    record(database, 2)
    return database


def fault_after(database: Database, tamper: Tamper) -> Fault | None:
    """What verification finds when somebody has changed the log; everything is put back then."""
    with database.writing() as session:
        with tables.without_guard(session):
            tamper(session)
            session.flush()
        found = sealing.verify(session).fault
        session.rollback()
    return found


def change(record_id: int, **values: object) -> Tamper:
    return lambda session: session.execute(
        update(AuditRecord).where(AuditRecord.id == record_id).values(values)
    )


def change_seal(number: int, **values: object) -> Tamper:
    return lambda session: session.execute(
        update(AuditSeal).where(AuditSeal.sequence == number).values(values)
    )


def remove(record_id: int) -> Tamper:
    """Remove a record with the patients that it lists, as the foreign key demands."""

    def tamper(session: Session) -> None:
        session.execute(delete(AuditPatient).where(AuditPatient.record_id == record_id))
        session.execute(delete(AuditRecord).where(AuditRecord.id == record_id))

    return tamper


def remove_seal(sequence: int) -> Tamper:
    return lambda session: session.execute(delete(AuditSeal).where(AuditSeal.sequence == sequence))


def swap(one: int, other: int) -> Tamper:
    def tamper(session: Session) -> None:
        for old, new in ((one, 0), (other, one), (0, other)):
            change(old, id=new)(session)

    return tamper


def swap_contents(one: int, other: int) -> Tamper:
    """Swap two records with all that signs them."""

    def tamper(session: Session) -> None:
        rows = {
            row.id: {**row._mapping}
            for row in session.execute(
                select(AuditRecord.__table__).where(AuditRecord.id.in_([one, other]))
            )
        }
        change(one, **rows[other] | {"id": one})(session)
        change(other, **rows[one] | {"id": other})(session)

    return tamper


def copy(record_id: int, new_id: int) -> Tamper:
    def tamper(session: Session) -> None:
        table = AuditRecord.__table__
        row = session.execute(select(table).where(table.c.id == record_id)).mappings().one()
        session.execute(insert(table).values(dict(row) | {"id": new_id}))

    return tamper


def forge(session: Session) -> None:
    """Add a record that is signed with a key that the clinic does not have."""
    keys = AuditKeys([b"not the clinic's secret"])
    values = {
        "key_id": keys.current.id,
        "nonce": "0" * 32,
        "at": MONDAY_MORNING,
        "actor_id": 1,
        "actor_role": "doctor",
        "address": None,
        "action": "diary.read",
        "resource_type": "user",
        "resource_id": None,
        "patient_id": None,
        "fields": "",
        "outcome": "ok",
        "request_id": None,
        "patient_ids": [],
    }
    values["mac"] = mac_of(values, keys.current.key)
    del values["patient_ids"]
    session.execute(insert(AuditRecord).values(id=100, **values))


def forge_with_a_known_name(session: Session) -> None:
    forge(session)
    key_id = session.info[AUDIT_KEYS].current.id
    change(100, key_id=key_id)(session)


PATIENTS_OF_LISTED = AuditPatient.record_id == LISTED


def test_an_untouched_log_is_whole(sealed: Database):
    found = verify(sealed)
    assert (found.fault, found.head.sequence, found.unsealed) == (None, 6, 2)
    assert fault_after(sealed, lambda _: None) is None


def test_an_empty_log_is_whole(database: Database):
    found = verify(database)
    assert (found.fault, found.head, found.unsealed) == (None, sealing.NO_SEAL, 0)


EDITS = {
    "at": MONDAY_MORNING + timedelta(microseconds=1),
    "actor_id": 2,
    "actor_role": "admin",
    "address": None,
    "action": "appointment.read",
    "resource_type": "appointment",
    "resource_id": 77,
    "patient_id": 5,
    "fields": "role",
    "outcome": "not_found",
    "request_id": "other",
    "nonce": "0" * 32,
    "key_id": None,
    "mac": "0" * 64,
}


def test_every_column_of_a_record_is_covered():
    assert EDITS.keys() == {column.name for column in AuditRecord.__table__.c} - {"id"}


@pytest.mark.parametrize("record_id", [2, 7], ids=["sealed", "unsealed"])
@pytest.mark.parametrize("field", EDITS)
def test_an_edited_record_is_named(sealed: Database, record_id: int, field: str):
    found = fault_after(sealed, change(record_id, **{field: EDITS[field]}))
    assert found == Fault("Record", record_id)


@pytest.mark.parametrize(
    ("tamper", "fault"),
    [
        pytest.param(remove(2), Fault("Record", 2), id="removed"),
        pytest.param(remove(6), Fault("Record", 6), id="the last sealed one removed"),
        pytest.param(swap(1, 2), Fault("Record", 1), id="ids swapped"),
        pytest.param(swap_contents(4, 5), Fault("Record", 4), id="contents swapped"),
        pytest.param(swap_contents(5, 7), Fault("Record", 5), id="put in an unsealed one's place"),
        pytest.param(change(4, id=99), Fault("Record", 4), id="renumbered"),
        pytest.param(copy(2, 99), Fault("Record", 99), id="copied"),
        pytest.param(copy(2, -5), Fault("Record", 2), id="copied before all"),
        pytest.param(remove_seal(3), Fault("Seal", 3), id="seal removed"),
        pytest.param(remove_seal(1), Fault("Seal", 1), id="first seal removed"),
        pytest.param(change_seal(2, hash="f" * 64), Fault("Record", 2), id="seal edited"),
        pytest.param(change_seal(2, previous_hash="f" * 64), Fault("Seal", 2), id="link edited"),
        pytest.param(change_seal(6, record_id=7), Fault("Record", 7), id="seal moved"),
        pytest.param(change_seal(6, key_id=None), Fault("Record", 6), id="seal of no key"),
        pytest.param(change_seal(6, sequence=0), Fault("Seal", 1), id="seal before the first"),
        pytest.param(
            lambda s: s.execute(insert(AuditPatient).values(record_id=2, patient_id=1)),
            Fault("Record", 2),
            id="a patient added to a record",
        ),
        pytest.param(
            lambda s: s.execute(insert(AuditPatient).values(record_id=7, patient_id=1)),
            Fault("Record", 7),
            id="a patient added to an unsealed record",
        ),
        pytest.param(
            lambda s: s.execute(insert(AuditPatient).values(record_id=LISTED, patient_id=1)),
            Fault("Record", LISTED),
            id="a patient added to a list",
        ),
        pytest.param(
            lambda s: s.execute(
                delete(AuditPatient).where(PATIENTS_OF_LISTED, AuditPatient.patient_id == 12)
            ),
            Fault("Record", LISTED),
            id="a patient removed",
        ),
        pytest.param(
            lambda s: s.execute(delete(AuditPatient).where(PATIENTS_OF_LISTED)),
            Fault("Record", LISTED),
            id="all patients removed",
        ),
        pytest.param(
            lambda s: s.execute(
                update(AuditPatient)
                .where(PATIENTS_OF_LISTED, AuditPatient.patient_id == 12)
                .values(patient_id=112)
            ),
            Fault("Record", LISTED),
            id="a patient exchanged",
        ),
        pytest.param(forge_with_a_known_name, Fault("Record", 100), id="forged"),
    ],
)
def test_verification_names_what_was_tampered_with(sealed: Database, tamper: Tamper, fault: Fault):
    assert fault_after(sealed, tamper) == fault


def test_a_record_of_an_unknown_key_is_named_with_the_key(sealed: Database):
    key_id = AuditKeys([b"not the clinic's secret"]).current.id
    assert fault_after(sealed, forge) == Fault("Record", 100, key_id)


def cut_off(count: int) -> Tamper:
    """Remove the newest records and seals."""

    def tamper(session: Session) -> None:
        last = session.scalar(select(func.max(AuditSeal.sequence))) - count
        gone = select(AuditSeal.record_id).where(AuditSeal.sequence > last)
        first = session.scalar(select(func.min(gone.subquery().c.record_id)))
        session.execute(delete(AuditSeal).where(AuditSeal.sequence > last))
        session.execute(delete(AuditRecord).where(AuditRecord.id >= first))

    return tamper


def test_a_noted_head_proves_that_the_end_was_not_cut_off(sealed: Database):
    noted = head(sealed)
    with sealed.writing() as session, tables.without_guard(session):
        cut_off(2)(session)
    found = verify(sealed)
    assert (found.fault, found.lacks_noted_head) == (None, False)  # why heads are noted
    assert verify(sealed, noted).lacks_noted_head


def test_a_noted_head_stays_when_the_log_grows(sealed: Database):
    noted = head(sealed)
    assert seal_all(sealed) == [2]
    assert head(sealed) != noted
    assert not verify(sealed, noted).lacks_noted_head
    assert not verify(sealed, sealing.NO_SEAL.hash).lacks_noted_head
    assert verify(sealed, "0" * 63 + "1").lacks_noted_head


def test_records_of_former_keys_are_verified_with_them(databases: Databases):
    url = databases.create()
    for secrets in ([b"old"], [b"new", b"old"], [b"newest", b"new", b"old"]):
        with closing(open_url(url, secrets=secrets)) as database:
            record(database, 2)
            with database.writing() as session:
                sealing.seal(session)
            record(database)
            assert verify(database).fault is None
    old = AuditKeys([b"old"]).current.id
    with closing(open_url(url, secrets=[b"newest", b"new"])) as database:
        assert verify(database).fault == Fault("Record", 1, old)


def test_the_name_of_a_key_does_not_change():
    """Records refer to it for as long as they are kept."""
    assert AuditKeys([b"unsigned"]).current.id == "ec9398709034cced"


def test_a_record_that_is_committed_late_is_sealed_late(postgres_databases: Databases):
    """Its id is older than those that were sealed meanwhile."""
    with closing(open_url(postgres_databases.create())) as database:
        with database.writing() as late:
            audit.record(late, AuditEvent("diary.read", "user"), by=DOCTOR, now=MONDAY_MORNING)
            record(database)
            assert seal_all(database, is_thorough=False) == [1]
        assert verify(database).unsealed == 1
        assert seal_all(database, is_thorough=False) == [1]
        assert sealed_ids(database) == [2, 1]
        assert verify(database).fault is None


def test_a_record_that_is_committed_very_late_is_found_by_a_thorough_search(
    database: Database, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(crud_audit, "LATE_RECORDS", 2)
    record(database, 5)
    with database.writing() as session, tables.without_guard(session):
        seal_all_but_first(session)
    assert seal_all(database, is_thorough=False) == []
    assert seal_all(database, is_thorough=True) == [1]
    assert sealed_ids(database) == [2, 3, 4, 5, 1]


def seal_all_but_first(session: Session) -> None:
    """As if the first record had been committed only now."""
    row = session.execute(select(AuditRecord.__table__).where(AuditRecord.id == 1)).mappings().one()
    remove(1)(session)
    assert sealing.seal(session, is_thorough=True) == 4
    session.execute(insert(AuditRecord).values(dict(row)))


@pytest.fixture
def postgres(postgres_databases: Databases) -> Iterator[Database]:
    with closing(open_url(postgres_databases.create())) as database:
        record(database, 10)
        yield database


def test_while_somebody_is_sealing_nobody_else_is(postgres: Database):
    with postgres.writing() as first, postgres.writing() as second:
        assert (sealing.seal(first), sealing.seal(second)) == (10, 0)
    assert sealed_ids(postgres) == list(range(1, 11))
    assert verify(postgres).fault is None


def test_without_the_lock_a_second_sealer_is_refused(
    postgres: Database, monkeypatch: pytest.MonkeyPatch
):
    """The control: both seal the same then, and the keys of the table keep the chain whole."""
    monkeypatch.setattr(crud_audit, "lock_chain", lambda _: True)
    with ThreadPoolExecutor(1) as sealers, postgres.writing() as first:
        assert sealing.seal(first) == 10
        second = sealers.submit(seal_all, postgres)
        wait_for_a_lock(postgres)
        first.commit()
        with pytest.raises(IntegrityError):
            second.result()
    assert sealed_ids(postgres) == list(range(1, 11))
    assert verify(postgres).fault is None


def wait_for_a_lock(database: Database) -> None:
    """Wait until somebody waits for somebody else's transaction."""
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'"
    with database.engine.connect() as connection:
        while connection.exec_driver_sql(waiting).scalar() == 0:
            connection.rollback()


def test_many_sealers_and_writers_leave_one_chain(database: Database):
    together = Barrier(6, timeout=60)

    def write(_: int) -> None:
        together.wait()
        for _ in range(20):
            record(database, 2)

    def seal(_: int) -> None:
        together.wait()
        for _ in range(30):
            with database.writing() as session:
                sealing.seal(session)

    with ThreadPoolExecutor(6) as threads:
        for done in [threads.submit(work, number) for work in (write, seal) for number in range(3)]:
            assert done.result() is None
    seal_all(database)
    assert sorted(sealed_ids(database)) == list(range(1, 121))
    assert (verify(database).fault, verify(database).unsealed) == (None, 0)


KILLED = """
import os, sys
from app.core.database import open_url
from app.crud import crud_audit
from app.services import sealing
database = open_url(sys.argv[1])
append = crud_audit.append_seals
def append_and_die(session, rows):
    append(session, rows)
    if sys.argv[2] == "before":
        os._exit(9)
crud_audit.append_seals = append_and_die
with database.writing() as session:
    sealing.seal(session)
os._exit(9)
"""


@pytest.mark.parametrize(("moment", "left"), [("before", [5]), ("after", [])])
def test_a_sealer_that_is_killed_loses_nothing_and_seals_nothing_twice(
    database: Database, database_url: str, moment: str, left: list[int]
):
    """Before its commit, and after it."""
    record(database, 5)
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, database_url, moment], cwd=BACKEND, check=False
    )
    assert killed.returncode == 9
    assert seal_all(database) == left
    assert sealed_ids(database) == [1, 2, 3, 4, 5]
    assert (verify(database).fault, verify(database).unsealed) == (None, 0)


def note_worker(database: Database, **after: float) -> None:
    with database.writing() as session:
        ran_at = MONDAY_MORNING + timedelta(**after)
        crud_job.add_run(
            session, sealing.SEALING, ran_at=ran_at, succeeded_at=None, done=0, failures=0
        )


def test_a_record_is_overdue_when_a_worker_left_it_for_a_minute(database: Database):
    record(database)
    assert verify(database).overdue_since is None
    note_worker(database, seconds=60)
    assert verify(database).overdue_since is None
    note_worker(database, seconds=61)
    assert verify(database).overdue_since == MONDAY_MORNING
    seal_all(database)
    assert verify(database).overdue_since is None


ids = st.integers(min_value=1, max_value=8)
texts = st.text("abc.=,", max_size=8)
tamperings = st.one_of(
    st.builds(change, ids, action=texts.map("x{}".format)),
    st.builds(change, ids, fields=texts.map("x{}".format)),
    st.builds(change, ids, resource_id=st.integers(100, 200)),
    st.builds(change, ids, patient_id=st.integers(100, 200)),
    st.builds(change, ids, mac=st.text("0123456789abcdef", min_size=64, max_size=64)),
    st.builds(remove, st.integers(1, 6)),
    st.builds(copy, ids, st.integers(50, 60)),
    st.builds(lambda one, by: swap_contents(one, one % 6 + by), st.integers(1, 6), st.just(1)),
    st.builds(change_seal, st.integers(1, 6), hash=texts),
    st.builds(change_seal, st.integers(1, 6), record_id=st.integers(50, 60)),
    st.builds(remove_seal, st.integers(1, 5)),
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(tamper=tamperings)
def test_whatever_is_changed_is_found(sealed: Database, tamper: Tamper):
    assert fault_after(sealed, tamper) is not None


def test_sealing_and_verifying_in_batches_leaves_nothing_out(
    database: Database, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sealing, "SEALED_AT_ONCE", 2)
    monkeypatch.setattr(crud_audit, "BATCH", 3)
    record(database, 7)
    assert seal_all(database) == [2, 2, 2, 1]
    record(database, 7)
    found = verify(database)
    assert (found.fault, found.head.sequence, found.unsealed) == (None, 7, 7)
    assert fault_after(database, change(7, action="x")) == Fault("Record", 7)
    assert fault_after(database, change(14, action="x")) == Fault("Record", 14)
