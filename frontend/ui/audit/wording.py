"""Words for people for the codes of the audit log: pure functions of records."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Final

from ui.api.errors import field_name
from ui.api.models import Audit
from ui.formatting import text as fmt
from ui.widgets.tables import Row

OK: Final = "ok"
ACTIONS: Final = {
    "appointment.book": "Book an appointment",
    "appointment.move": "Move an appointment",
    "appointment.complete": "Complete an appointment",
    "appointment.cancel": "Cancel an appointment",
    "appointment.reinstate": "Take back a completion",
    "appointment.change": "Change an appointment",
    "appointment.read": "Look at an appointment",
    "diary.read": "Look at a diary",
    "patient.read": "Look at contact data",
    "schedule.add": "Add working hours",
    "schedule.change": "Change working hours",
    "schedule.delete": "Delete working hours",
    "schedule.read": "List working hours",
    "login.open": "Log in",
    "login.close": "Log out",
    "login.close-all": "Log out everywhere",
    "login.revoke": "Log out a device",
    "login.list": "List devices",
    "login.end-all": "Log somebody out everywhere",
    "password.change": "Change the password",
    "account.create": "Create an account",
    "account.change": "Change one's own account",
    "account.administer": "Change an account",
    "account.list": "List accounts",
    "account.read": "Look at one's own account",
    "doctor.invite": "Invite a doctor",
    "invitation.list": "List invitations",
    "invitation.revoke": "End an invitation",
    "audit.read": "Read the audit log",
    "request.send": "Send a request",
}
OUTCOMES: Final = {
    OK: "Done",
    "invalid_credentials": "Refused: wrong username or password",
    "invalid_input": "Refused: something was filled in wrongly",
    "forbidden": "Refused: not allowed to this role",
    "not_found": "Refused: does not exist, or is not theirs",
    "csrf_failed": "Refused: not sent by the clinic's own page",
    "cross_site_request": "Refused: sent by another website",
    "email_taken": "Refused: the e-mail address has an account",
    "username_taken": "Refused: the username is taken",
    "schedule_overlaps": "Refused: overlaps with other hours",
    "appointments_affected": "Refused: booked appointments depend on it",
    "slot_taken": "Refused: the time was taken",
    "slot_not_offered": "Refused: the time is not offered",
    "patient_busy": "Refused: the patient has another appointment",
    "unknown_zone": "Refused: the doctor's time zone does not exist",
    "beyond_horizon": "Refused: too far ahead",
    "too_many_open_visits": "Refused: the patient has too many coming appointments",
    "illegal_transition": "Refused: not possible any more, or not yet",
    "own_account": "Refused: nobody may do this to themselves",
    "idempotency_key_reused": "Refused: sent before with another content",
    "request_in_flight": "Refused: being worked on already",
    "too_many_attempts": "Refused: too many attempts",
    "unsupported_media_type": "Refused: not sent by the clinic's own page",
}
MOST_NAMES: Final = 20
_STATES: Final = {
    "is_active=true": "activated",
    "is_active=false": "deactivated",
    "is_approved=true": "approved",
    "is_approved=false": "approval withdrawn",
}
_WITH_FIELDS: Final = (".change", ".administer", ".create")
_WITH_NUMBER: Final = ("doctor.invite", "invitation.revoke")
_WITH_ACCOUNT: Final = (
    "account.administer",
    "account.create",
    "login.open",
    "login.list",
    "login.end-all",
    "audit.read",
)


def action_label(action: str) -> str:
    return ACTIONS.get(action, action)


def outcome_label(outcome: str) -> str:
    return OUTCOMES.get(outcome) or f"Refused: {outcome.replace('_', ' ')}"


def instant(at: datetime, zone: str) -> str:
    """`Mon 30 Nov 2026, 9:00`, on the wall clock of `zone`."""
    local = fmt.now_in(zone, at)
    second = fmt.is_second_reading(at, zone)
    return f"{fmt.short_date(local)}, {fmt.clock(f'{local:%H:%M}', second=second)}"


def account_of(record: Audit) -> int | None:
    """The id of the account that was acted on, where that is neither the actor nor the patient."""
    named_already = {record.actor_id, *record.patient_ids}
    acted_on = record.resource_id if record.action in _WITH_ACCOUNT else None
    return None if acted_on in named_already else acted_on


def description(record: Audit, name_of: Callable[[int], str]) -> str:
    """`Change an account: Dr. John Smith (approved)`."""
    text = action_label(record.action)
    account = account_of(record)
    if account is not None:
        text += f": {name_of(account)}"
    if record.action in _WITH_NUMBER and record.resource_id is not None:
        text += f" ({record.resource_id})"
    if record.action.endswith(_WITH_FIELDS) and record.fields:
        text += f" ({fmt.listed(_change(field) for field in record.fields.split(','))})"
    if record.action == "diary.read" and record.fields:
        text += f": {_days(record.fields)}"
    return text


def patients(record: Audit, name_of: Callable[[int], str]) -> str:
    """The names of at most `MOST_NAMES` patients, and the number of the others."""
    names = [name_of(patient) for patient in record.patient_ids]
    others = len(names) - MOST_NAMES
    if others > 0:
        names = [*names[:MOST_NAMES], fmt.counted(others, "other")]
    return fmt.listed(names)


def _days(fields: str) -> str:
    """`from Mon 30 Nov 2026 until Sun 6 Dec 2026`, or the one day."""
    days = dict(field.split("=") for field in fields.split(","))
    dates = {name: fmt.short_date(date.fromisoformat(day)) for name, day in days.items()}
    if dates.get("from") == dates.get("until"):
        return dates["from"]
    return " ".join(f"{name} {day}" for name, day in dates.items())


def _change(field: str) -> str:
    """What changed: the name, and for roles and states the new value: `role=doctor`."""
    name, _, value = field.partition("=")
    if value:
        return _STATES.get(field, f"{name.replace('_', ' ')} {value}")
    return field_name(name)


def row(record: Audit, *cells: str) -> Row:
    """A row of `cells` that ends with the outcome."""
    return Row((*cells, outcome_label(record.outcome)), refused=record.outcome != OK)
