"""What is left out of texts, and which show nothing or change how others are read."""

import unicodedata

import pytest
from pydantic import TypeAdapter, ValidationError

from app.domain.people import identity_key
from app.domain.text import as_identity, is_visible, with_line_breaks, without_invisible
from app.schemas.fields import Email, FullName, Invitation, Reason, Specialty, Username

ZWNJ, ZWJ = "\u200c", "\u200d"
TURNED = "Characters that turn the direction of the text are not allowed."
UNSEEN = "Enter something that can be seen."
MISSING = "String should have at least 1 character"


def taken(kind: object, text: str) -> str:
    """What is kept of a text, or why it is refused."""
    try:
        return str(TypeAdapter(kind).validate_python(text))
    except ValidationError as invalid:
        return str(invalid.errors()[0]["msg"])


@pytest.mark.parametrize(
    "text",
    [
        f"نمی{ZWNJ}خواهم",  # Persian
        f"क्{ZWJ}ष",  # Devanagari
        f"അവന്{ZWJ}",  # Malayalam: a joiner ends the word
        f"ශ්{ZWJ}රී",  # Sinhala
        "\N{MAN}\u200d\N{WOMAN}\u200d\N{GIRL}",
        "\u2764\ufe0f\u200d\N{FIRE}",
        "\u845b\U000e0100\u57ce",  # the variant of a Han character that a name is written with
    ],
)
def test_what_a_script_needs_stays(text: str):
    assert without_invisible(text) == text
    assert taken(FullName, text) == unicodedata.normalize("NFC", text)
    assert taken(Reason, text) == unicodedata.normalize("NFC", text)


@pytest.mark.parametrize(
    "unseen",
    ["\u200b", "\u2060", "\ufeff", "\u00ad", "\u200e", "\u200f", "\u061c", "\u034f", "\u3164",
     "\U000e0041", ZWJ, ZWNJ],
)  # fmt: skip
def test_characters_that_nobody_sees_make_no_other_name(unseen: str):
    name = f"a{unseen}nna"
    assert (taken(Username, name), taken(FullName, name), taken(Specialty, name)) == ("anna",) * 3
    assert taken(Email, f"{name}@example.com") == "anna@example.com"
    assert identity_key(name) == "anna"
    assert identity_key("a-nna") == "a-nna"


def test_no_joiner_makes_another_user_name():
    written = f"نمی{ZWNJ}خواهم"
    assert identity_key(written) == identity_key(written.replace(ZWNJ, ""))
    assert as_identity(f"{written}\ufe0f") == written.replace(ZWNJ, "")


@pytest.mark.parametrize("control", "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
@pytest.mark.parametrize(
    "kind",
    [Username, FullName, Specialty, Reason],
    ids=["user name", "name", "specialty", "reason"],
)
def test_what_turns_the_text_around_is_refused(kind: object, control: str):
    assert taken(kind, f"gnp{control}.exe") == TURNED
    assert taken(kind, "gnp.exe") == "gnp.exe"
    assert taken(kind, "\u05d3\u05d5\u05d3") == "\u05d3\u05d5\u05d3"  # Hebrew needs no control


@pytest.mark.parametrize(
    ("text", "said_of_a_name", "said_of_a_reason"),
    [
        ("   ", MISSING, MISSING),
        ("\u00a0\u3000", MISSING, MISSING),
        ("\u200b\u200b\u200b", MISSING, UNSEEN),
        ("\u2800\u2800\u2800", UNSEEN, UNSEEN),
        ("\u3164\u3164\u3164", MISSING, UNSEEN),
        ("\u0301\u0301\u0301", UNSEEN, UNSEEN),
        ("\ufe0f\ufe0f\ufe0f", UNSEEN, UNSEEN),
        ("\U000e0041\U000e0042\U000e0043", MISSING, UNSEEN),
    ],
)
def test_what_shows_nothing_is_refused(text: str, said_of_a_name: str, said_of_a_reason: str):
    assert not is_visible(text)
    assert taken(FullName, text) == taken(Specialty, text) == said_of_a_name
    assert taken(Reason, text) == said_of_a_reason


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("fever\r\nand a cough", "fever\nand a cough"),
        ("fever\rand a cough", "fever\nand a cough"),
        ("fever\u2028and a cough", "fever\nand a cough"),
        ("fever\tand a cough", "fever and a cough"),
        ("fever\n\n\n \r\n\r\na cough\n", "fever\n\na cough"),
        ("fever\n\na cough", "fever\n\na cough"),
    ],
)
def test_a_reason_keeps_its_lines(sent: str, kept: str):
    assert taken(Reason, sent) == kept
    assert with_line_breaks(kept) == kept


def test_names_are_on_one_line():
    assert taken(FullName, "Anna\u00a0 \u2009Berg ") == "Anna Berg"
    assert taken(FullName, "Anna\nBerg") == "Control characters and line breaks are not allowed."
    assert taken(Reason, "a\x1bb") == "Control characters are not allowed."


@pytest.mark.parametrize(
    "address",
    ["desk@clinic.local", "desk@front.internal", "desk@clinic.test", "anna@example.com",
     "josé@exämple.com", "desk@clinic.lan", "o'brien@example.com"],
)  # fmt: skip
def test_addresses_of_the_internet_and_of_a_clinics_own_network_are_taken(address: str):
    assert taken(Email, f" {address} ") == address


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("anna.example.com", "An e-mail address has one @, as in name@example.com."),
        ("anna@berg@example.com", "An e-mail address has one @, as in name@example.com."),
        ("@example.com", "An e-mail address has a name before the @ and a domain after it."),
        ("anna@", "An e-mail address has a name before the @ and a domain after it."),
        ("anna berg@example.com", "An e-mail address has no spaces."),
        ("anna@gmail", "The part after the @ needs a dot, as in example.com or clinic.local."),
        ("anna@gmail.", "The part after the @ needs a dot, as in example.com or clinic.local."),
        ("anna@exam_ple.com", "The part after the @ cannot be that of an e-mail address."),
        ("anna@example..com", "The part after the @ cannot be that of an e-mail address."),
        ("anna@[192.0.2.1]", "The part after the @ cannot be that of an e-mail address."),
        ("an,na@example.com", "The part before the @ cannot be that of an e-mail address."),
        (".anna@example.com", "The part before the @ cannot be that of an e-mail address."),
        ("a" * 65 + "@example.com", "The part before the @ cannot be that of an e-mail address."),
        ("a@" + "ä" * 60 + ".com", "The part after the @ cannot be that of an e-mail address."),
        ("anna@example.invalid", "The part after the @ cannot be that of an e-mail address."),
    ],
)
def test_an_address_is_refused_with_the_reason(address: str, sentence: str):
    assert taken(Email, address) == sentence


def test_an_invitation_code_may_be_pasted_with_spaces_around_it():
    assert taken(Invitation, f" {'x' * 43}\n") == "x" * 43
    assert taken(Invitation, "x" * 19) == (
        "An invitation code has 20 to 100 letters, digits, hyphens and underscores."
    )
