from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

import ui.formatting.phones
from ui import config
from ui.config import Settings
from ui.formatting import text as fmt
from ui.formatting.phones import shown_phone

BACKSLASH = "\\"
FIRST_READING = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
SECOND_READING = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
SUMMER = datetime(2026, 7, 1, tzinfo=UTC)
WINTER = datetime(2026, 12, 1, tzinfo=UTC)


def test_a_moment_is_told_as_people_say_it():
    assert fmt.moment(date(2026, 11, 30), "09:00") == "Monday 30 November 2026, 9:00"


def test_a_short_day_fits_a_button():
    assert fmt.short_day(date(2026, 12, 1)) == "Tue 1 Dec"


@pytest.mark.parametrize(
    ("reading", "second", "told"),
    [
        ("09:05", False, "9:05"),
        ("00:00", False, "0:00"),
        ("13:30:00", False, "13:30"),
        ("01:30", True, "1:30 (second)"),
    ],
)
def test_a_clock_reading(reading: str, second: bool, told: str):
    assert fmt.clock(reading, second=second) == told


def test_the_second_pass_of_a_repeated_hour_is_recognised():
    readings = [
        fmt.is_second_reading(at, "Europe/Berlin") for at in (FIRST_READING, SECOND_READING)
    ]
    assert readings == [False, True]


def test_hours_end_at_midnight():
    assert fmt.hours("18:00", "24:00") == "18:00\N{EN DASH}midnight"
    assert fmt.hours("09:00", "17:00") == "9:00\N{EN DASH}17:00"


def test_counts_and_lists():
    assert fmt.minutes(1) == "1 minute"
    assert fmt.minutes(30) == "30 minutes"
    assert [fmt.listed(words) for words in ([], ["a"], "ab", "abc")] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]


@pytest.mark.parametrize(
    ("zone", "browser", "moments", "named"),
    [
        ("Europe/Berlin", "Europe/Berlin", [SUMMER], False),
        ("Europe/Berlin", "Europe/Paris", [SUMMER, WINTER], False),
        ("Europe/London", "Africa/Abidjan", [WINTER], False),
        ("Europe/London", "Africa/Abidjan", [WINTER, SUMMER], True),
        ("Europe/Berlin", "America/New_York", [WINTER], True),
        ("Europe/Berlin", None, [WINTER], True),
        ("Europe/Berlin", "Mars/Olympus", [WINTER], True),
        ("Europe/Berlin", "../secret", [WINTER], True),
    ],
)
def test_the_zone_is_named_where_clocks_differ(
    zone: str, browser: str | None, moments: list[datetime], named: bool
):
    note = f"Times are in the {zone} time zone." if named else ""
    assert fmt.zone_note(zone, browser, moments) == note


@pytest.mark.parametrize(
    ("typed", "markdown"),
    [
        ("Dr. Anne-Marie O'Hara", "Dr. Anne-Marie O'Hara"),
        ("**bold** _it_", r"\*\*bold\*\* \_it\_"),
        ("[a](b)", r"\[a\](b)"),
        ("<b>x</b>", r"\<b\>x\</b\>"),
        ("# head", r"\# head"),
        ("- item", r"\- item"),
        ("1. item", r"1\. item"),
        ("two\n\nlines ", "two lines"),
        ("$x$ :red[x]", "\\$x\\$ \\:\u2060red\\[x\\]"),
        ("www.evil.example", "www\u2060.evil.example"),
        ("http://evil.example", "http\\:\u2060//evil.example"),
        ("a@b.example", "a@\u2060b.example"),
        ("a -> b", "a -\u2060\\> b"),
    ],
)
def test_typed_text_is_no_markdown(typed: str, markdown: str):
    assert fmt.plain(typed) == markdown


@given(st.text())
def test_typed_text_is_shown_letter_by_letter(typed: str):
    shown = unescaped(fmt.plain(typed)).replace(fmt.WORD_JOINER, "")
    assert shown == " ".join(typed.replace(fmt.WORD_JOINER, "").split())


@given(st.dates())
def test_every_day_is_told_in_full(day: date):
    assert fmt.long_day(day) == f"{day:%A} {day.day} {day:%B} {day.year}"


@pytest.mark.parametrize(
    ("locale", "told", "field", "weekday"),
    [
        ("en_GB", ("Monday 30 November 2026", "Mon 30 Nov 2026", "15:05"), "DD/MM/YYYY", 0),
        ("en-US", ("Monday, November 30, 2026", "Mon, Nov 30, 2026", "3:05 PM"), "MM/DD/YYYY", 6),
        ("de_AT", ("Monday 30 November 2026", "Mon 30 Nov 2026", "15:05"), "DD.MM.YYYY", 0),
        ("sv_SE", ("Monday 30 November 2026", "Mon 30 Nov 2026", "15:05"), "YYYY-MM-DD", 0),
        ("fi_FI", ("Monday 30 November 2026", "Mon 30 Nov 2026", "15.05"), "DD.MM.YYYY", 0),
        ("ar_EG", ("Monday 30 November 2026", "Mon 30 Nov 2026", "3:05 PM"), "DD/MM/YYYY", 5),
    ],
)
def test_one_setting_decides_how_dates_and_times_are_written(
    monkeypatch, locale: str, told: tuple[str, str, str], field: str, weekday: int
):
    monkeypatch.setenv("CLINIC_LOCALE", locale)
    config.settings.cache_clear()
    day, conventions = date(2026, 11, 30), config.settings().conventions
    assert (fmt.long_day(day), fmt.short_date(day), fmt.clock("15:05")) == told
    assert (conventions.date_field, conventions.first_weekday) == (field, weekday)
    assert conventions.time_field == ("12h" if told[2].endswith("PM") else "24h")


def unescaped(markdown: str) -> str:
    """What a Markdown reader makes of backslashes."""
    letters = iter(markdown)
    return "".join(next(letters) if letter == BACKSLASH else letter for letter in letters)


@pytest.mark.parametrize(
    ("country", "stored", "shown"),
    [
        ("GB", "+442079460000", "020 7946 0000"),
        ("GB", "+12125550100", "+1 212-555-0100"),
        ("US", "+12125550100", "(212) 555-0100"),
        ("US", "+12125550100;ext=12", "(212) 555-0100 ext. 12"),
        ("CA", "+12125550100", "(212) 555-0100"),
        ("US", "+442079460000", "+44 20 7946 0000"),
        ("US", "ask my mother", "ask my mother"),
        ("US", None, ""),
    ],
)
def test_a_phone_number_is_shown_as_people_of_the_country_write_it(
    monkeypatch: pytest.MonkeyPatch, country: str, stored: str | None, shown: str
):
    monkeypatch.setattr(ui.formatting.phones, "settings", lambda: Settings(clinic_country=country))
    assert shown_phone(stored) == shown
