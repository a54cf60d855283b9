"""Questions about a doctor's diary: plain numbers, all that free times follow from at once."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from itertools import repeat
from operator import add
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    String,
    cast,
    literal,
    select,
    union_all,
)
from sqlalchemy.sql.functions import aggregate_strings

from app.crud.crud_appointment import HOLDS_TIME
from app.crud.crud_user import LISTED
from app.db.functions import Numbers, instant_at, is_among, minute_of
from app.db.statements import Parameter, Row, RunQuery, Statement
from app.domain.appointments import MAX_SLOT_DURATION
from app.domain.names import text_key
from app.domain.scheduling.availability import WorkingHours
from app.domain.time.intervals import Interval
from app.models.models import Appointment, DiaryRevision, Schedule, User

_DOCTOR, _HOURS, _BUSY = range(3)

_doctor_id = Parameter("doctor_id")
_nothing = literal(0)
_start_and_minutes = (
    cast(minute_of(Appointment.starts_at), String) + " " + cast(Appointment.duration, String)
)

_REVISION = Statement(select(DiaryRevision.revision).where(DiaryRevision.user_id == _doctor_id))
_REVISIONS = Statement(
    select(DiaryRevision.user_id, DiaryRevision.revision).where(
        is_among(DiaryRevision.user_id, Parameter("user_ids", Numbers()))
    )
)


def _diaries(is_theirs: Callable[[Any], ColumnElement[bool]]) -> Statement:
    """Doctors, hours and busy time, of those whose id fits: kind, id, a text, four numbers.

    A doctor's own row has the number of the diary's present state: that of all that comes with it.
    A doctor's busy time is one row, with the start and the minutes of each visit as its text: a
    row for each visit takes three times as long.
    """
    return Statement(
        union_all(
            select(
                literal(_DOCTOR),
                User.id,
                User.timezone,
                DiaryRevision.revision,
                _nothing,
                _nothing,
                _nothing,
            )
            .join(DiaryRevision, DiaryRevision.user_id == User.id)
            .where(is_theirs(User.id), LISTED),
            select(
                literal(_HOURS),
                Schedule.doctor_id,
                literal(""),
                Schedule.day_of_week,
                Schedule.start_time,
                Schedule.end_time,
                Schedule.slot_duration,
            ).where(is_theirs(Schedule.doctor_id), Schedule.is_active),
            select(
                literal(_BUSY),
                Appointment.doctor_id,
                aggregate_strings(_start_and_minutes, " "),
                _nothing,
                _nothing,
                _nothing,
                _nothing,
            )
            .where(
                is_theirs(Appointment.doctor_id),
                HOLDS_TIME,
                Appointment.starts_at > instant_at(Parameter("since")),
                Appointment.starts_at < instant_at(Parameter("until")),
            )
            .group_by(Appointment.doctor_id),
        )
    )


_DIARY = _diaries(lambda id_: id_ == _doctor_id)
_DIARIES_OF = _diaries(
    lambda id_: id_.in_(
        select(User.id).where(LISTED, is_among(User.id, Parameter("doctor_ids", Numbers())))
    )
)
_ALL_DIARIES = _diaries(lambda id_: id_.in_(select(User.id).where(LISTED)))
_DIARIES_OF_SPECIALTY = _diaries(
    lambda id_: id_.in_(
        select(User.id).where(
            LISTED, User.specialty_key == Parameter("specialty_key", User.specialty_key.type)
        )
    )
)


class Diary(NamedTuple):
    """A listed doctor's zone and active hours, and the time that appointments hold.

    `revision` is the number of the state in which they are so.
    """

    revision: int
    timezone: str
    hours: list[WorkingHours]
    busy: list[Interval]


def find_revision(query: RunQuery, doctor_id: int) -> int | None:
    """The number of the present state of a diary; None when nobody has this id."""
    rows = query(_REVISION, doctor_id=doctor_id)
    return rows[0][0] if rows else None


def find_revisions(query: RunQuery, user_ids: Sequence[int]) -> dict[int, int]:
    """The numbers of the present states of diaries, at once."""
    return dict(query(_REVISIONS, user_ids=user_ids))


def find_diary(query: RunQuery, doctor_id: int, within: Interval) -> Diary | None:
    """A doctor's diary with what may be busy within these minutes; None unless listed."""
    rows = query(_DIARY, doctor_id=doctor_id, **_time_of(within))
    return _as_diaries(rows).get(doctor_id)


def find_diaries_of(
    query: RunQuery, doctor_ids: Sequence[int], within: Interval
) -> dict[int, Diary]:
    """As `find_diary`, of some doctors at once, by doctor."""
    return _as_diaries(query(_DIARIES_OF, doctor_ids=doctor_ids, **_time_of(within)))


def find_diaries(query: RunQuery, specialty: str | None, within: Interval) -> dict[int, Diary]:
    """As `find_diary`, of all listed doctors, or of those with this specialty, by doctor.

    Case, accents and punctuation of the specialty do not count.
    """
    if specialty is None:
        return _as_diaries(query(_ALL_DIARIES, **_time_of(within)))
    wanted = text_key(specialty)
    return _as_diaries(query(_DIARIES_OF_SPECIALTY, specialty_key=wanted, **_time_of(within)))


def _time_of(within: Interval) -> dict[str, int]:
    return {"since": within.start - MAX_SLOT_DURATION, "until": within.end}


def _as_diaries(rows: Iterable[Row]) -> dict[int, Diary]:
    doctors: dict[int, tuple[int, str]] = {}
    hours: defaultdict[int, list[WorkingHours]] = defaultdict(list)
    busy: dict[int, list[Interval]] = {}
    for kind, doctor_id, text, first, second, third, fourth in rows:
        if kind == _BUSY:
            busy[doctor_id] = _as_intervals(text)
        elif kind == _HOURS:
            hours[doctor_id].append(WorkingHours(first, second, third, fourth))
        else:
            doctors[doctor_id] = first, text
    return {
        doctor_id: Diary(revision, timezone, hours[doctor_id], busy.get(doctor_id, []))
        for doctor_id, (revision, timezone) in doctors.items()
    }


def _as_intervals(text: str) -> list[Interval]:
    """The visits whose starts and minutes a text tells in turn."""
    numbers = list(map(int, text.split()))
    starts, minutes = numbers[::2], numbers[1::2]
    ends = map(add, starts, minutes)
    return list(map(tuple.__new__, repeat(Interval), zip(starts, ends, strict=True)))
