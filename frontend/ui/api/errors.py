"""Failures of calls to the API, each with a sentence for the person."""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from typing_extensions import override

from ui.api.models import AffectedAppointment, FieldError, Problem

SENTENCES: Final = {
    "not_signed_in": "You have been signed out. Please log in again.",
    "invalid_credentials": "The username or the password is wrong. "
    "Please check both and try again.",
    "forbidden": "Your account may not do this. Log in with an account that has the right role.",
    "cross_site_request": "The request was refused because it came from another website. "
    "Open the clinic by its own address and try again.",
    "csrf_failed": "This page is out of date. Please reload it and try again.",
    "not_found": "This no longer exists, or it is not yours to see. Go back and choose again.",
    "username_taken": "This username is already taken. Please choose another one.",
    "email_taken": "There is already an account with this e-mail address. "
    "Log in with it, or use another address.",
    "email_unavailable": "This e-mail address cannot be used. Please use another one, "
    "or ask the clinic.",
    "schedule_overlaps": "These hours overlap with other working hours on the same day. "
    "Choose other times, or change the existing hours.",
    "appointments_affected": "Patients have booked appointments that depend on these hours. "
    "Move or cancel those appointments first.",
    "slot_taken": "Somebody else has just booked this time. Please choose another one.",
    "slot_not_offered": "This time is no longer offered. Please choose another one.",
    "patient_busy": "You already have an appointment at this time. Please choose another time.",
    "unknown_zone": "The doctor's time zone does not exist any more, so that no times can be "
    "worked out. The doctor can choose another one on the page “Account”; until then, "
    "please call the clinic.",
    "beyond_horizon": "This date is too far ahead: the clinic does not take bookings for it yet. "
    "Please choose an earlier date.",
    "too_many_open_visits": "You have as many coming appointments as one person can book. "
    "Cancel one of them, or call the clinic.",
    "illegal_transition": "This appointment has already been completed or cancelled, "
    "or this is not the time for it. Reload the page to see its status.",
    "own_account": "Nobody can deactivate their own account or change its role. "
    "Ask another administrator.",
    "invitation_needed": "Doctors need an invitation code from the clinic to register, and this "
    "one is missing, used up or too old. Please ask the clinic for a new one.",
    "idempotency_key_reused": "This form was sent before with something else in it. "
    "Reload the page, look whether the appointment is there, and book again if it is not.",
    "request_in_flight": "The clinic is still working on this booking. "
    "Wait a few seconds and look whether the appointment is there before you try again.",
    "body_too_large": "This text is too long. Please shorten it and try again.",
    "server_busy": "Many people are using the clinic right now. "
    "Please wait a few seconds and try again.",
    "unavailable": "The clinic cannot save or look anything up at the moment. "
    "Please try again in a minute.",
    "outcome_unknown": "The clinic cannot tell yet whether this was saved. "
    "Reload the page and look before you try again.",
    "unexpected_answer": "Something went wrong on our side. "
    "Please try again in a minute, and call the clinic if it stays like this.",
}
UNREACHABLE: Final = (
    "The clinic's server cannot be reached at the moment. Please try again in a minute."
)
OUTCOME_UNKNOWN: Final = (
    "The clinic's server did not answer in time, so the change may or may not have been saved. "
    "Reload the page and look before you try again."
)
FIELD_NAMES: Final = {
    "appointment_date": "date",
    "appointment_time": "time",
    "day_of_week": "day",
    "email": "e-mail address",
    "end_date": "last day",
    "invitation": "invitation code",
    "is_active": "activity",
    "is_approved": "approval",
    "slot_duration": "slot length",
    "start_date": "first day",
    "timezone": "time zone",
}
PLAIN_MESSAGES: Final = tuple(
    (re.compile(pattern), plain)
    for pattern, plain in (
        (r"Field required", "this is missing"),
        (r"String should have at least 1 character", "this is missing"),
        (r"String should have at least (\d+) characters", r"use at least \1 characters"),
        (r"String should have at most (\d+) characters", r"use at most \1 characters"),
        (r"String should match pattern .*", "this does not have the usual form"),
        (r"Input should be greater than or equal to (\d+)", r"use \1 or more"),
        (r"Input should be less than or equal to (\d+)", r"use \1 or less"),
        (r"value is not a valid email address.*", "this is not an e-mail address"),
        (r"Value error, (.*)", r"\1"),
    )
)


class ApiFailure(Exception):  # noqa: N818 - no answer is a failure, a refusal an error
    """A call to the API that did not succeed; `sentence` says what the person can do."""

    @property
    def sentence(self) -> str:
        raise NotImplementedError


class Unreachable(ApiFailure):
    """The API gave no answer.

    `outcome_unknown` is true when a change was sent and may have been carried out.
    """

    def __init__(self, *, outcome_unknown: bool = False) -> None:
        super().__init__("no answer from the API")
        self.outcome_unknown = outcome_unknown

    @property
    @override
    def sentence(self) -> str:
        return OUTCOME_UNKNOWN if self.outcome_unknown else UNREACHABLE


class ApiError(ApiFailure):
    """A refusal of the API: a stable `code`, the API's `detail`, and the whole `problem`."""

    def __init__(self, status: int, code: str, detail: str, problem: Problem | None = None) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code
        self.detail = detail
        self.problem = problem
        self.reworded: str | None = None

    @property
    def affected(self) -> list[AffectedAppointment]:
        """The appointments that prevent the change."""
        return (self.problem and self.problem.appointments) or []

    @property
    @override
    def sentence(self) -> str:
        if self.problem is not None and self.problem.errors:
            return field_sentence(self.problem.errors)
        known = self.reworded or SENTENCES.get(self.code)
        return known or self.detail or SENTENCES["unexpected_answer"]


@contextmanager
def reworded(sentences: Mapping[str, str]) -> Iterator[None]:
    """Replace the sentences of refusals with these codes."""
    try:
        yield
    except ApiError as refusal:
        refusal.reworded = sentences.get(refusal.code)
        raise


def field_sentence(errors: Iterable[FieldError]) -> str:
    """A sentence for each field: "Please check the slot length: use 5 or more."."""
    return " ".join(
        f"Please check the {field_name(error.field)}: {plain_message(error.message)}."
        for error in errors
    )


def plain_message(message: str) -> str:
    """A validation message in plain words, without a full stop."""
    for pattern, plain in PLAIN_MESSAGES:
        if match := pattern.fullmatch(message):
            return match.expand(plain).rstrip(".")
    return message.rstrip(".")


def field_name(field: str) -> str:
    """The plain name of an API field, which may be a path such as `body.full_name`."""
    last = field.rsplit(".", 1)[-1]
    return FIELD_NAMES.get(last, last.replace("_", " "))
