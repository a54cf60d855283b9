"""Dates, times and free text as people read them, in the conventions of CLINIC_LOCALE."""

import re
from collections.abc import Iterable
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from ui.config import settings
from ui.config.zones import find_zone

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MIDNIGHT_AT_END = "24:00"
EN_DASH = "\N{EN DASH}"

_BLANKS = re.compile(r"\s+")
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>~$:&|^])")
_BLOCK_MARK = re.compile(r"^([-+#=]|\d+(?=[.)]))")
# Links, e-mail addresses, emoji codes and arrows are recognised in finished text, where a backslash
# no longer protects. An invisible word joiner breaks their pattern and changes nothing to the eye.
_RECOGNISED = re.compile(r"(?<=www)(?=\.)|(?<=@)|(?<=:)(?=\S)|(?<=[-<>~])(?=[-=>])", re.IGNORECASE)
WORD_JOINER = "\u2060"


def long_day(day: date) -> str:
    """`Monday 30 November 2026`."""
    return settings().conventions.long_day(day)


def short_day(day: date) -> str:
    """`Mon 30 Nov`, for buttons and other narrow places."""
    return settings().conventions.short_day(day)


def short_date(day: date) -> str:
    """`Mon 30 Nov 2026`."""
    return settings().conventions.short_date(day)


def clock(reading: str, *, second: bool = False) -> str:
    """`9:00` from `09:00`; the second pass of an hour the clocks repeat is `1:30 (second)`."""
    shown = settings().conventions.clock(time.fromisoformat(reading))
    return f"{shown}{' (second)' if second else ''}"


def is_second_reading(instant: datetime, zone: str) -> bool:
    """Whether `instant` falls into the second pass of an hour that `zone` repeats."""
    found = find_zone(zone)
    return found is not None and instant.astimezone(found).fold == 1


def moment(day: date, reading: str, *, second: bool = False) -> str:
    """`Monday 30 November 2026, 9:00`."""
    return f"{long_day(day)}, {clock(reading, second=second)}"


def hours(start: str, end: str) -> str:
    """Working hours from `HH:MM` texts, `09:00` and `17:00`; an end of `24:00` reads midnight."""
    return f"{clock(start)}{EN_DASH}{'midnight' if end == MIDNIGHT_AT_END else clock(end)}"


def minutes(count: int) -> str:
    """`30 minutes`."""
    return counted(count, "minute")


def counted(count: int, noun: str) -> str:
    """`1 slot`, `2 slots`."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def with_article(noun: str) -> str:
    """`a patient`, `an admin`."""
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def listed(words: Iterable[str]) -> str:
    """`Monday`, `Monday and Friday`, `Monday, Wednesday and Friday`."""
    *head, last = list(words) or [""]
    return f"{', '.join(head)} and {last}" if head else last


def plain(text: str) -> str:
    """`text` escaped so that Streamlit's Markdown shows it literally, on one line.

    People's names and reasons are data: nothing in them may become a link, an image, a colour or
    a formula.
    """
    line = _RECOGNISED.sub(WORD_JOINER, _BLANKS.sub(" ", text).strip())
    return _BLOCK_MARK.sub(_escaped_mark, _MARKDOWN.sub(r"\\\1", line))


def zone_note(zone: str, browser_zone: str | None, moments: Iterable[datetime]) -> str:
    """A sentence that names `zone` when the reader's clock differs at any of `moments`, else "".

    `moments` are instants. An unknown browser zone counts as different: naming the zone
    needlessly is better than a missed visit.
    """
    if browser_zone is not None and _clocks_agree(zone, browser_zone, moments):
        return ""
    return f"Times are in the {zone} time zone."


def zone_suffix(zone: str, browser_zone: str | None, at: datetime) -> str:
    """` (Europe/Berlin time)` when the reader's clock differs at the instant `at`, else ""."""
    is_own = browser_zone is not None and _clocks_agree(zone, browser_zone, [at])
    return "" if is_own else f" ({zone} time)"


def now_in(zone: str, instant: datetime) -> datetime:
    """The wall clock of `shown_zone(zone)` at `instant`."""
    return instant.astimezone(ZoneInfo(shown_zone(zone)))


def shown_zone(zone: str) -> str:
    """The zone whose clock is shown: `zone`, or the clinic's where there is none of that name.

    Zones are renamed and removed, so that one may be stored that does not exist any more.
    """
    return settings().clinic_timezone if find_zone(zone) is None else zone


def _clocks_agree(zone: str, other: str, moments: Iterable[datetime]) -> bool:
    if zone == other:
        return True
    ours, theirs = find_zone(zone), find_zone(other)
    if ours is None or theirs is None:
        return False
    return all(
        at.astimezone(ours).utcoffset() == at.astimezone(theirs).utcoffset() for at in moments
    )


def _escaped_mark(mark: re.Match[str]) -> str:
    return f"{mark[1]}\\" if mark[1].isdigit() else f"\\{mark[1]}"
