"""How dates and times are written in texts, fields and calendars: CLINIC_LOCALE decides."""

import re
from dataclasses import dataclass
from datetime import date, time
from functools import cached_property
from typing import Final, Literal

from babel import Locale, dates
from babel.core import UnknownLocaleError

WORDS: Final = Locale("en")
"""The pages are written in English; only the order of things follows the setting."""


@dataclass(frozen=True)
class Conventions:
    """The conventions of a locale such as `en_GB` in the Unicode CLDR. Monday is 0."""

    locale: Locale

    @property
    def tag(self) -> str:
        """English as it is written where the locale is used: `en-GB`, for the browser."""
        return f"en-{self.locale.territory}"

    @property
    def first_weekday(self) -> int:
        return int(self.locale.first_week_day)

    @property
    def weekdays(self) -> tuple[int, ...]:
        """The days of the week in their order."""
        return tuple((self.first_weekday + number) % 7 for number in range(7))

    @cached_property
    def is_12_hour(self) -> bool:
        return "h" in self._time_pattern

    @cached_property
    def date_field(self) -> str:
        """The format of a date field: `DD/MM/YYYY`, `MM/DD/YYYY` or `YYYY-MM-DD`."""
        order = {"d": "DD", "M": "MM", "y": "YYYY"}
        letters = dict.fromkeys(re.findall("[dMy]", self._date_pattern))
        separator = re.search(r"[-./]", self._date_pattern)
        return (separator[0] if separator else "/").join(order[letter] for letter in letters)

    @property
    def time_field(self) -> Literal["12h", "24h"]:
        """The format of a time field."""
        return "12h" if self.is_12_hour else "24h"

    def long_day(self, day: date) -> str:
        """`Monday 30 November 2026` or `Monday, November 30, 2026`."""
        return self._day(day, "EEEE d MMMM y", "EEEE, MMMM d, y")

    def short_day(self, day: date) -> str:
        """`Mon 30 Nov` or `Mon, Nov 30`."""
        return self._day(day, "EEE d MMM", "EEE, MMM d")

    def short_date(self, day: date) -> str:
        """`Mon 30 Nov 2026` or `Mon, Nov 30, 2026`."""
        return self._day(day, "EEE d MMM y", "EEE, MMM d, y")

    def clock(self, reading: time) -> str:
        """`9:00` or `9:00 AM`."""
        separator = re.search(r"[Hh]+(.)mm", self._time_pattern)
        hour_and_minute = f"{{}}{separator[1] if separator else ':'}mm"
        pattern = (
            hour_and_minute.format("h") + " a" if self.is_12_hour else hour_and_minute.format("H")
        )
        return dates.format_time(reading, pattern, locale=WORDS)

    def _day(self, day: date, day_first: str, month_first: str) -> str:
        is_month_first = self.date_field.startswith("MM")
        return dates.format_date(day, month_first if is_month_first else day_first, locale=WORDS)

    @property
    def _date_pattern(self) -> str:
        return str(self.locale.date_formats["short"].pattern)

    @property
    def _time_pattern(self) -> str:
        return str(self.locale.time_formats["short"].pattern)


def conventions_of(name: str) -> Conventions:
    """The conventions of a language in a country, `en_GB` or `de-AT`. Raises ValueError."""
    try:
        locale = Locale.parse(name.replace("-", "_"))
    except (UnknownLocaleError, ValueError) as unknown:
        raise ValueError(f"{name} is not a language and a country such as en_GB") from unknown
    if locale.territory is None:
        raise ValueError(f"{name} lacks the country, as in en_GB")
    return Conventions(locale)
