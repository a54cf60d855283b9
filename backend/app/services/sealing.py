"""Sealing the audit log, and verifying it: see `domain.audit_chain`.

Records are sealed after their commit, by one sealer at a time. A record that was edited is found by
its MAC; one that was removed or swapped by the seals. That the end of the log was cut off shows
against a head that somebody noted elsewhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hmac import compare_digest
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.crud import crud_audit, crud_job
from app.crud.crud_audit import Head
from app.db.database import AUDIT_KEYS
from app.domain.audit_chain import (
    FIRST_HASH,
    RECORD_FIELDS,
    AuditKey,
    AuditKeys,
    chained_mac_of,
    mac_of,
    seal_hash,
)
from app.models.models import AuditRecord, AuditSeal

SEALING = "sealing"  # the job's name
SEALED_AT_ONCE = 200
LONGEST_WAIT = timedelta(minutes=1)
NO_SEAL = Head(0, FIRST_HASH)


class Fault(NamedTuple):
    """The first place at which the log is not as it was written: a record or a seal.

    `unknown_key` is the name of the key that it was signed with, if that is not known here.
    """

    what: str
    number: int
    unknown_key: str | None = None


@dataclass(frozen=True, slots=True)
class Verification:
    """What verifying the log found. `unsealed` counts records that have no seal yet.

    `overdue_since` is when the oldest record was made that a running worker should have sealed.
    `lacks_noted_head` says that the chain never had the head that somebody had noted.
    """

    fault: Fault | None
    head: Head
    unsealed: int
    overdue_since: datetime | None
    worker_seen_at: datetime | None
    lacks_noted_head: bool


def seal(session: Session, *, is_thorough: bool = False) -> int:
    """Seal a batch of committed records; how many. None while somebody else is sealing.

    A thorough one looks for records that were committed late among all that there are.
    """
    if not crud_audit.lock_chain(session):
        return 0
    keys: AuditKeys = session.info[AUDIT_KEYS]
    sequence, previous = crud_audit.find_head(session) or NO_SEAL
    rows: list[dict[str, object]] = []
    for record in crud_audit.list_unsealed(session, limit=SEALED_AT_ONCE, is_thorough=is_thorough):
        sequence += 1
        chained = seal_hash(
            previous, sequence=sequence, record_id=record.id, mac=record.mac, key=keys.current
        )
        rows.append(
            {
                "sequence": sequence,
                "record_id": record.id,
                "previous_hash": previous,
                "hash": chained,
                "key_id": keys.current.id,
            }
        )
        previous = chained
    if rows:
        crud_audit.append_seals(session, rows)
    return len(rows)


def head_of(session: Session) -> Head:
    """The end of the chain; before the first seal, what that will follow."""
    return crud_audit.find_head(session) or NO_SEAL


def verify(session: Session, *, noted_head: str | None = None) -> Verification:
    """Check every record and every seal. `noted_head` is the hash of a seal from elsewhere."""
    keys: AuditKeys = session.info[AUDIT_KEYS]
    run = crud_job.find_run(session, SEALING)  # before the records: what is made later is not late
    fault, head, has_noted = _verify_seals(session, keys, noted_head)
    unsealed, oldest = 0, None
    for record in crud_audit.iterate_unsealed(session):
        unsealed += 1
        oldest = record.at if oldest is None else min(oldest, record.at)
        if fault is None and not _has_own_mac(record, keys):
            fault = _fault_of(record, keys)
    copy = crud_audit.find_copy(session) if fault is None else None
    seen_at = run.ran_at if run else None
    is_overdue = oldest is not None and seen_at is not None and oldest < seen_at - LONGEST_WAIT
    return Verification(
        fault=fault if copy is None else Fault("Record", copy),
        head=head,
        unsealed=unsealed,
        overdue_since=oldest if is_overdue else None,
        worker_seen_at=seen_at,
        lacks_noted_head=fault is None and not has_noted,
    )


def _verify_seals(
    session: Session, keys: AuditKeys, noted_head: str | None
) -> tuple[Fault | None, Head, bool]:
    """The first fault, the end of the chain up to it, and whether the noted head is part of it."""
    head = NO_SEAL
    has_noted = noted_head is None or noted_head == head.hash
    for seal, record in crud_audit.iterate_seals(session):
        sequence = head.sequence + 1
        if (seal.sequence, seal.previous_hash) != (sequence, head.hash):
            return Fault("Seal", sequence), head, has_noted
        if record is None:
            return Fault("Record", seal.record_id), head, has_noted
        if not _is_sealed_as_it_is(seal, record, keys):
            return _fault_of(record, keys, seal), head, has_noted
        head = Head(seal.sequence, seal.hash)
        has_noted = has_noted or noted_head == seal.hash
    return None, head, has_noted


def _is_sealed_as_it_is(seal: AuditSeal, record: AuditRecord, keys: AuditKeys) -> bool:
    if seal.key_id is None:
        return (
            record.key_id is None
            and seal.hash == record.mac
            and _has_chained_mac(record, seal.previous_hash, keys)
        )
    expected = (
        seal_hash(
            seal.previous_hash,
            sequence=seal.sequence,
            record_id=record.id,
            mac=record.mac,
            key=AuditKey(seal.key_id, key),
        )
        for key in keys.named(seal.key_id)
    )
    return _has_own_mac(record, keys) and any(compare_digest(seal.hash, one) for one in expected)


def _has_own_mac(record: AuditRecord, keys: AuditKeys) -> bool:
    if record.key_id is None:
        return False
    values = _values(record, RECORD_FIELDS)
    return any(compare_digest(record.mac, mac_of(values, key)) for key in keys.named(record.key_id))


def _has_chained_mac(record: AuditRecord, previous: str, keys: AuditKeys) -> bool:
    values = _values(record, ("id", *RECORD_FIELDS))
    return any(
        compare_digest(record.mac, chained_mac_of(values, previous, key))
        for key in keys.named(None)
    )


def _values(record: AuditRecord, fields: Sequence[str]) -> dict[str, object]:
    return {
        field: record.listed_patient_ids if field == "patient_ids" else getattr(record, field)
        for field in fields
    }


def _fault_of(record: AuditRecord, keys: AuditKeys, seal: AuditSeal | None = None) -> Fault:
    named = (record.key_id, seal.key_id if seal else None)
    unknown = (key_id for key_id in named if key_id is not None and not keys.named(key_id))
    return Fault("Record", record.id, next(unknown, None))
