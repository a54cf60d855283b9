"""The audit log: who did what, to which patient's data, signed and sealed so that tampering shows.

A record has a MAC and is inserted in the transaction of the action, without any lock. The worker
seals records after their commit: `services.sealing`. Names of fields are kept, never their values,
but for roles and states.
"""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from app.crud import crud_audit
from app.db.database import AUDIT_KEYS
from app.db.statements import RunQuery, Transaction
from app.domain.audit_chain import AuditKeys, mac_of
from app.domain.people import Actor, Origin

OK = "ok"
LOOK = timedelta(hours=1)
WORDS = {"role", "status", "is_active", "is_approved", "invitation"}  # recorded with the value


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
    keys: AuditKeys = session.info[AUDIT_KEYS]
    rows = [circumstances | _columns(event) | _signature(keys) for event in events]
    for row in rows:
        row["mac"] = mac_of(row, keys.current.key)
    crud_audit.append_records(session, rows)


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


def _columns(event: AuditEvent) -> dict[str, Any]:
    return {
        "action": event.action,
        "resource_type": event.resource_type,
        "resource_id": event.resource_id,
        "patient_id": event.patient_id,
        "patient_ids": sorted(event.patient_ids),
        "fields": ",".join(sorted(event.fields)),
    }


def _signature(keys: AuditKeys) -> dict[str, str]:
    """What a MAC is made with: the key, and a number that no other record has."""
    return {"key_id": keys.current.id, "nonce": secrets.token_hex(16)}
