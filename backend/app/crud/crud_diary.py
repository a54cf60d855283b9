"""Questions about a doctor's diary: plain numbers, all that free times follow from at once."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import ARRAY, BigInteger, any_, literal, select, union_all

from app.core.prepared import Ask, Parameter, Prepared, instant_at, minute_of
from app.crud.crud_appointment import HOLDS_TIME
from app.crud.crud_user import LISTED
from app.domain.appointments import MAX_SLOT_DURATION
from app.domain.availability import WorkingHours
from app.domain.intervals import Interval
from app.models import Appointment, DiaryRevision, Schedule, User

_DOCTOR, _HOURS, _BUSY = range(3)

_doctor_id = Parameter("doctor_id")
_nothing = literal(0)

_REVISION = Prepared(select(DiaryRevision.revision).where(DiaryRevision.user_id == _doctor_id))
_REVISIONS = Prepared(
    select(DiaryRevision.user_id, DiaryRevision.revision).where(
        DiaryRevision.user_id == any_(Parameter("user_ids", ARRAY(BigInteger)))
    )
)
_DIARY = Prepared(
    union_all(
        select(literal(_DOCTOR), User.timezone, _nothing, _nothing, _nothing, _nothing).where(
            User.id == _doctor_id, LISTED
        ),
        select(
            literal(_HOURS),
            literal(""),
            Schedule.day_of_week,
            Schedule.start_time,
            Schedule.end_time,
            Schedule.slot_duration,
        ).where(Schedule.doctor_id == _doctor_id, Schedule.is_active),
        select(
            literal(_BUSY),
            literal(""),
            minute_of(Appointment.starts_at),
            minute_of(Appointment.ends_at),
            _nothing,
            _nothing,
        ).where(
            Appointment.doctor_id == _doctor_id,
            HOLDS_TIME,
            Appointment.starts_at > instant_at(Parameter("since")),
            Appointment.starts_at < instant_at(Parameter("until")),
        ),
    )
)


class Diary(NamedTuple):
    """A listed doctor's zone and active hours, and the time that appointments hold."""

    timezone: str
    hours: list[WorkingHours]
    busy: list[Interval]


def find_revision(ask: Ask, doctor_id: int) -> int | None:
    """The number of the present state of a diary; None when nobody has this id."""
    rows = ask(_REVISION, doctor_id=doctor_id)
    return rows[0][0] if rows else None


def find_revisions(ask: Ask, user_ids: Sequence[int]) -> dict[int, int]:
    """The numbers of the present states of diaries, at once. On PostgreSQL only."""
    return dict(ask(_REVISIONS, user_ids=user_ids))


def find_diary(ask: Ask, doctor_id: int, within: Interval) -> Diary | None:
    """A doctor's diary with what may be busy within these minutes; None unless listed."""
    timezone = None
    hours, busy = [], []
    since = within.start - MAX_SLOT_DURATION
    rows = ask(_DIARY, doctor_id=doctor_id, since=since, until=within.end)
    for kind, text, *numbers in rows:
        if kind == _BUSY:
            busy.append(Interval(numbers[0], numbers[1]))
        elif kind == _HOURS:
            hours.append(WorkingHours(*numbers))
        else:
            timezone = text
    return None if timezone is None else Diary(timezone, hours, busy)
