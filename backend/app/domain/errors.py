"""Everything the product can refuse: a stable code and a sentence for a person.

The base class says what kind of refusal it is; `http.problems` gives each kind its status.
"""

from collections.abc import Sequence
from datetime import timedelta
from math import ceil
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from app.domain.appointments import BookedVisit


class DomainError(Exception):
    """A refusal. `code` is stable for machines; the message tells a person what to do.

    A refusal undoes what was written before it, unless it `commit_on_error`: then that is a note
    about the refusal itself.
    """

    code: ClassVar[str]
    sentence: ClassVar[str]
    commit_on_error: bool = False

    def __init__(self, sentence: str | None = None) -> None:
        super().__init__(sentence or self.sentence)


class Invalid(DomainError):
    """A request that no rule allows."""


class Unauthenticated(DomainError):
    """It is not known, or not proven, who sends the request."""


class Conflict(DomainError):
    """The present state of the data does not allow what was requested."""


class TooManyRequests(DomainError):
    """A limit was reached."""


class Forbidden(DomainError):
    code = "forbidden"
    sentence = "Your account may not do this."


class NotFound(DomainError):
    """What was asked for does not exist, or the one who asks may not know that it does."""

    code = "not_found"
    sentence = "There is no such thing, or it is not yours."


class Unavailable(DomainError):
    """The database does not answer. What was asked may be tried again."""

    code = "unavailable"
    sentence = "The system is not available at the moment. Try again in a minute."


class InvalidInput(Invalid):
    """A value that no rule allows. `field` is its name in the request."""

    code = "invalid_input"
    sentence = "Some of the values cannot be accepted."

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


class WrongPresentPassword(InvalidInput):
    """Who changes a password does not know the present one. The guess is counted."""

    commit_on_error = True

    def __init__(self) -> None:
        super().__init__("current_password", "This is not your present password.")


class NotSignedIn(Unauthenticated):
    code = "not_signed_in"
    sentence = "Please log in."


class InvalidCredentials(Unauthenticated):
    commit_on_error = True
    code = "invalid_credentials"
    sentence = "The user name or the password is wrong."


class UsernameTaken(Conflict):
    code = "username_taken"
    sentence = "This user name is taken. Choose another one."


class EmailTaken(Conflict):
    code = "email_taken"
    sentence = "An account with this e-mail address exists. Log in, or use another address."


class EmailUnavailable(Conflict):
    """The new address of an account is another's. It does not say so: see the threat model."""

    commit_on_error = True
    code = "email_unavailable"
    sentence = "This e-mail address cannot be used. Use another one, or ask the clinic."


class ScheduleOverlaps(Conflict):
    code = "schedule_overlaps"
    sentence = "These hours overlap with other hours of the same day, active or not."


class AppointmentsAffected(Conflict):
    """A change that would strand booked patients. `appointments` are those in the way."""

    code = "appointments_affected"
    sentence = "Booked appointments depend on these hours. Move or cancel them first."

    def __init__(self, appointments: "Sequence[BookedVisit]", sentence: str | None = None) -> None:
        super().__init__(sentence)
        self.appointments = appointments


class SlotTaken(Conflict):
    code = "slot_taken"
    sentence = "This slot has just been taken. Choose another one."


class SlotNotOffered(Conflict):
    code = "slot_not_offered"
    sentence = "The doctor does not offer this time. Choose one of the free slots."


class BeyondHorizon(Conflict):
    """A date further ahead than `days`, which is as far as appointments are booked."""

    code = "beyond_horizon"

    def __init__(self, days: int) -> None:
        unit = "day" if days == 1 else "days"
        super().__init__(
            f"Appointments can be booked up to {days} {unit} ahead. Choose an earlier date."
        )


class TooManyOpenVisits(Conflict):
    """The patient has `limit` coming appointments, which is as many as they may book."""

    code = "too_many_open_visits"

    def __init__(self, limit: int) -> None:
        unit = "appointment" if limit == 1 else "appointments"
        super().__init__(
            f"A patient can have up to {limit} coming {unit}. Cancel one, or call the clinic."
        )


class UnknownZone(Conflict):
    """What times a doctor's hours mean cannot be said: their stored time zone does not exist.

    To try again does not help until the doctor has chosen another one.
    """

    code = "unknown_zone"
    sentence = (
        "The doctor's time zone does not exist any more, so that times cannot be worked out."
        " The doctor has to choose another one. Please call the clinic."
    )


class PatientBusy(Conflict):
    code = "patient_busy"
    sentence = "The patient has another appointment at this time."


class IllegalTransition(Conflict):
    code = "illegal_transition"
    sentence = "The appointment is no longer in a state that allows this."


class TooManyAttempts(TooManyRequests):
    """Something was tried too often. `wait` says how long until it may be tried again."""

    code = "too_many_attempts"
    sentence = "Too many attempts."

    def __init__(self, wait: timedelta) -> None:
        minutes = ceil(wait / timedelta(minutes=1))
        unit = "minute" if minutes == 1 else "minutes"
        super().__init__(f"Too many attempts. Try again in {minutes} {unit}.")
        self.wait = wait


class InvitationNeeded(Forbidden):
    code = "invitation_needed"
    sentence = "Doctors register with an invitation from the clinic. This one is not valid."


class OwnAccount(Conflict):
    code = "own_account"
    sentence = "Nobody can deactivate or demote themselves. Ask another administrator."


class ServerBusy(Unavailable):
    """More work of one kind than its queue holds. Worth another try in a few seconds."""

    code = "server_busy"
    sentence = "The server is busy. Try again in a few seconds."


class OutcomeUnknown(Unavailable):
    """The database may or may not have kept what was asked for. Nobody can say before it is back.

    A request with an Idempotency-Key may be sent again all the same.
    """

    code = "outcome_unknown"
    sentence = "It is not certain that this was saved. Look whether it was before you try again."
