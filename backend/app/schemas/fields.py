"""The kinds of values that requests and answers are made of.

Requests are strict: a number is not a text, `"false"` is not a boolean, and text carries no
control characters. A refusal never repeats what was sent.
"""

import re
import unicodedata
from datetime import UTC, date, datetime
from typing import Annotated

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email
from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

from app.domain.appointments import MAX_SLOT_DURATION, MIN_SLOT_DURATION
from app.domain.people import identity_key
from app.domain.text import (
    BIDI_CONTROLS,
    is_visible,
    on_one_line,
    with_line_breaks,
    without_invisible,
)
from app.domain.time.zones import is_zone

FIRST_DATE = date(2000, 1, 1)
LAST_DATE = date(2199, 12, 31)
LARGEST_ID = 2**63 - 1

DATE = re.compile(r"\d{4}-\d{2}-\d{2}\Z", re.ASCII)
WALL_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)(?::00)?\Z|(24):(00)(?::00)?\Z", re.ASCII)
INVITATION = re.compile(r"[A-Za-z0-9_-]{20,100}\Z", re.ASCII)
FORBIDDEN_CATEGORIES = {"Cc", "Cs", "Zl", "Zp"}
DOTS_OF_A_DOMAIN = re.compile("[.\u3002\uff0e\uff61]")  # UTS #46, 4.1

# What networks of their own use, RFC 6761 and RFC 6762. The library lets its list be changed.
for _name_of_private_networks in ("local", "localhost", "test"):
    SPECIAL_USE_DOMAIN_NAMES.remove(_name_of_private_networks)


def refusal(sentence: str) -> PydanticCustomError:
    """A validation error with a sentence of our own."""
    return PydanticCustomError("refused", "{sentence}", {"sentence": sentence})


def _printable(text: str) -> str:
    if _has_control_characters(text):
        raise refusal("Control characters and line breaks are not allowed.")
    return text


def _printable_lines(text: str) -> str:
    if _has_control_characters(text.replace("\n", " ")):
        raise refusal("Control characters are not allowed.")
    return text


def _has_control_characters(text: str) -> bool:
    return any(unicodedata.category(character) in FORBIDDEN_CATEGORIES for character in text)


def _readable(text: str) -> str:
    if BIDI_CONTROLS.search(text):
        raise refusal("Characters that turn the direction of the text are not allowed.")
    if not is_visible(text):
        raise refusal("Enter something that can be seen.")
    return text


def _name(value: object) -> object:
    """Return a name as it is stored: composed, on one line, without invisible characters."""
    return _nfc(on_one_line(without_invisible(value))) if isinstance(value, str) else value


def _lines(value: object) -> object:
    return _nfc(with_line_breaks(value)) if isinstance(value, str) else value


def _nfc(text: object) -> object:
    return unicodedata.normalize("NFC", text) if isinstance(text, str) else text


def _without_spaces(text: str) -> str:
    if any(character.isspace() for character in text):
        raise refusal("Spaces are not allowed.")
    return text


def _no_address(name: str) -> str:
    """Refuse a user name by which somebody else's e-mail address could not log in any more."""
    if "@" in identity_key(name):
        raise refusal("An @ is not allowed: that is for e-mail addresses.")
    return name


def _email(text: str) -> str:
    """An address on the internet, or on a network of the clinic's own such as desk@clinic.local."""
    if text.count("@") != 1:
        raise refusal("An e-mail address has one @, as in name@example.com.")
    local_part, domain = text.split("@")
    if not local_part or not domain:
        raise refusal("An e-mail address has a name before the @ and a domain after it.")
    if any(character.isspace() for character in text):
        raise refusal("An e-mail address has no spaces.")
    if not DOTS_OF_A_DOMAIN.search(domain.strip(".")):
        raise refusal("The part after the @ needs a dot, as in example.com or clinic.local.")
    try:
        return _checked(text)
    except EmailNotValidError:
        raise refusal(_what_is_wrong_with(local_part)) from None


def _checked(address: str) -> str:
    return validate_email(address, check_deliverability=False, strict=True).normalized


def _what_is_wrong_with(local_part: str) -> str:
    """Which part of an address is wrong. The library's own sentences repeat what was sent."""
    try:
        _checked(f"{local_part}@example.com")
    except EmailNotValidError:
        return "The part before the @ cannot be that of an e-mail address."
    return "The part after the @ cannot be that of an e-mail address."


