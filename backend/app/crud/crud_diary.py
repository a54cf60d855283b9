"""Queries of a doctor's diary: all that free times follow from, in one statement."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec
from sqlalchemy import ColumnElement, select

from app.crud.crud_appointment import HOLDS_TIME
from app.crud.crud_user import LISTED
from app.db.functions import Numbers, instant_at, is_among, json_rows, minute_of
from app.db.statements import Parameter, Row, RunQuery, Statement
from app.domain.appointments import MAX_SLOT_DURATION
from app.domain.names import text_key
from app.domain.scheduling.availability import WorkingHours
from app.domain.time.intervals import Interval
from app.models.models import Appointment, DiaryRevision, Schedule, User

_rows_of = msgspec.json.Decoder(list[tuple[int, int, int, int]]).decode
_intervals_of = msgspec.json.Decoder(list[Interval]).decode

_doctor_id = Parameter("doctor_id")
_start = minute_of(Appointment.starts_at)
_hours = (
    select(
        json_rows(
            Schedule.day_of_week, Schedule.start_time, Schedule.end_time, Schedule.slot_duration
        )
    )
    .where(Schedule.doctor_id == User.id, Schedule.is_active)
    .correlate(User)
    .scalar_subquery()
)
_busy = (
    select(json_rows(_start, _start + Appointment.duration))
    .where(
        Appointment.doctor_id == User.id,
        HOLDS_TIME,
        Appointment.starts_at > instant_at(Parameter("since")),
        Appointment.starts_at < instant_at(Parameter("until")),
    )
    .correlate(User)
    .scalar_subquery()
)

_REVISION = Statement(select(DiaryRevision.revision).where(DiaryRevision.user_id == _doctor_id))
_REVISIONS = Statement(
    select(DiaryRevision.user_id, DiaryRevision.revision).where(
        is_among(DiaryRevision.user_id, Parameter("user_ids", Numbers()))
    )
)


def _diaries(*conditions: ColumnElement[bool]) -> Statement:
    """A row for each listed doctor: id, zone, revision, and hours and busy time as JSON.

    What else decides when a doctor can be booked becomes another column: one statement finds the
    diary for search, booking and first slots alike, as of one moment.
    """
    return Statement(
        select(User.id, User.timezone, DiaryRevision.revision, _hours, _busy)
        .join(DiaryRevision, DiaryRevision.user_id == User.id)
        .where(LISTED, *conditions)
    )


_DIARY = _diaries(User.id == _doctor_id)
_DIARIES_OF = _diaries(is_among(User.id, Parameter("doctor_ids", Numbers())))
_ALL_DIARIES = _diaries()
_DIARIES_OF_SPECIALTY = _diaries(
    User.specialty_key == Parameter("specialty_key", User.specialty_key.type)
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
    return {
        doctor_id: Diary(
            revision,
            timezone,
            [WorkingHours(*row) for row in _rows_of(hours)],
            _intervals_of(busy),
        )
        for doctor_id, timezone, revision, hours, busy in rows
    }
