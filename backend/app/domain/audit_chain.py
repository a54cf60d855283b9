"""How records of the audit log are signed, and how seals chain them.

A record has a MAC of its own: an HMAC-SHA256 over all of its fields, under the key that its
`key_id` names. A seal has an HMAC over the hash of the seal before, its own number, and the id and
the MAC of a record: it fixes the order of the records, and that none is missing.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

FIRST_HASH = "0" * 64
"""What stands for the seal before the first one."""

RECORD_FIELDS = (
    "key_id",
    "nonce",
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
    "patient_ids",
)
CHAINED_FIELDS = ("id", *RECORD_FIELDS[2:-1])
"""What the hash of a record covered that was made before records had a MAC of their own."""


class AuditKey(NamedTuple):
    """A key and the name that records and seals give it."""

    id: str
    key: bytes


class AuditKeys:
    """The key that signs, and the former ones that still verify."""

    def __init__(self, secrets: Sequence[bytes]) -> None:
        """Derive a key from each secret, the present one first."""
        keys = [_key_of(secret) for secret in secrets]
        self.current = keys[0]
        self._known = {one.id: one.key for one in keys}

    def named(self, key_id: str | None) -> list[bytes]:
        """The keys that may have signed what names this key: none, or for None each of them."""
        if key_id is None:
            return list(self._known.values())
        return [self._known[key_id]] if key_id in self._known else []


def mac_of(record: Mapping[str, object], key: bytes) -> str:
    """The MAC of a record, from its `RECORD_FIELDS`; `patient_ids` are in ascending order."""
    return _hmac(key, ["record", *(_text(record[field]) for field in RECORD_FIELDS)])


def chained_mac_of(record: Mapping[str, object], previous: str, key: bytes) -> str:
    """What is the MAC of a record without a `key_id`: its hash in the chain of former versions.

    `previous` is the hash of the record before.
    """
    chained = [previous, *(_text(record[field]) for field in CHAINED_FIELDS)]
    if record["patient_ids"]:  # the oldest records have none, and a hash without
        chained.append(record["patient_ids"])
    return _hmac(key, chained)


def seal_hash(previous: str, *, sequence: int, record_id: int, mac: str, key: AuditKey) -> str:
    """The hash of a seal that follows the one with the hash `previous`."""
    return _hmac(key.key, ["seal", key.id, previous, sequence, record_id, mac])


def _key_of(secret: bytes) -> AuditKey:
    key = hmac.new(secret, b"audit", hashlib.sha256).digest()
    return AuditKey(hashlib.sha256(key).hexdigest()[:16], key)


def _hmac(key: bytes, values: Sequence[object]) -> str:
    canonical = json.dumps(values, separators=(",", ":"))
    return hmac.new(key, canonical.encode(), hashlib.sha256).hexdigest()


def _text(value: object) -> object:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value
