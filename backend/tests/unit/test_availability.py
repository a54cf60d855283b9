"""Sharp examples of what the availability engine offers."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.domain.scheduling.availability import (
    Overrides,
    Slot,
    WorkingHours,
    free_slots,
    working_windows,
)
from app.domain.time.intervals import Interval
from app.domain.time.wall_clock import from_minute, instant_of, to_minute

MONDAY = date(2026, 11, 30)
BERLIN = "Europe/Berlin"


def utc(text: str) -> int:
    return to_minute(datetime.fromisoformat(text))


def minute_of_day(text: str) -> int:
    hours, minutes = map(int, text.split(":"))
    return hours * 60 + minutes


def row(
    day: date, opens: str, closes: str, duration: int, every: int | None = None
) -> WorkingHours:
    return WorkingHours(day.weekday(), minute_of_day(opens), minute_of_day(closes), duration, every)


def offered(
    hours: Iterable[WorkingHours],
    *,
    day: date = MONDAY,
    last_day: date | None = None,
    zone: str = "UTC",
    busy: Iterable[tuple[str, str]] = (),
    not_before: str = "1970-01-01T00:00Z",
    overrides: Overrides | None = None,
    buffers: tuple[int, int] = (0, 0),
) -> list[Slot]:
    """What is free on the dates from `day` to `last_day` in the zone."""
    tz = ZoneInfo(zone)
    return free_slots(
        hours=hours,
        busy=[Interval(utc(start), utc(end)) for start, end in busy],
        zone=tz,
        within=Interval(instant_of(day, 0, tz), instant_of(last_day or day, 1440, tz)),
        not_before=utc(not_before),
        overrides=overrides,
        buffer_before=buffers[0],
        buffer_after=buffers[1],
    )


def clock_times(slots: Iterable[Slot]) -> list[str]:
    """Starts in UTC, without the date."""
    return [f"{from_minute(slot.start):%H:%M}" for slot in slots]


NINE_TO_TEN = [row(MONDAY, "09:00", "10:00", 30)]


class TestTheGrid:
    def test_a_slot_has_a_start_and_the_duration_of_its_row(self) -> None:
        start = utc("2026-11-30T09:00Z")
        assert offered(NINE_TO_TEN) == [Slot(start, 30), Slot(start + 30, 30)]

    def test_a_last_visit_that_would_end_after_the_row_is_not_offered(self) -> None:
        assert clock_times(offered([row(MONDAY, "09:00", "10:29", 30)])) == ["09:00", "09:30"]

    def test_a_row_as_long_as_the_visit_has_one_slot(self) -> None:
        assert clock_times(offered([row(MONDAY, "09:00", "09:30", 30)])) == ["09:00"]

    def test_a_row_shorter_than_the_visit_has_none(self) -> None:
        assert offered([row(MONDAY, "09:00", "09:29", 30)]) == []

    def test_an_interval_shorter_than_the_visit_offers_overlapping_starts(self) -> None:
        hours = [row(MONDAY, "09:00", "10:00", 30, 15)]
        assert clock_times(offered(hours)) == ["09:00", "09:15", "09:30"]

    def test_an_interval_longer_than_the_visit_leaves_pauses(self) -> None:
        hours = [row(MONDAY, "09:00", "10:20", 20, 30)]
        assert clock_times(offered(hours)) == ["09:00", "09:30", "10:00"]

    def test_rows_have_grids_and_durations_of_their_own(self) -> None:
        hours = [row(MONDAY, "13:10", "14:00", 25), row(MONDAY, "09:00", "10:00", 60)]
        nine = utc("2026-11-30T09:00Z")
        assert offered(hours) == [Slot(nine, 60), Slot(nine + 250, 25), Slot(nine + 275, 25)]

    def test_rows_that_touch_are_not_joined_for_a_longer_visit(self) -> None:
        hours = [row(MONDAY, "09:00", "09:30", 45), row(MONDAY, "09:30", "10:00", 45)]
        assert offered(hours) == []

    def test_other_weekdays_do_not_count(self) -> None:
        assert offered([row(MONDAY + timedelta(days=1), "09:00", "10:00", 30)]) == []

    @pytest.mark.parametrize(("duration", "interval"), [(0, None), (-5, 30), (30, 0), (30, -1)])
    def test_a_grid_without_an_end_is_refused(self, duration: int, interval: int | None) -> None:
        with pytest.raises(ValueError, match="at least one minute"):
            WorkingHours(0, 540, 600, duration, interval)


class TestBusyTime:
    @pytest.mark.parametrize(
        ("busy", "free"),
        [
            (("09:30", "10:00"), ["09:00", "10:00", "10:30"]),
            (("09:59", "10:01"), ["09:00", "10:30"]),
            (("09:10", "09:20"), ["09:30", "10:00", "10:30"]),
            (("08:00", "09:00"), ["09:00", "09:30", "10:00", "10:30"]),
            (("11:00", "12:00"), ["09:00", "09:30", "10:00", "10:30"]),
            (("09:15", "09:15"), ["09:00", "09:30", "10:00", "10:30"]),
            (("08:00", "12:00"), []),
        ],
        ids=[
            "exactly one slot",
            "over an edge between two",
            "inside one",
            "touching the first",
            "touching the last",
            "empty, so it takes no time",
            "everything",
        ],
    )
    def test_one_interval(self, busy: tuple[str, str], free: list[str]) -> None:
        start, end = (f"2026-11-30T{clock}Z" for clock in busy)
        hours = [row(MONDAY, "09:00", "11:00", 30)]
        assert clock_times(offered(hours, busy=[(start, end)])) == free

    def test_unsorted_and_overlapping(self) -> None:
        busy = [
            ("2026-11-30T10:00Z", "2026-11-30T10:10Z"),
            ("2026-11-30T08:00Z", "2026-11-30T09:45Z"),
            ("2026-11-30T09:00Z", "2026-11-30T09:05Z"),
        ]
        hours = [row(MONDAY, "09:00", "11:00", 15)]
        assert clock_times(offered(hours, busy=busy)) == ["09:45", "10:15", "10:30", "10:45"]

    def test_an_absence_of_several_days(self) -> None:
        hours = [row(MONDAY + timedelta(days=days), "09:00", "10:00", 60) for days in range(4)]
        busy = [("2026-11-30T09:30Z", "2026-12-02T09:00Z")]
        slots = offered(hours, last_day=MONDAY + timedelta(days=3), busy=busy)
        assert [from_minute(slot.start).day for slot in slots] == [2, 3]

    @pytest.mark.parametrize(
        ("buffers", "free"),
        [
            ((0, 0), ["09:00", "09:15", "09:30", "10:15", "10:30"]),
            ((15, 0), ["09:00", "09:15", "09:30", "10:30"]),
            ((0, 15), ["09:00", "09:15", "10:15", "10:30"]),
            ((1, 1), ["09:00", "09:15", "10:30"]),
        ],
    )
    def test_buffers_keep_away_from_busy_time_only(
        self, buffers: tuple[int, int], free: list[str]
    ) -> None:
        hours = [row(MONDAY, "09:00", "11:00", 30, 15)]
        busy = [("2026-11-30T10:00Z", "2026-11-30T10:15Z")]
        assert clock_times(offered(hours, busy=busy, buffers=buffers)) == free

    def test_a_buffer_reaches_busy_time_outside_the_row(self) -> None:
        busy = [
            ("2026-11-30T08:00Z", "2026-11-30T08:50Z"),
            ("2026-11-30T10:10Z", "2026-12-01T00:00Z"),
        ]
        assert clock_times(offered(NINE_TO_TEN, busy=busy, buffers=(10, 10))) == ["09:00", "09:30"]
        assert clock_times(offered(NINE_TO_TEN, busy=busy, buffers=(11, 11))) == []


class TestEdges:
    def test_a_start_at_the_notice_is_offered_and_one_before_is_not(self) -> None:
        at = offered(NINE_TO_TEN, not_before="2026-11-30T09:30Z")
        after = offered(NINE_TO_TEN, not_before="2026-11-30T09:31Z")
        assert (clock_times(at), clock_times(after)) == (["09:30"], [])

    def test_notice_does_not_move_the_grid(self) -> None:
        assert clock_times(offered(NINE_TO_TEN, not_before="2026-11-30T09:07Z")) == ["09:30"]

    @pytest.mark.parametrize(
        ("start", "end", "free"),
        [
            ("09:00", "10:00", ["09:00", "09:30"]),
            ("09:01", "10:00", ["09:30"]),
            ("09:00", "09:59", ["09:00"]),
            ("09:10", "09:50", []),
            ("09:30", "09:30", []),
            ("10:00", "09:00", []),
        ],
    )
    def test_slots_lie_wholly_within(self, start: str, end: str, free: list[str]) -> None:
        slots = free_slots(
            hours=NINE_TO_TEN,
            busy=[],
            zone=ZoneInfo("UTC"),
            within=Interval(utc(f"2026-11-30T{start}Z"), utc(f"2026-11-30T{end}Z")),
            not_before=0,
        )
        assert clock_times(slots) == free

    @pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Etc/GMT+12", "UTC"])
    def test_the_whole_day_of_zones_far_from_utc(self, zone: str) -> None:
        assert len(offered([row(MONDAY, "00:00", "24:00", 60)], zone=zone)) == 24


class TestOverrides:
    def test_a_date_with_hours_of_its_own_has_only_those(self) -> None:
        overrides = {MONDAY: [row(MONDAY, "14:00", "15:00", 30), row(MONDAY, "12:00", "12:30", 30)]}
        slots = offered(NINE_TO_TEN, overrides=overrides)
        assert clock_times(slots) == ["12:00", "14:00", "14:30"]

    def test_a_date_with_no_hours_is_closed(self) -> None:
        assert offered(NINE_TO_TEN, overrides={MONDAY: []}) == []

    def test_other_dates_keep_their_weekly_hours(self) -> None:
        overrides = {MONDAY + timedelta(days=7): [row(MONDAY, "14:00", "15:00", 30)]}
        assert clock_times(offered(NINE_TO_TEN, overrides=overrides)) == ["09:00", "09:30"]

    def test_a_date_without_weekly_hours_can_be_opened(self) -> None:
        sunday = MONDAY - timedelta(days=1)
        overrides = {sunday: [row(sunday, "09:00", "10:00", 60)]}
        assert clock_times(offered(NINE_TO_TEN, day=sunday, overrides=overrides)) == ["09:00"]


class TestClocksGoForward:
    """Berlin, 2026-03-29: 02:00 becomes 03:00 at 01:00Z."""

    DAY = date(2026, 3, 29)

    @pytest.mark.parametrize(
        ("opens", "closes", "free"),
        [
            ("01:00", "04:00", ["00:00", "00:30", "01:00", "01:30"]),
            ("02:30", "04:30", ["01:30", "02:00"]),
            ("01:00", "02:30", ["00:00", "00:30", "01:00"]),
            ("02:00", "03:00", []),
            ("02:30", "03:15", []),
            ("02:00", "02:30", ["01:00"]),
        ],
        ids=[
            "a row across the gap is an hour shorter",
            "a start in the gap moves forward",
            "an end in the gap moves forward",
            "a row that is the gap holds no time",
            "a start moved past the end leaves nothing",
            "a row inside the gap moves forward as a whole",
        ],
    )
    def test_rows_at_the_gap(self, opens: str, closes: str, free: list[str]) -> None:
        assert (
            clock_times(offered([row(self.DAY, opens, closes, 30)], day=self.DAY, zone=BERLIN))
            == free
        )

    def test_a_start_that_two_rows_share_is_offered_once_and_lasts_as_in_the_first(self) -> None:
        hours = [row(self.DAY, "03:00", "04:00", 20), row(self.DAY, "01:00", "02:30", 30)]
        one = utc("2026-03-29T01:00Z")
        assert offered(hours, day=self.DAY, zone=BERLIN) == [
            Slot(one - 60, 30),
            Slot(one - 30, 30),
            Slot(one, 30),
            Slot(one + 20, 20),
            Slot(one + 40, 20),
        ]

    def test_where_the_first_row_has_no_room_the_second_offers_the_shared_start(self) -> None:
        hours = [row(self.DAY, "01:00", "02:30", 30), row(self.DAY, "03:00", "04:00", 20)]
        busy = [
            ("2026-03-29T00:00Z", "2026-03-29T01:00Z"),
            ("2026-03-29T01:20Z", "2026-03-29T02:00Z"),
        ]
        slots = offered(hours, day=self.DAY, zone=BERLIN, busy=busy)
        assert slots == [Slot(utc("2026-03-29T01:00Z"), 20)]

    def test_half_an_hour_on_lord_howe(self) -> None:
        day = date(2025, 10, 5)
        slots = offered([row(day, "01:30", "03:00", 30)], day=day, zone="Australia/Lord_Howe")
        assert clock_times(slots) == ["15:00", "15:30"]

    @pytest.mark.parametrize(
        ("zone", "day", "first"),
        [
            ("America/Sao_Paulo", date(2018, 11, 4), "03:00"),
            ("Asia/Beirut", date(2022, 3, 27), "22:00"),
        ],
    )
    def test_a_day_without_midnight_has_23_hours(self, zone: str, day: date, first: str) -> None:
        slots = offered([row(day, "00:00", "24:00", 60)], day=day, zone=zone)
        assert (len(slots), clock_times(slots)[0]) == (23, first)


class TestClocksGoBack:
    """Berlin, 2025-10-26: 03:00 becomes 02:00 at 01:00Z."""

    DAY = date(2025, 10, 26)

    @pytest.mark.parametrize(
        ("opens", "closes", "free"),
        [
            ("02:00", "03:00", ["00:00", "00:30", "01:00", "01:30"]),
            ("02:30", "03:30", ["00:30", "01:00", "01:30", "02:00"]),
            ("01:30", "02:30", ["23:30", "00:00"]),
        ],
        ids=[
            "the repeated hour holds two hours of visits",
            "a repeated start means the first one",
            "a repeated end means the first one",
        ],
    )
    def test_rows_at_the_repeated_hour(self, opens: str, closes: str, free: list[str]) -> None:
        assert (
            clock_times(offered([row(self.DAY, opens, closes, 30)], day=self.DAY, zone=BERLIN))
            == free
        )

    def test_a_day_that_repeats_its_last_hour_has_25(self) -> None:
        day = date(2018, 2, 17)
        assert (
            len(offered([row(day, "00:00", "24:00", 60)], day=day, zone="America/Sao_Paulo")) == 25
        )


class TestASkippedDate:
    """Samoa had no 2011-12-30, a Friday."""

    FRIDAY = date(2011, 12, 30)
    ZONE = "Pacific/Apia"

    def test_it_has_no_slots_and_its_neighbours_keep_theirs(self) -> None:
        around = [self.FRIDAY + timedelta(days=days) for days in (-1, 0, 1)]
        slots = offered(
            [row(day, "22:00", "24:00", 60) for day in around],
            day=around[0],
            last_day=around[-1],
            zone=self.ZONE,
        )
        assert [f"{from_minute(slot.start):%dT%H:%M}" for slot in slots] == [
            "30T08:00",
            "30T09:00",
            "31T08:00",
            "31T09:00",
        ]

    def test_nor_by_hours_of_its_own(self) -> None:
        overrides = {self.FRIDAY: [row(self.FRIDAY, "09:00", "10:00", 60)]}
        assert offered([], day=self.FRIDAY, zone=self.ZONE, overrides=overrides) == []


class TestWorkingWindows:
    def test_rows_that_touch_and_days_that_touch_are_merged(self) -> None:
        tuesday = MONDAY + timedelta(days=1)
        hours = [
            row(MONDAY, "09:00", "12:00", 30),
            row(MONDAY, "12:00", "13:00", 15),
            row(MONDAY, "22:00", "24:00", 30),
            row(tuesday, "00:00", "02:00", 30),
        ]
        assert working_windows(hours, ZoneInfo(BERLIN), MONDAY, tuesday) == [
            Interval(utc("2026-11-30T08:00Z"), utc("2026-11-30T12:00Z")),
            Interval(utc("2026-11-30T21:00Z"), utc("2026-12-01T01:00Z")),
        ]

    def test_both_dates_are_included_and_no_other(self) -> None:
        hours = [row(MONDAY, "09:00", "10:00", 30)]
        windows = working_windows(hours, ZoneInfo("UTC"), MONDAY, MONDAY + timedelta(days=7))
        assert [from_minute(window.start).day for window in windows] == [30, 7]

    def test_overrides_replace_a_date(self) -> None:
        assert working_windows(NINE_TO_TEN, ZoneInfo("UTC"), MONDAY, MONDAY, {MONDAY: []}) == []
