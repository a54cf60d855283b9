"""Telephone numbers: from what people type to the stored form."""

import unicodedata

from phonenumbers import (
    SUPPORTED_REGIONS,
    NumberParseException,
    PhoneNumber,
    PhoneNumberFormat,
    ValidationResult,
    format_number,
    is_possible_number_with_reason,
    parse,
)

from app.domain.errors import InvalidInput

COUNTRIES = SUPPORTED_REGIONS
LONGEST_EXTENSION = 7
REASONS = {
    ValidationResult.INVALID_COUNTRY_CODE: "There is no country with this code.",
    ValidationResult.TOO_SHORT: "This phone number is too short.",
    ValidationResult.TOO_LONG: "This phone number is too long.",
    ValidationResult.INVALID_LENGTH: "A phone number of this country has more or fewer digits.",
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: "Give the phone number with its area code.",
}
PARSE_REASONS = {
    NumberParseException.INVALID_COUNTRY_CODE: ValidationResult.INVALID_COUNTRY_CODE,
    NumberParseException.TOO_SHORT_AFTER_IDD: ValidationResult.TOO_SHORT,
    NumberParseException.TOO_SHORT_NSN: ValidationResult.TOO_SHORT,
    NumberParseException.TOO_LONG: ValidationResult.TOO_LONG,
}
NOT_A_NUMBER = (
    "This is not a phone number. Use digits, with + and the country code if it is abroad."
)


def stored_phone(typed: str, *, country: str) -> str:
    """E.164, such as +442079460000, with the extension behind it as in RFC 3966: `;ext=12`.

    A number without a country code is one of `country`, ISO 3166-1 alpha-2. Whether a number of
    this length can exist is checked, not whether it is in use.

    Raises InvalidInput, naming the field `phone`, with the reason.
    """
    text = _in_plain_signs(typed)
    number, reason = _parsed(text, country)
    if reason and text.startswith("00"):
        number, reason = _parsed(f"+{text[2:]}", country)
    if number is None or reason:
        raise InvalidInput("phone", reason or NOT_A_NUMBER)
    e164 = format_number(number, PhoneNumberFormat.E164)
    if not number.extension:
        return e164
    if len(number.extension) > LONGEST_EXTENSION:
        raise InvalidInput("phone", f"An extension has at most {LONGEST_EXTENSION} digits.")
    return f"{e164};ext={number.extension}"


def _parsed(text: str, country: str) -> tuple[PhoneNumber | None, str | None]:
    """A number, and why there can be none like this."""
    try:
        number = parse(text, country)
    except NumberParseException as refused:
        result = PARSE_REASONS.get(refused.error_type)
        return None, NOT_A_NUMBER if result is None else REASONS[result]
    return number, REASONS.get(is_possible_number_with_reason(number))


def _in_plain_signs(typed: str) -> str:
    """The text with ordinary spaces, hyphens and digits, without characters that nobody sees."""
    return "".join(map(_plain_sign, typed)).strip()


def _plain_sign(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Cf":
        return ""
    if category == "Nd":
        return str(unicodedata.digit(character))
    if category == "Zs":
        return " "
    return "-" if category == "Pd" or character == "\N{MINUS SIGN}" else character
