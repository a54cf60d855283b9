"""Telephone numbers as people write them, and as they are kept."""

import pytest

from app.core.phones import NOT_A_NUMBER, stored_phone
from app.domain.errors import InvalidInput

LONDON = "+442079460000"


@pytest.mark.parametrize(
    ("typed", "country", "stored"),
    [
        ("(555) 123-4567", "US", "+15551234567"),
        ("+44 (0)20 7946 0000", "US", LONDON),
        ("020 7946 0000", "GB", LONDON),
        ("(020) 7946 0000", "GB", LONDON),
        ("020.7946.0000", "GB", LONDON),
        ("020/7946-0000", "GB", LONDON),
        ("0044 20 7946 0000", "GB", LONDON),
        ("0044 20 7946 0000", "US", LONDON),
        ("011 44 20 7946 0000", "US", LONDON),
        ("tel:+44-20-7946-0000", "US", LONDON),
        ("+44\u202f20\u20117946\u20130000", "US", LONDON),
        ("+44\u00a020\u22127946\u20030000", "US", LONDON),
        ("\uff0b\uff14\uff14 \uff12\uff10 \uff17\uff19\uff14\uff16 0000", "US", LONDON),
        ("\u0660\u0662\u0660 \u0667\u0669\u0664\u0666 \u0660\u0660\u0660\u0660", "GB", LONDON),
        ("\u200e+44 20 7946 0000\u200f", "US", LONDON),
        ("+1 (212) 555-0100 ext. 12", "GB", "+12125550100;ext=12"),
        ("212-555-0100 x12", "US", "+12125550100;ext=12"),
        ("212-555-0100 #12", "US", "+12125550100;ext=12"),
        ("+12125550100;ext=12", "GB", "+12125550100;ext=12"),
        ("+49 30 123456", "GB", "+4930123456"),
        ("+39 (0)6 1234 5678", "GB", "+390612345678"),
        ("1-800-FLOWERS", "US", "+18003569377"),
    ],
)  # fmt: skip
def test_a_number_is_kept_as_e164(typed: str, country: str, stored: str):
    assert stored_phone(typed, country=country) == stored
    assert stored_phone(stored, country="JP") == stored


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("call me", NOT_A_NUMBER),
        ("+", NOT_A_NUMBER),
        ("+999 123456", "There is no country with this code."),
        ("123", "This phone number is too short."),
        ("+44 20 7946 0000 1234", "This phone number is too long."),
        ("020 7946 0000 / 07700 900123", "This phone number is too long."),
        ("555-1234", "Give the phone number with its area code."),
        ("212-555-0100 ext. 12345678", "An extension has at most 7 digits."),
    ],
)  # fmt: skip
def test_what_is_no_number_is_refused_with_the_reason(typed: str, sentence: str):
    with pytest.raises(InvalidInput) as refused:
        stored_phone(typed, country="US")
    assert (refused.value.field, str(refused.value)) == ("phone", sentence)