def _invitation(code: str) -> str:
    if not INVITATION.match(code):
        raise refusal("An invitation code has 20 to 100 letters, digits, hyphens and underscores.")
    return code


def _timezone(name: str) -> str:
    if not is_zone(name):
        raise refusal("Give a time zone by its IANA name, such as Europe/London.")
    return name


def _date_from_text(value: object) -> date:
    try:
        day = date.fromisoformat(value) if isinstance(value, str) and DATE.match(value) else None
    except ValueError:
        day = None
    if day is None or not FIRST_DATE <= day <= LAST_DATE:
        raise refusal(f"Give a date as YYYY-MM-DD, from {FIRST_DATE} to {LAST_DATE}.")
    return day


def _instant_from_text(value: object) -> datetime:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or moment.second or moment.microsecond:
        raise refusal("Give a whole minute in UTC, such as 2026-11-30T09:00:00Z.")
    if not FIRST_DATE.year <= moment.year <= LAST_DATE.year:
        raise refusal(f"Give an instant from {FIRST_DATE.year} to {LAST_DATE.year}.")
    return moment.astimezone(UTC)


def _minutes_from_text(value: object) -> int:
    match = WALL_CLOCK.match(value) if isinstance(value, str) else None
    if match is None:
        raise refusal("Give a time of day as HH:MM, from 00:00 to 24:00.")
    hours, minutes = (int(digits) for digits in match.groups() if digits)
    return hours * 60 + minutes


def _before_midnight(minutes: int) -> int:
    if minutes == 24 * 60:
        raise refusal("Nothing starts at 24:00. Give 00:00 of the next day.")
    return minutes


def _text_from_minutes(value: object) -> object:
    return f"{value // 60:02}:{value % 60:02}" if isinstance(value, int) else value


Printable = AfterValidator(_printable)
Readable = AfterValidator(_readable)
Name = BeforeValidator(_name)
Lines = BeforeValidator(_lines)


def text_of(shortest: int, longest: int) -> StringConstraints:
    """A text of so many characters, not counting spaces around it."""
    return StringConstraints(strip_whitespace=True, min_length=shortest, max_length=longest)


Id = Annotated[int, Field(ge=1, le=LARGEST_ID)]
Username = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=3, max_length=50),
    Name,
    Printable,
    AfterValidator(_without_spaces),
    Readable,
    AfterValidator(_no_address),
]
Login = Annotated[str, Printable, Field(max_length=254, description="user name or e-mail address")]
FullName = Annotated[str, text_of(1, 100), Name, Printable, Readable]
Email = Annotated[str, text_of(1, 254), Name, Printable, Readable, AfterValidator(_email)]
Password = Annotated[str, Printable]
Invitation = Annotated[str, StringConstraints(strip_whitespace=True), AfterValidator(_invitation)]
Phone = Annotated[str, text_of(1, 60), Printable, Field(description="kept as E.164, `;ext=12`")]
Specialty = Annotated[str, text_of(1, 100), Name, Printable, Readable]
Timezone = Annotated[str, AfterValidator(_timezone)]
Reason = Annotated[str, text_of(1, 500), Lines, AfterValidator(_printable_lines), Readable]
DayOfWeek = Annotated[int, Field(ge=0, le=6, description="0 = Monday")]
SlotDuration = Annotated[
    int, Field(ge=MIN_SLOT_DURATION, le=MAX_SLOT_DURATION, description="minutes")
]

SearchedName = Annotated[str, text_of(0, 100), Name, Printable]
Word = Annotated[str, Field(pattern=r"^[a-z_.-]{1,64}$")]

_date_schema = WithJsonSchema({"type": "string", "format": "date"})
_wall_clock_schema = WithJsonSchema(
    {"type": "string", "pattern": r"^([01]\d|2[0-4]):[0-5]\d(:00)?$", "examples": ["09:00"]}
)
CalendarDate = Annotated[date, BeforeValidator(_date_from_text), _date_schema]
Instant = Annotated[
    datetime,
    BeforeValidator(_instant_from_text),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
EndTime = Annotated[int, BeforeValidator(_minutes_from_text), _wall_clock_schema]
StartTime = Annotated[EndTime, AfterValidator(_before_midnight)]
ShownTime = Annotated[str, BeforeValidator(_text_from_minutes), Field(examples=["09:00"])]
