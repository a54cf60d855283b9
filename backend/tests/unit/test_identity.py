"""When two user names, or two e-mail addresses, are the same."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.people import identity_key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("dr_smith", "DR_Smith"),
        ("josé", "jose\u0301"),
        ("José", "JOSE\u0301"),
        ("straße", "STRASSE"),
        ("\ufb01nn", "finn"),  # one letter for f and i
        ("\uff44r_smith", "dr_smith"),  # a full-width d
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),  # a final sigma
        ("\u212bngström", "ångström"),  # the sign for the unit
    ],
)
def test_case_and_unicode_form_do_not_count(one: str, other: str):
    assert identity_key(one) == identity_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("josé", "jose"), ("dr_smith", "dr.smith"), ("john1", "john2"), ("straße", "strase")],
)
def test_everything_else_does(one: str, other: str):
    assert identity_key(one) != identity_key(other)


@given(st.text())
def test_no_form_or_case_of_a_name_has_another_key(name: str):
    key = identity_key(name)
    assert identity_key(key) == key
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        assert identity_key(unicodedata.normalize(form, name)) == key
    assert identity_key(name.casefold()) == key
