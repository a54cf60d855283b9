"""Which status follows which, and for whom."""

from datetime import UTC, datetime, timedelta

import pytest

from app.domain.appointments import (
    AppointmentStatus,
    check_movable,
    check_not_begun,
    check_transition,
)
from app.domain.errors import DomainError, Forbidden, IllegalTransition
from app.domain.people import Actor, Role

SCHEDULED, COMPLETED, CANCELLED = AppointmentStatus
PATIENT, DOCTOR, ADMIN = (Actor(number, role) for number, role in enumerate(Role))
NOON = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
BEFORE, AFTER = NOON - timedelta(minutes=1), NOON + timedelta(minutes=1)


def refusal(actor: Actor, current: AppointmentStatus, wanted: AppointmentStatus, now: datetime):
    """The kind of exception that a transition of an appointment at noon meets, or None."""
    try:
        check_transition(actor, current, wanted, starts_at=NOON, now=now)
    except DomainError as error:
        return type(error)
    return None


@pytest.mark.parametrize(
    ("actor", "wanted", "before", "after"),
    [
        (PATIENT, CANCELLED, None, IllegalTransition),
        (PATIENT, COMPLETED, Forbidden, Forbidden),
        (PATIENT, SCHEDULED, IllegalTransition, IllegalTransition),
        (DOCTOR, CANCELLED, None, None),
        (DOCTOR, COMPLETED, None, None),
        (DOCTOR, SCHEDULED, IllegalTransition, IllegalTransition),
        (ADMIN, CANCELLED, None, None),
        (ADMIN, COMPLETED, None, None),
        (ADMIN, SCHEDULED, IllegalTransition, IllegalTransition),
    ],
)
def test_what_may_follow_a_scheduled_appointment(
    actor: Actor,
    wanted: AppointmentStatus,
    before: type[DomainError] | None,
    after: type[DomainError] | None,
):
    assert refusal(actor, SCHEDULED, wanted, BEFORE) is before
    assert refusal(actor, SCHEDULED, wanted, AFTER) is after


@pytest.mark.parametrize("actor", [DOCTOR, ADMIN])
@pytest.mark.parametrize("current", [COMPLETED, CANCELLED])
@pytest.mark.parametrize("wanted", AppointmentStatus)
def test_nothing_follows_an_end(
    actor: Actor, current: AppointmentStatus, wanted: AppointmentStatus
):
    assert refusal(actor, current, wanted, BEFORE) is IllegalTransition


@pytest.mark.parametrize("current", [COMPLETED, CANCELLED])
def test_a_refusal_tells_the_state(current: AppointmentStatus):
    with pytest.raises(IllegalTransition, match=f"already {current.value}"):
        check_movable(DOCTOR, current, starts_at=NOON, now=BEFORE)


def test_a_patient_moves_until_the_minute_it_begins():
    check_movable(PATIENT, SCHEDULED, starts_at=NOON, now=NOON - timedelta(microseconds=1))
    with pytest.raises(IllegalTransition, match="has begun"):
        check_movable(PATIENT, SCHEDULED, starts_at=NOON, now=NOON)


@pytest.mark.parametrize("actor", [DOCTOR, ADMIN])
def test_the_clinic_puts_a_missed_visit_right(actor: Actor):
    check_movable(actor, SCHEDULED, starts_at=NOON, now=AFTER)
    check_not_begun(actor, starts_at=NOON, now=AFTER)


def test_only_cancelled_ones_hold_no_time():
    assert [status for status in AppointmentStatus if not status.holds_time] == [CANCELLED]
