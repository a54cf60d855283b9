"""Weekly working hours and the free slots that follow from them."""

from dataclasses import asdict
from datetime import date, datetime, timedelta
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.api.v1.dependencies import App, CurrentActor, Now, Reading, Writing
from app.api.v1.slots_answer import SlotsAnswer
from app.domain.errors import InvalidInput, NotFound
from app.http.problems import documented
from app.http.refusals import audited
from app.http.transactions import TransactionRoute
from app.schemas.fields import CalendarDate, Id, Specialty
from app.schemas.schemas import (
    FirstSlotAnswer,
    NewSchedule,
    ScheduleAnswer,
    ScheduleChanges,
    SlotAnswer,
)
from app.services import scheduling, slot_search

LONGEST_SEARCH = timedelta(days=31)
PAST_SEARCH = timedelta(days=31)  # for calendars that show the month before

router = APIRouter(prefix="/schedules", tags=["schedules"], route_class=TransactionRoute)


@router.post("/", status_code=201, responses=documented(401, 403, 404, 409, 413, 415))
@audited("schedule.add", "schedule")
def add_schedule(
    body: NewSchedule, actor: CurrentActor, session: Writing, now: Now
) -> ScheduleAnswer:
    """Add a row of weekly working hours."""
    row = scheduling.add_hours(session, actor, now=now, **body.model_dump())
    return ScheduleAnswer.model_validate(row)


@router.get("/my", responses=documented(401, 403))
@audited("schedule.read", "schedule")
def my_schedules(actor: CurrentActor, session: Reading) -> list[ScheduleAnswer]:
    """The signed-in doctor's rows, active or not, in the order of the week."""
    rows = scheduling.own_hours(session, actor)
    return [ScheduleAnswer.model_validate(row) for row in rows]


@router.get("/doctor/{doctor_id}", responses=documented(404))
def doctor_schedules(doctor_id: Id, session: Reading) -> list[ScheduleAnswer]:
    """A doctor's active rows in the order of the week."""
    rows = scheduling.offered_hours(session, doctor_id=doctor_id)
    return [ScheduleAnswer.model_validate(row) for row in rows]


@router.get(
    "/doctor/{doctor_id}/available-slots",
    response_model=list[SlotAnswer],
    responses=documented(404, 409),
)
def available_slots(
    app: App,
    doctor_id: Id,
    start_date: Annotated[CalendarDate, Query(description="in the doctor's time zone")],
    end_date: Annotated[CalendarDate, Query(description="inclusive, at most 31 days in all")],
    now: Now,
) -> Response:
    """The slots of a doctor that can be booked, in order."""
    if end_date < start_date:
        raise InvalidInput("end_date", "The range ends before it starts.")
    if end_date - start_date >= LONGEST_SEARCH:
        raise InvalidInput("end_date", f"Search at most {LONGEST_SEARCH.days} days at once.")
    if has_long_passed(end_date, now):
        raise InvalidInput("end_date", "These days are long over. Search for coming days.")
    search = partial(
        slot_search.search_slots,
        doctor_id=doctor_id,
        first_day=start_date,
        last_day=end_date,
        limits=app.booking,
        now=now,
    )
    found = app.reader.read(search)
    if found is None:
        raise NotFound("There is no such doctor.")
    return SlotsAnswer(found)


def has_long_passed(day: date, now: datetime) -> bool:
    """Whether free slots until this day are not searched, because nobody's calendar shows it."""
    return day < now.date() - PAST_SEARCH


@router.get("/first-slots", responses=documented())
def first_slots(
    app: App,
    now: Now,
    specialty: Specialty | None = None,
    days: Annotated[int, Query(ge=1, le=LONGEST_SEARCH.days, description="from now on")] = 28,
) -> list[FirstSlotAnswer]:
    """The first slot of each doctor that can be booked, the earliest first."""
    search = partial(
        slot_search.first_slots, specialty=specialty, days=days, limits=app.booking, now=now
    )
    found = app.reader.read(search)
    return [
        FirstSlotAnswer(doctor_id=doctor_id, **asdict(slot_search.as_free_slot(slot, zone)))
        for doctor_id, slot, zone in found
    ]


@router.put("/{schedule_id}", responses=documented(401, 403, 404, 409, 413, 415))
@audited("schedule.change", "schedule")
def change_schedule(
    schedule_id: Id, body: ScheduleChanges, actor: CurrentActor, session: Writing, now: Now
) -> ScheduleAnswer:
    """Change a row of working hours. Refused while booked appointments depend on it."""
    row = scheduling.change_hours(
        session,
        actor,
        schedule_id=schedule_id,
        changes=body.model_dump(exclude_unset=True),
        now=now,
    )
    return ScheduleAnswer.model_validate(row)


@router.delete("/{schedule_id}", status_code=204, responses=documented(401, 403, 404, 409))
@audited("schedule.delete", "schedule")
def delete_schedule(schedule_id: Id, actor: CurrentActor, session: Writing, now: Now) -> None:
    """Delete a row of working hours. Refused while booked appointments depend on it."""
    scheduling.remove_hours(session, actor, schedule_id=schedule_id, now=now)
