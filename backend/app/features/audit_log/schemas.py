"""Audit records."""

from datetime import datetime

from app.schemas.base import Answer


class AuditAnswer(Answer):
    """Who did what.

    `fields` are the names of what changed, or the days of a diary that were read, separated by
    commas; a role or a state is followed by its new value: `role=doctor`. `patient_ids` are the
    patients whose data it was about, as far as the reader may know of them, and `patient_id` is
    the only one. `sequence` grows from record to record, but not always by one.
    """

    sequence: int
    at: datetime
    actor_id: int | None
    actor_role: str | None
    action: str
    resource_type: str
    resource_id: int | None
    patient_id: int | None
    patient_ids: list[int]
    fields: str
    outcome: str
    request_id: str | None
