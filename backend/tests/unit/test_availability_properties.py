"""The engine and the slow oracle agree, on random weeks around the nights that clocks change."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from app.domain.scheduling.availability import WorkingHours, free_slots, working_windows
from app.domain.time.intervals import Interval, covers
from tests.unit import slow_oracle
from tests.unit.slow_oracle import Question, Row

EPOCH = date(1970, 1, 1)
DAY = 1440

DAYS_OF_CHANGE = [
    ("UTC", date(2026, 3, 29)),
    ("Europe/Berlin", date(2026, 3, 29)),
    ("Europe/Berlin", date(2025, 10, 26)),
    ("America/New_York", date(2026, 3, 8)),
    ("America/New_York", date(2025, 11, 2)),
    ("Asia/Kolkata", date(2026, 1, 1)),
    ("Asia/Kathmandu", date(1986, 1, 1)),
    ("Australia/Lord_Howe", date(2025, 10, 5)),
    ("Australia/Lord_Howe", date(2026, 4, 5)),
    ("America/Sao_Paulo", date(2018, 11, 4)),
    ("America/Sao_Paulo", date(2018, 2, 17)),
    ("Asia/Beirut", date(2022, 3, 27)),
    ("Asia/Beirut", date(2022, 10, 29)),
    ("America/Havana", date(2025, 11, 2)),
    ("America/St_Johns", date(2010, 11, 7)),
    ("Africa/Cairo", date(2026, 4, 24)),
    ("Africa/Cairo", date(2025, 10, 30)),
    ("Africa/Casablanca", date(2026, 2, 15)),
    ("Pacific/Chatham", date(2025, 9, 28)),
    ("Pacific/Chatham", date(2026, 4, 5)),
    ("Pacific/Apia", date(2011, 12, 30)),
]

lengths = st.sampled_from([5, 7, 15, 20, 30, 45, 60])
small_hours = st.integers(0, 5 * 4).map(lambda quarter: quarter * 15)
minutes_of_day = st.one_of(small_hours, small_hours, st.integers(0, DAY), st.just(DAY))


@st.composite
def rows_of(draw: st.DrawFn, day: date) -> Row:
    opens, closes = sorted(draw(st.lists(minutes_of_day, min_size=2, max_size=2, unique=True)))
    return Row(day.weekday(), opens, closes, draw(lengths), draw(lengths))


@st.composite
def questions_about(draw: st.DrawFn, zone: str, change: date) -> Question:
    days = st.sampled_from([0, 0, 0, 1, -1]).map(lambda days: change + timedelta(days=days))
    midnight = (change - EPOCH).days * DAY
    whole_day_anywhere = (midnight - 14 * 60, midnight + DAY + 12 * 60)
    around = st.integers(*whole_day_anywhere)
    within = draw(
        st.one_of(
            st.just(whole_day_anywhere),
            st.tuples(around, around).map(lambda ends: (min(ends), max(ends))),
        )
    )
    rows = days.flatmap(rows_of)
    own_hours = st.dictionaries(days, st.lists(rows, max_size=2), min_size=1, max_size=1)
    taken = st.tuples(around, st.sampled_from([0, 10, 30, 90, 400]))
    return Question(
        zone=zone,
        rows=draw(st.lists(rows, min_size=1, max_size=4)),
        overrides=draw(st.one_of(st.just({}), st.just({}), own_hours)),
        busy=[(start, start + length) for start, length in draw(st.lists(taken, max_size=5))],
        within=within,
        not_before=draw(st.one_of(st.just(0), st.just(0), around)),
        buffer_before=draw(st.sampled_from([0, 1, 25])),
        buffer_after=draw(st.sampled_from([0, 1, 25])),
    )


questions = st.sampled_from(DAYS_OF_CHANGE).flatmap(lambda change: questions_about(*change))


def answer(question: Question) -> list[tuple[int, int]]:
    return [
        (slot.start, slot.duration)
        for slot in free_slots(
            hours=[WorkingHours(*row) for row in question.rows],
            busy=[Interval(*pair) for pair in question.busy],
            zone=ZoneInfo(question.zone),
            within=Interval(*question.within),
            not_before=question.not_before,
            overrides={
                day: [WorkingHours(*row) for row in rows]
                for day, rows in question.overrides.items()
            },
            buffer_before=question.buffer_before,
            buffer_after=question.buffer_after,
        )
    ]


@pytest.mark.parametrize(("zone", "change"), DAYS_OF_CHANGE)
@settings(max_examples=10, deadline=None)
@given(st.data())
def test_the_engine_offers_exactly_what_the_oracle_finds(
    zone: str, change: date, data: st.DataObject
) -> None:
    question = data.draw(questions_about(zone, change))
    assert answer(question) == slow_oracle.slots(question)


@settings(max_examples=30, deadline=None)
@given(questions, st.data())
def test_the_order_of_busy_time_does_not_matter(question: Question, data: st.DataObject) -> None:
    shuffled = question._replace(busy=data.draw(st.permutations(question.busy)))
    assert answer(shuffled) == answer(question)


@settings(max_examples=30, deadline=None)
@given(questions)
def test_every_slot_lies_in_the_working_windows(question: Question) -> None:
    first, last = (EPOCH + timedelta(days=minute // DAY) for minute in question.within)
    windows = working_windows(
        [WorkingHours(*row) for row in question.rows],
        ZoneInfo(question.zone),
        first - timedelta(days=1),
        last + timedelta(days=1),
        {day: [WorkingHours(*row) for row in rows] for day, rows in question.overrides.items()},
    )
    visits = [Interval(start, start + duration) for start, duration in answer(question)]
    assert [visit for visit in visits if not covers(windows, visit)] == []


@settings(max_examples=30, deadline=None)
@given(questions, st.data())
def test_booking_takes_what_is_too_near_and_nothing_else(
    question: Question, data: st.DataObject
) -> None:
    before = answer(question)
    assume(before)
    start, duration = data.draw(st.sampled_from(before))
    after = answer(question._replace(busy=[*question.busy, (start, start + duration)]))

    def is_clear(slot: tuple[int, int]) -> bool:
        ends_before = slot[0] + slot[1] + question.buffer_after <= start
        return ends_before or slot[0] >= start + duration + question.buffer_before

    assert [slot for slot in after if not is_clear(slot)] == []
    assert [slot for slot in before if is_clear(slot) and slot not in after] == []
