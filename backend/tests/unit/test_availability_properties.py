"""The engine and the slow oracle agree, on random weeks around the nights that clocks change."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from app.domain.availability import WorkingHours, free_slots, working_windows
from app.domain.intervals import Interval, covers
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

lengths = st.sampled_from([1, 5, 7, 15, 20, 30, 45, 60, 90])
minutes_of_day = st.one_of(
    st.integers(0, DAY),
    st.integers(0, 24 * 4).map(lambda quarter: quarter * 15),
    st.integers(0, 5 * 4).map(lambda quarter: quarter * 15),
)


@st.composite
def rows_of(draw: st.DrawFn, day: date) -> Row:
    opens, closes = sorted((draw(minutes_of_day), draw(minutes_of_day)))
    return Row(day.weekday(), opens, closes, draw(lengths), draw(lengths))


@st.composite
def questions(draw: st.DrawFn) -> Question:
    zone, change = draw(st.sampled_from(DAYS_OF_CHANGE))
    days = st.integers(-1, 1).map(lambda days: change + timedelta(days=days))
    midnight = (change - EPOCH).days * DAY
    around = st.integers(midnight - DAY, midnight + 2 * DAY)
    begin = draw(around)
    starts = st.lists(around, max_size=6)
    return Question(
        zone=zone,
        rows=draw(st.lists(days.flatmap(rows_of), min_size=1, max_size=5)),
        overrides=draw(
            st.dictionaries(
                days, days.flatmap(lambda day: st.lists(rows_of(day), max_size=2)), max_size=1
            )
        ),
        busy=[(start, start + draw(st.integers(0, 200))) for start in draw(starts)],
        within=(begin, begin + draw(st.integers(0, DAY + 240))),
        not_before=draw(st.one_of(st.just(begin), around)),
        buffer_before=draw(st.sampled_from([0, 0, 1, 10])),
        buffer_after=draw(st.sampled_from([0, 0, 1, 15])),
    )


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


@settings(max_examples=150, deadline=None)
@given(questions())
def test_the_engine_offers_exactly_what_the_oracle_finds(question: Question) -> None:
    assert answer(question) == slow_oracle.slots(question)


@settings(max_examples=30, deadline=None)
@given(questions(), st.data())
def test_the_order_of_busy_time_does_not_matter(question: Question, data: st.DataObject) -> None:
    shuffled = question._replace(busy=data.draw(st.permutations(question.busy)))
    assert answer(shuffled) == answer(question)


@settings(max_examples=30, deadline=None)
@given(questions())
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
@given(questions(), st.data())
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
