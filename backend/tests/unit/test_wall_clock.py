"""What clocks on the wall show on the days on which they are changed."""

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from app.domain.time.wall_clock import (
    ceil_minute,
    date_exists,
    from_minute,
    instant_of,
    readings_of,
    to_minute,
    wall_clock_at,
)


def utc(text: str) -> int:
    return to_minute(datetime.fromisoformat(text))


def minute_of_day(text: str) -> int:
    hours, minutes = map(int, text.split(":"))
    return hours * 60 + minutes


@pytest.mark.parametrize(
    ("moment", "floor", "ceiling"),
    [
        ("1970-01-01T00:00:00Z", 0, 0),
        ("1970-01-01T00:01:00Z", 1, 1),
        ("1970-01-01T00:01:00.000001Z", 1, 2),
        ("1970-01-01T00:01:59Z", 1, 2),
        ("1969-12-31T23:59:30Z", -1, 0),
        ("1970-01-01T05:30:00+05:30", 0, 0),
    ],
)
def test_minutes_of_a_moment(moment: str, floor: int, ceiling: int) -> None:
    parsed = datetime.fromisoformat(moment)
    assert (to_minute(parsed), ceil_minute(parsed)) == (floor, ceiling)


@pytest.mark.parametrize("convert", [to_minute, ceil_minute])
def test_a_moment_without_a_zone_is_refused(convert: object) -> None:
    assert callable(convert)
    with pytest.raises(TypeError):
        convert(datetime(2026, 3, 29, 2, 30))  # noqa: DTZ001


def test_both_readings_of_a_repeated_hour_are_different_minutes() -> None:
    first = datetime(2025, 10, 26, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    assert to_minute(first.replace(fold=1)) - to_minute(first) == 60


def test_from_minute_is_utc_and_undoes_to_minute() -> None:
    moment = datetime(2026, 11, 30, 8, 15, tzinfo=UTC)
    assert from_minute(to_minute(moment)) == moment
    assert from_minute(0).tzinfo is UTC


@pytest.mark.parametrize(
    ("zone", "day", "shown", "meant"),
    [
        ("Europe/Berlin", "2026-03-29", "01:59", "2026-03-29T00:59Z"),
        ("Europe/Berlin", "2026-03-29", "02:00", "2026-03-29T01:00Z"),
        ("Europe/Berlin", "2026-03-29", "02:30", "2026-03-29T01:30Z"),
        ("Europe/Berlin", "2026-03-29", "03:00", "2026-03-29T01:00Z"),
        ("Europe/Berlin", "2025-10-26", "02:30", "2025-10-26T00:30Z"),
        ("Europe/Berlin", "2025-10-26", "03:00", "2025-10-26T02:00Z"),
        ("Europe/Berlin", "2025-10-25", "24:00", "2025-10-25T22:00Z"),
        ("Australia/Lord_Howe", "2025-10-05", "02:15", "2025-10-04T15:45Z"),
        ("Asia/Kathmandu", "2026-01-01", "09:00", "2026-01-01T03:15Z"),
        ("America/Sao_Paulo", "2018-11-04", "00:00", "2018-11-04T03:00Z"),
        ("America/Sao_Paulo", "2018-11-03", "24:00", "2018-11-04T03:00Z"),
        ("Asia/Beirut", "2022-03-27", "00:30", "2022-03-26T22:30Z"),
        ("America/Havana", "2025-11-01", "24:00", "2025-11-02T04:00Z"),
        ("Pacific/Apia", "2011-12-29", "24:00", "2011-12-30T10:00Z"),
        ("Pacific/Apia", "2011-12-31", "00:00", "2011-12-30T10:00Z"),
    ],
)
def test_instant_of(zone: str, day: str, shown: str, meant: str) -> None:
    instant = instant_of(date.fromisoformat(day), minute_of_day(shown), ZoneInfo(zone))
    assert from_minute(instant) == datetime.fromisoformat(meant)


@pytest.mark.parametrize(
    ("zone", "day", "shown", "readings"),
    [
        ("Europe/Berlin", "2026-06-01", "09:00", ["2026-06-01T07:00Z"]),
        ("Europe/Berlin", "2026-03-29", "01:59", ["2026-03-29T00:59Z"]),
        ("Europe/Berlin", "2026-03-29", "02:00", []),
        ("Europe/Berlin", "2026-03-29", "02:59", []),
        ("Europe/Berlin", "2026-03-29", "03:00", ["2026-03-29T01:00Z"]),
        ("Europe/Berlin", "2025-10-26", "01:59", ["2025-10-25T23:59Z"]),
        ("Europe/Berlin", "2025-10-26", "02:00", ["2025-10-26T00:00Z", "2025-10-26T01:00Z"]),
        ("Europe/Berlin", "2025-10-26", "02:59", ["2025-10-26T00:59Z", "2025-10-26T01:59Z"]),
        ("Europe/Berlin", "2025-10-26", "03:00", ["2025-10-26T02:00Z"]),
        ("Australia/Lord_Howe", "2026-04-05", "01:45", ["2026-04-04T14:45Z", "2026-04-04T15:15Z"]),
        ("America/Sao_Paulo", "2018-02-17", "23:30", ["2018-02-18T01:30Z", "2018-02-18T02:30Z"]),
        ("America/Sao_Paulo", "2018-11-04", "00:30", []),
        ("Pacific/Apia", "2011-12-30", "12:00", []),
    ],
)
def test_readings_of(zone: str, day: str, shown: str, readings: list[str]) -> None:
    found = readings_of(date.fromisoformat(day), minute_of_day(shown), ZoneInfo(zone))
    assert found == tuple(utc(reading) for reading in readings)


@pytest.mark.parametrize(
    ("zone", "instant", "day", "shown"),
    [
        ("Europe/Berlin", "2026-03-29T01:00Z", "2026-03-29", "03:00"),
        ("Europe/Berlin", "2025-10-26T01:30Z", "2025-10-26", "02:30"),
        ("Asia/Kolkata", "2026-01-01T18:30Z", "2026-01-02", "00:00"),
        ("America/New_York", "2026-01-01T00:00Z", "2025-12-31", "19:00"),
        ("Pacific/Apia", "2011-12-30T09:59Z", "2011-12-29", "23:59"),
        ("Pacific/Apia", "2011-12-30T10:00Z", "2011-12-31", "00:00"),
    ],
)
def test_wall_clock_at(zone: str, instant: str, day: str, shown: str) -> None:
    expected = (date.fromisoformat(day), minute_of_day(shown))
    assert wall_clock_at(utc(instant), ZoneInfo(zone)) == expected


@pytest.mark.parametrize(
    ("zone", "skipped"),
    [
        ("Pacific/Apia", "2011-12-30"),
        ("Pacific/Fakaofo", "2011-12-30"),
        ("Pacific/Kwajalein", "1993-08-21"),
        ("Pacific/Kiritimati", "1994-12-31"),
    ],
)
def test_a_date_skipped_at_the_date_line_does_not_exist(zone: str, skipped: str) -> None:
    day = date.fromisoformat(skipped)
    around = [day + timedelta(days=days) for days in (-1, 0, 1)]
    assert [date_exists(one, ZoneInfo(zone)) for one in around] == [True, False, True]


def test_a_date_whose_midnight_is_skipped_exists() -> None:
    assert date_exists(date(2018, 11, 4), ZoneInfo("America/Sao_Paulo")) is True


def test_a_zone_may_be_any_tzinfo() -> None:
    zone = timezone(timedelta(hours=-3))
    assert readings_of(date(1970, 1, 1), 0, zone) == (180,)
