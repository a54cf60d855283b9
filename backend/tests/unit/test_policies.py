"""Who may do what, and whom a change of hours would strand."""

from collections.abc import Callable

import pytest

from app.domain.errors import DomainError, Forbidden, InvalidInput, NotFound
from app.domain.people import Actor, Role
from app.domain.policies import (
    check_audit_is_visible,
    check_diary_is_visible,
    check_hours_are_visible,
    check_is_admin,
    check_keeps_hours,
    check_may_write_hours,
    doctor_for_new_hours,
    patient_for_booking,
    stranded,
)
from app.domain.time.intervals import Interval

PATIENT, DOCTOR, OTHER, ADMIN = (
    Actor(1, Role.PATIENT),
    Actor(2, Role.DOCTOR),
    Actor(3, Role.DOCTOR),
    Actor(4, Role.ADMIN),
)
EVERYBODY = (PATIENT, DOCTOR, OTHER, ADMIN)


def refusals(check: Callable[[Actor], object]) -> list[type[DomainError] | None]:
    """What the patient, the doctor, another doctor and an admin are refused with, or None."""

    def outcome(actor: Actor) -> type[DomainError] | None:
        try:
            check(actor)
        except DomainError as error:
            return type(error)
        return None

    return [outcome(actor) for actor in EVERYBODY]


@pytest.mark.parametrize(
    ("check", "expected"),
    [
        (check_is_admin, [Forbidden, Forbidden, Forbidden, None]),
        (check_keeps_hours, [Forbidden, None, None, Forbidden]),
        (check_may_write_hours, [Forbidden, None, None, None]),
        (lambda actor: check_diary_is_visible(actor, DOCTOR.id), [NotFound, None, NotFound, None]),
        (
            lambda actor: check_diary_is_visible(actor, PATIENT.id),
            [NotFound, NotFound, NotFound, None],
        ),
        (lambda actor: check_hours_are_visible(actor, DOCTOR.id), [NotFound, None, NotFound, None]),
        (
            lambda actor: check_audit_is_visible(actor, patient_id=PATIENT.id, actor_id=None),
            [None, NotFound, NotFound, None],
        ),
        (
            lambda actor: check_audit_is_visible(actor, patient_id=None, actor_id=DOCTOR.id),
            [NotFound, None, NotFound, None],
        ),
        (
            lambda actor: check_audit_is_visible(actor, patient_id=None, actor_id=None),
            [None, None, None, None],
        ),
        (lambda actor: doctor_for_new_hours(actor, None), [None, None, None, InvalidInput]),
        (lambda actor: doctor_for_new_hours(actor, DOCTOR.id), [NotFound, None, NotFound, None]),
        (
            lambda actor: patient_for_booking(actor, None),
            [None, Forbidden, Forbidden, InvalidInput],
        ),
        (lambda actor: patient_for_booking(actor, PATIENT.id), [None, Forbidden, Forbidden, None]),
        (lambda actor: patient_for_booking(actor, 99), [Forbidden, Forbidden, Forbidden, None]),
    ],
)
def test_who_is_refused(check: Callable[[Actor], object], expected: list[type[DomainError] | None]):
    assert refusals(check) == expected


@pytest.mark.parametrize(
    ("actor", "named", "whose"), [(DOCTOR, None, 2), (DOCTOR, 2, 2), (ADMIN, 2, 2)]
)
def test_whose_hours_are_written(actor: Actor, named: int | None, whose: int):
    assert doctor_for_new_hours(actor, named) == whose


@pytest.mark.parametrize(
    ("actor", "named", "whose"), [(PATIENT, None, 1), (PATIENT, 1, 1), (ADMIN, 1, 1)]
)
def test_who_an_appointment_is_for(actor: Actor, named: int | None, whose: int):
    assert patient_for_booking(actor, named) == whose


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ([Interval(0, 100)], [Interval(0, 100)], []),
        ([Interval(0, 100)], [], ["early", "late"]),
        ([Interval(0, 100)], [Interval(0, 90)], ["late"]),
        ([Interval(0, 100)], [Interval(0, 99)], ["late"]),
        ([Interval(0, 100)], [Interval(10, 100)], []),
        ([Interval(0, 100)], [Interval(11, 100)], ["early"]),
        ([Interval(0, 100)], [Interval(10, 20), Interval(90, 100)], []),
        ([Interval(0, 100)], [Interval(10, 15), Interval(16, 100)], ["early"]),
        ([Interval(50, 100)], [], ["late"]),
        ([], [], []),
    ],
)
def test_stranded_are_those_inside_before_and_no_longer(
    before: list[Interval], after: list[Interval], expected: list[str]
):
    booked = [("early", Interval(10, 20)), ("late", Interval(90, 100))]
    assert stranded(booked, before=before, after=after) == expected
