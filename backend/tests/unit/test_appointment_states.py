"""Which status follows which, and for whom."""

from datetime import UTC, datetime, timedelta

import pytest

from app.domain.appointments import (
    AppointmentStatus,
    Party,
    check_movable,
    check_not_begun,
    check_transition,
    party_of,
)
from app.domain.errors import DomainError, Forbidden, IllegalTransition, NotFound
from app.domain.people import Actor, Role

SCHEDULED, COMPLETED, CANCELLED = AppointmentStatus
PATIENT, DOCTOR, CLINIC = Party
NOON = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
BEFORE, AFTER = NOON - timedelta(minutes=1), NOON + timedelta(minutes=1)


@pytest.mark.parametrize(
    ("person", "role", "party"),
    [
        (1, Role.PATIENT, PATIENT),
        (1, Role.DOCTOR, PATIENT),
        (1, Role.ADMIN, PATIENT),
        (2, Role.PATIENT, None),
        (2, Role.DOCTOR, DOCTOR),
        (2, Role.ADMIN, CLINIC),
        (3, Role.PATIENT, None),
        (3, Role.DOCTOR, None),
        (3, Role.ADMIN, CLINIC),
    ],
)
def test_the_patient_is_a_party_in_every_role_and_the_doctor_in_that_role_only(
    person: int, role: Role, party: Party | None
):
    actor = Actor(person, role)
    if party is None:
        with pytest.raises(NotFound):
            party_of(actor, doctor_id=2, patient_id=1)
    else:
        assert party_of(actor, doctor_id=2, patient_id=1) is party


def refusal(
    party: Party,
    current: AppointmentStatus,
    wanted: AppointmentStatus,
    now: datetime,
    changed_at: datetime = NOON,
):
    """The kind of exception that a transition of an appointment at noon meets, or None."""
    try:
        check_transition(
            party,
            current,
            wanted,
            starts_at=NOON,
            changed_at=changed_at,
            day_of=lambda instant: instant.date(),
            now=now,
        )
    except DomainError as error:
        return type(error)
    return None


@pytest.mark.parametrize(
    ("party", "wanted", "before", "after"),
    [
        (PATIENT, CANCELLED, None, IllegalTransition),
        (PATIENT, COMPLETED, Forbidden, Forbidden),
        (PATIENT, SCHEDULED, IllegalTransition, IllegalTransition),
        (DOCTOR, CANCELLED, None, None),
        (DOCTOR, COMPLETED, None, None),
        (DOCTOR, SCHEDULED, IllegalTransition, IllegalTransition),
        (CLINIC, CANCELLED, None, None),
        (CLINIC, COMPLETED, IllegalTransition, None),
        (CLINIC, SCHEDULED, IllegalTransition, IllegalTransition),
    ],
)
def test_what_may_follow_a_scheduled_appointment(
    party: Party,
    wanted: AppointmentStatus,
    before: type[DomainError] | None,
    after: type[DomainError] | None,
):
    assert refusal(party, SCHEDULED, wanted, BEFORE) is before
    assert refusal(party, SCHEDULED, wanted, AFTER) is after


@pytest.mark.parametrize("party", [DOCTOR, CLINIC])
@pytest.mark.parametrize(
    ("current", "wanted"),
    [
        (COMPLETED, COMPLETED),
        (COMPLETED, CANCELLED),
        (CANCELLED, SCHEDULED),
        (CANCELLED, COMPLETED),
        (CANCELLED, CANCELLED),
    ],
)
def test_nothing_else_follows_an_end(
    party: Party, current: AppointmentStatus, wanted: AppointmentStatus
):
    assert refusal(party, current, wanted, BEFORE) is IllegalTransition


@pytest.mark.parametrize(
    ("party", "now", "expected"),
    [
        (DOCTOR, NOON.replace(hour=0, minute=0), None),
        (DOCTOR, NOON.replace(hour=0, minute=0) - timedelta(minutes=1), IllegalTransition),
        (CLINIC, BEFORE, IllegalTransition),
        (CLINIC, NOON, None),
        (PATIENT, NOON, Forbidden),
    ],
)
def test_a_visit_is_completed_on_its_day_by_its_doctor_and_once_begun_by_the_clinic(
    party: Party, now: datetime, expected: type[DomainError] | None
):
    assert refusal(party, SCHEDULED, COMPLETED, now) is expected


@pytest.mark.parametrize(
    ("party", "now", "expected"),
    [
        (DOCTOR, NOON.replace(hour=23, minute=59), None),
        (CLINIC, NOON.replace(hour=23, minute=59), None),
        (DOCTOR, NOON.replace(hour=0, minute=0) + timedelta(days=1), IllegalTransition),
        (CLINIC, NOON.replace(hour=0, minute=0) + timedelta(days=1), IllegalTransition),
        (DOCTOR, NOON - timedelta(days=1), None),  # the clock was set back
        (PATIENT, NOON, Forbidden),
    ],
)
def test_a_completion_is_taken_back_on_the_day_on_which_it_was_made(
    party: Party, now: datetime, expected: type[DomainError] | None
):
    assert refusal(party, COMPLETED, SCHEDULED, now, changed_at=NOON) is expected


@pytest.mark.parametrize("current", [COMPLETED, CANCELLED])
def test_a_refusal_tells_the_state(current: AppointmentStatus):
    with pytest.raises(IllegalTransition, match=f"already {current.value}"):
        check_movable(DOCTOR, current, starts_at=NOON, now=BEFORE)


def test_a_patient_moves_until_the_minute_it_begins():
    check_movable(PATIENT, SCHEDULED, starts_at=NOON, now=NOON - timedelta(microseconds=1))
    with pytest.raises(IllegalTransition, match="has begun"):
        check_movable(PATIENT, SCHEDULED, starts_at=NOON, now=NOON)


@pytest.mark.parametrize("party", [DOCTOR, CLINIC])
def test_the_clinic_puts_a_missed_visit_right(party: Party):
    check_movable(party, SCHEDULED, starts_at=NOON, now=AFTER)
    check_not_begun(party, starts_at=NOON, now=AFTER)
