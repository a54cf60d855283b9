"""Working hours and free slots."""

from datetime import date, datetime

from pydantic import Field

from app.schemas.base import Answer, Changes, Request
from app.schemas.fields import DayOfWeek, EndTime, Id, ShownTime, SlotDuration, StartTime


class NewSchedule(Request):
    day_of_week: DayOfWeek
    start_time: StartTime
    end_time: EndTime
    slot_duration: SlotDuration = 30
    is_active: bool = True
    doctor_id: Id | None = Field(None, description="admins only: whose hours these are")


class ScheduleChanges(Changes):
    day_of_week: DayOfWeek = 0
    start_time: StartTime = 0
    end_time: EndTime = 0
    slot_duration: SlotDuration = 0
    is_active: bool = True


class ScheduleAnswer(Answer):
    id: int
    doctor_id: int
    day_of_week: int
    start_time: ShownTime
    end_time: ShownTime
    slot_duration: int
    is_active: bool
    created_at: datetime


class SlotAnswer(Answer):
    date: date
    time: ShownTime
    starts_at: datetime
    ends_at: datetime
    duration: int


class FirstSlotAnswer(SlotAnswer):
    doctor_id: int
