"""The audit log: who did what, to which patient's data, chained so that tampering shows.

A record's hash is an HMAC, under a key derived from SECRET_KEY, over the hash before and the
record itself. Names of fields are kept, never their values, but for roles and states.
"""

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from app.crud import crud_audit
from app.db.database import AUDIT_KEY
from app.db.statements import RunQuery, Transaction
from app.domain.people import Actor, Origin
from app.models.models import AuditRecord

FIRST_HASH = "0" * 64
OK = "ok"
LOOK = timedelta(hours=1)
WORDS = {"role", "status", "is_active", "is_approved", "invitation"}  # recorded with the value
CHAINED_FIELDS = (
    "sequence",
    "at",
    "actor_id",
    "actor_role",
    "address",
    "action",
    "resource_type",
    "resource_id",
    "patient_id",
    "fields",
    "outcome",
    "request_id",
)


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """What was done: the action, the thing it was done to, and whose data that is."""

    action: str
    resource_type: str
    resource_id: int | None = None
    patient_id: int | None = None
    fields: Iterable[str] = ()
    patient_ids: frozenset[int] = frozenset()
    """All patients of a read that shows several."""

    def about(self, patient_ids: frozenset[int]) -> "AuditEvent":
        """The same event, done to the data of these patients."""
        if len(patient_ids) == 1:
            return replace(self, patient_id=min(patient_ids), patient_ids=frozenset())
        return replace(self, patient_id=None, patient_ids=patient_ids)


def record(
    session: Transaction, *events: AuditEvent, by: Actor | Origin, now: datetime, outcome: str = OK
) -> None:
    """Append a record of each event in their transaction, as the last thing it does.

    `by` is only an origin for somebody who has not logged in.
    """
    actor, origin = (by, by.origin) if isinstance(by, Actor) else (None, by)
    circumstances = {
        "at": now,
        "actor_id": actor.id if actor else None,
        "actor_role": actor.role.value if actor else None,
        "address": origin.address,
        "outcome": outcome,
        "request_id": origin.request_id,
    }
    entries = [circumstances | _columns(event) for event in events]
    if isinstance(session, Session):
        _append(session, entries)
    else:
        session.before_commit(_append, entries)


def unrecorded(
    query: RunQuery, *, event: AuditEvent, by: Actor, now: datetime
) -> AuditEvent | None:
    """A read as far as it has to be recorded, or None.

    A look at a patient is recorded once an hour, however often the page with it is drawn; one's
    own data is not recorded. After a clock was set back, looks that lie in the future hide none.
    """
    alone = frozenset() if event.patient_id is None else frozenset({event.patient_id})
    patients = event.patient_ids | alone
    others = patients - {by.id}
    if patients and not others:
        return None
    seen = crud_audit.patients_seen(
        query,
        actor_id=by.id,
        action=event.action,
        resource_type=event.resource_type,
        resource_id=event.resource_id,
        outcome=OK,
        since=now - LOOK,
        until=now,
    )
    if others:
        return event.about(others - seen) if others - seen else None
    return None if None in seen else event


def told(changes: Mapping[str, object]) -> list[str]:
    """What a record says of changed fields: names, and for roles and states `role=doctor`."""
    return [
        f"{name}={str(value).lower()}" if name in WORDS else name for name, value in changes.items()
    ]


def first_bad_record(session: Session) -> int | None:
    """The sequence of the first record that was edited, removed or swapped, or None.

    Records removed from the end show against the head of the chain.
    """
    expected, previous = 1, FIRST_HASH
    with closing(crud_audit.iterate_records(session)) as entries:
        for entry in entries:
            if not _is_intact(session, entry, expected, previous):
                return expected
            expected, previous = expected + 1, entry.hash
    head = crud_audit.get_head(session)
    return None if (head.sequence, head.hash) == (expected - 1, previous) else expected


def _append(session: Transaction, entries: Sequence[dict[str, Any]]) -> None:
    """Chain entries to the records. The end of the chain stays locked until the commit."""
    head = crud_audit.lock_head(session)
    previous, rows = head.hash, []
    for sequence, entry in enumerate(entries, head.sequence + 1):
        values = {"sequence": sequence, **entry}
        chain = {"previous_hash": previous, "hash": _hash(session, previous, values)}
        rows.append(values | chain)
        previous = chain["hash"]
    crud_audit.append_records(session, rows)


def _columns(event: AuditEvent) -> dict[str, Any]:
    return {
        "action": event.action,
        "resource_type": event.resource_type,
        "resource_id": event.resource_id,
        "patient_id": event.patient_id,
        "patient_ids": sorted(event.patient_ids),
        "fields": ",".join(sorted(event.fields)),
    }


def _is_intact(session: Session, entry: AuditRecord, sequence: int, previous: str) -> bool:
    values = {field: getattr(entry, field) for field in CHAINED_FIELDS}
    values["patient_ids"] = entry.listed_patient_ids
    return (
        entry.sequence == sequence
        and entry.previous_hash == previous
        and hmac.compare_digest(entry.hash, _hash(session, previous, values))
    )


def _hash(session: Transaction, previous: str, values: dict[str, Any]) -> str:
    chained = [previous, *(_text(values[field]) for field in CHAINED_FIELDS)]
    if values["patient_ids"]:  # older records have none, and a hash without
        chained.append(values["patient_ids"])
    canonical = json.dumps(chained, separators=(",", ":"))
    return hmac.new(session.info[AUDIT_KEY], canonical.encode(), hashlib.sha256).hexdigest()


def _text(value: object) -> object:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value
