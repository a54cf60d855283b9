"""Free slots written as JSON are what the declared answer would write."""

from zoneinfo import ZoneInfo

from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from app.domain.scheduling.availability import Slot
from app.domain.time.wall_clock import from_minute, wall_clock_at
from app.schemas.schemas import SlotAnswer
from app.schemas.slots_json import slots_as_json
from app.services.slot_search import FreeSlot

ZONES = (
    "UTC",
    "Europe/London",
    "Australia/Lord_Howe",
    "America/Havana",
    "Asia/Kathmandu",
    "Pacific/Apia",
)
HALF_A_CENTURY = 50 * 366 * 1440
TWO_DAYS = 2 * 1440
CLOCKS_GO_BACK = 29_881_380  # 2026-10-25T01:00Z in London
A_DATE_IS_SKIPPED = 22_088_760  # 2011-12-30T10:00Z in Apia

ANSWER = TypeAdapter(list[SlotAnswer])


def written_plainly(slots: list[Slot], zone: ZoneInfo) -> bytes:
    answers = [
        SlotAnswer.model_validate(
            FreeSlot(
                *wall_clock_at(start, zone),
                starts_at=from_minute(start),
                ends_at=from_minute(start + duration),
                duration=duration,
            )
        )
        for start, duration in slots
    ]
    return ANSWER.dump_json(answers)


@given(
    around=st.integers(0, 2 * HALF_A_CENTURY)
    | st.sampled_from([CLOCKS_GO_BACK, A_DATE_IS_SKIPPED]),
    offsets=st.lists(st.integers(-TWO_DAYS, TWO_DAYS), max_size=20),
    duration=st.integers(5, 240),
    zone=st.sampled_from(ZONES).map(ZoneInfo),
)
@example(CLOCKS_GO_BACK, [-90, -60, -30, 0, 30], 30, ZoneInfo("Europe/London"))
@example(A_DATE_IS_SKIPPED, [-30, 0, 30], 30, ZoneInfo("Pacific/Apia"))
def test_slots_are_written_as_declared(
    around: int, offsets: list[int], duration: int, zone: ZoneInfo
) -> None:
    slots = [Slot(max(0, around + offset), duration) for offset in sorted(offsets)]
    assert slots_as_json(slots, zone) == written_plainly(slots, zone)


def test_no_slots_are_an_empty_list() -> None:
    assert slots_as_json([], ZoneInfo("UTC")) == b"[]"
