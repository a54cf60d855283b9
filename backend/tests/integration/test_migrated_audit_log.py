"""What the migrations make of the audit log that a clinic has."""

import hashlib
import hmac
import json
from collections.abc import Iterator
from contextlib import closing

import pytest
from alembic import command
from sqlalchemy import Connection, column, delete, insert, table, text
from sqlalchemy.exc import DBAPIError

from app.core.database import open_url
from app.db import schema
from app.db.columns import Instant
from app.db.database import Database
from app.domain.people import COMMAND_LINE
from app.services import audit, sealing
from app.services.audit import AuditEvent
from app.services.sealing import Fault
from tests.api import tables
from tests.conftest import MONDAY_MORNING
from tests.databases import Databases

BEFORE = "0015"
SECRETS = [b"present", b"former"]
FIRST_HASH = "0" * 64
VALUES = {
    "sequence": 0,
    "at": MONDAY_MORNING,
    "actor_id": 7,
    "actor_role": "doctor",
    "address": "127.0.0.1",
    "action": "diary.read",
    "resource_type": "user",
    "resource_id": 7,
    "patient_id": None,
    "fields": "",
    "outcome": "ok",
    "request_id": "0a",
}
OLD_LOG = table(
    "audit_log",
    *(column(name, Instant() if name == "at" else None) for name in VALUES),
    column("previous_hash"),
    column("hash"),
)
OLD_PATIENTS = table("audit_patients", column("sequence"), column("patient_id"))


def append_as_before(connection: Connection) -> list[str]:
    """Five records as the version before made them; the last two under another secret."""
    previous, hashes = FIRST_HASH, []
    for number in range(1, 6):
        values = VALUES | {"sequence": number}
        patients = [11, 12] if number == 3 else []
        secret = SECRETS[0] if number > 3 else SECRETS[1]
        chained = [previous, *(values | {"at": MONDAY_MORNING.isoformat()}).values()]
        canonical = json.dumps(chained + ([patients] if patients else []), separators=(",", ":"))
        key = hmac.new(secret, b"audit", "sha256").digest()
        chain = {
            "previous_hash": previous,
            "hash": hmac.new(key, canonical.encode(), hashlib.sha256).hexdigest(),
        }
        connection.execute(insert(OLD_LOG).values(values | chain))
        for patient in patients:
            connection.execute(insert(OLD_PATIENTS).values(sequence=number, patient_id=patient))
        previous = chain["hash"]
        hashes.append(previous)
    return hashes


@pytest.fixture
def url(databases: Databases) -> str:
    url = databases.create_blank()
    command.upgrade(schema.migration_config(url), BEFORE)
    with closing(open_url(url)) as old, old.engine.begin() as connection:
        append_as_before(connection)
    command.upgrade(schema.migration_config(url), "head")
    return url


@pytest.fixture
def migrated(url: str) -> Iterator[Database]:
    with closing(open_url(url, secrets=SECRETS)) as database:
        yield database


def test_old_records_are_sealed_in_their_old_order_and_new_ones_follow(migrated: Database):
    with migrated.writing() as session:
        found = sealing.verify(session)
        assert (found.fault, found.head.sequence, found.unsealed) == (None, 5, 0)
        audit.record(session, AuditEvent("x", "y"), by=COMMAND_LINE, now=MONDAY_MORNING)
        assert sealing.seal(session) == 1
        found = sealing.verify(session, noted_head=found.head.hash)
        assert (found.fault, found.head.sequence, found.lacks_noted_head) == (None, 6, False)


TAMPERED = [
    ("UPDATE audit_log SET outcome = 'denied' WHERE id = 2", 2),
    ("UPDATE audit_log SET mac = 'x' WHERE id = 5", 5),
    ("UPDATE audit_log SET nonce = 'x', key_id = 'x' WHERE id = 4", 4),
    ("DELETE FROM audit_log WHERE id = 1", 1),
    ("DELETE FROM audit_patients WHERE record_id = 3 AND patient_id = 11", 3),
    ("INSERT INTO audit_patients (record_id, patient_id) VALUES (1, 11)", 1),
    ("DELETE FROM audit_seals WHERE record_id = 5", 5),
]


@pytest.mark.parametrize(("statement", "record_id"), TAMPERED)
def test_old_records_are_still_proven(migrated: Database, statement: str, record_id: int):
    with migrated.writing() as session:
        with tables.without_guard(session):
            session.execute(text(statement))
        fault = sealing.verify(session).fault
        session.rollback()
    assert fault is not None
    assert (fault.what, fault.number) == ("Record", record_id)


def test_old_records_need_the_secret_that_signed_them(url: str):
    with closing(open_url(url, secrets=SECRETS[:1])) as database, database.reading() as session:
        assert sealing.verify(session).fault == Fault("Record", 1)


def test_old_records_stay_append_only(migrated: Database):
    for name in ("audit_log", "audit_patients", "audit_seals"):
        with pytest.raises(DBAPIError, match="append-only"), migrated.writing() as session:
            session.execute(delete(table(name)))


def test_the_log_survives_a_downgrade(migrated: Database, url: str):
    """With its chain and its guard; what came later than the chain is left with it."""
    with migrated.writing() as session:
        audit.record(session, AuditEvent("x", "y"), by=COMMAND_LINE, now=MONDAY_MORNING)
    command.downgrade(schema.migration_config(url), BEFORE)
    with migrated.reading() as session:
        rows = session.execute(
            text("SELECT sequence, previous_hash, hash FROM audit_log ORDER BY sequence")
        ).all()
        head = session.execute(text("SELECT sequence, hash FROM audit_head")).one()
        patients = session.execute(text("SELECT * FROM audit_patients ORDER BY 2")).all()
    assert [row[0] for row in rows] == [1, 2, 3, 4, 5, 6]
    assert [row[1] for row in rows[:5]] == [FIRST_HASH, *(row[2] for row in rows[:4])]
    assert tuple(head) == (6, rows[5][2])
    assert [tuple(row) for row in patients] == [(3, 11), (3, 12)]
    for name in ("audit_log", "audit_patients"):
        with pytest.raises(DBAPIError, match="append-only"), migrated.writing() as session:
            session.execute(delete(table(name)))
