"""Telephone numbers as people of the clinic's country read them."""

from typing import Final

from phonenumbers import (
    NumberParseException,
    PhoneNumberFormat,
    country_code_for_region,
    format_number,
    parse,
)

from ui.config import settings

PHONE_HINT: Final = "With + and the country code if it is a number of another country."


def shown_phone(stored: str | None) -> str:
    """`020 7946 0000` for a clinic in the United Kingdom, `+44 20 7946 0000` elsewhere.

    What the API could not read as a number when it moved to E.164 is shown as it is.
    """
    if not stored:
        return ""
    try:
        number = parse(stored.replace(";ext=", " ext. "), None)
    except NumberParseException:
        return stored
    is_national = number.country_code == country_code_for_region(settings().clinic_country)
    form = PhoneNumberFormat.NATIONAL if is_national else PhoneNumberFormat.INTERNATIONAL
    return format_number(number, form)
