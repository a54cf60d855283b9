"""What makes a password easy to guess, whatever its length.

ASVS 5.0 (6.2.4, 6.2.11, 6.2.12) and NIST SP 800-63B-4 (3.1.1.2) ask for a comparison with
passwords that are common, and with words of the context such as the user name. Guessers try these
with digits and signs around them, in other spellings and several times in a row: so do we.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise

from app.domain.text import as_identity

BLANK = "Use characters that can be seen."
REPEATED = "Do not repeat characters or words to make the password longer."
SEQUENCE = "Sequences such as abcd, 1234 or qwerty are easy to guess."
PERSONAL = "Do not use your name, user name, e-mail address or the name of the clinic."
COMMON = "This password is a common one, or differs from one by digits, signs or spelling only."

FEWEST_UNITS = 5
SHORTEST_BASE = 4
SHORTEST_NAME = 3
LONGEST_DECORATION = 6
EDGE = 4

# What is read as a letter; 1 is read as i and as l.
SPELLINGS = (
    str.maketrans("@4836901!|$57+2", "aabeggoiilssttz"),
    str.maketrans("@4836901!|$57+2", "aabeggolilssttz"),
)
KEYBOARD_ROWS = (
    *("1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "yxcvbnm"),
    *("azertyuiop", "qsdfghjklm", "wxcvbn", "!@#$%^&*()"),
)
NEIGHBOURS = {pair for row in KEYBOARD_ROWS for pair in pairwise(row)}

NOT_OF_A_WORD = re.compile(r"[\W_]+")
MARKS = re.compile("[\u0300-\u036f]")


def weakness(
    password: str, *, shortest: int, personal: Iterable[str], is_common: Callable[[str], bool]
) -> str | None:
    """Why a password is easy to guess, as a sentence, or None.

    `shortest` is the length that a password must have without repetitions, `personal` are names
    that belong to the account and the clinic. `is_common` says whether a text, as `folded`
    returns it, is on the list of common passwords.
    """
    text = folded(password)
    if not text.strip():
        return BLANK
    variants = tuple(dict.fromkeys((text, _words_joined(text))))
    for variant in variants:
        unit = _repeated_unit(variant)
        if unit != variant and (len(unit) < shortest or is_common(unit)):
            return REPEATED
        if len(_without_sequences(variant)) < FEWEST_UNITS:
            return SEQUENCE
    if _is_personal(text, tuple(_words_of(personal)), is_common):
        return PERSONAL
    readings = (*variants, *(variant[::-1] for variant in variants))
    return COMMON if any(_is_decorated(reading, is_common) for reading in readings) else None


def folded(password: str) -> str:
    """The form in which passwords are compared with common ones and with names."""
    decomposed = unicodedata.normalize("NFKD", as_identity(password).casefold())
    return unicodedata.normalize("NFKC", MARKS.sub("", decomposed))


def _words_joined(text: str) -> str:
    return NOT_OF_A_WORD.sub("", text)


def _repeated_unit(text: str) -> str:
    """The shortest text of which several copies, the last one maybe cut off, make this one."""
    for length in range(1, len(text) // 2 + 1):
        if text.startswith(text[length:]):
            return text[:length]
    return text


def _without_sequences(text: str) -> str:
    """The text with one character for each run of equal or neighbouring characters."""
    shorter = "".join(_one_of_each_run(text))
    return shorter if shorter == text else _without_sequences(shorter)


def _one_of_each_run(text: str) -> Iterator[str]:
    place = 0
    while place < len(text):
        yield text[place]
        end = place + 1
        step = _step(text[place : end + 1])
        while step is not None and _step(text[end - 1 : end + 1]) == step:
            end += 1
        place = end if step == 0 or end - place > 2 else place + 1  # noqa: PLR2004 - three in a row


def _step(pair: str) -> int | None:
    """0 for a pair of equal characters, 1 and -1 for neighbours, else None."""
    if len(pair) < 2:  # noqa: PLR2004 - a pair
        return None
    before, after = pair[0], pair[1]
    difference = ord(after) - ord(before)
    if abs(difference) <= 1:
        return difference
    if (before, after) in NEIGHBOURS:
        return 1
    return -1 if (after, before) in NEIGHBOURS else None


def _words_of(personal: Iterable[str]) -> list[str]:
    """Names and their words, the longest first."""
    found = set()
    for name in map(folded, personal):
        found |= {_words_joined(name), *NOT_OF_A_WORD.split(name)}
    return sorted((word for word in found if len(word) >= SHORTEST_NAME), key=len, reverse=True)


def _is_personal(text: str, names: Iterable[str], is_common: Callable[[str], bool]) -> bool:
    """Whether names are all there is, but for decoration and common passwords."""
    for reading in (text, *(reading for base in _bases(text) for reading in _readings(base))):
        joined = _words_joined(reading)
        rest = joined
        for name in names:
            rest = rest.replace(name, "")
        letters = "".join(filter(str.isalpha, rest))
        if rest != joined and (len(letters) < SHORTEST_BASE or is_common(letters)):
            return True
    return False


def _is_decorated(text: str, is_common: Callable[[str], bool]) -> bool:
    """Whether this is a common password, or one with a few digits and signs around it."""
    return is_common(text) or any(
        is_common(reading) for base in _bases(text) for reading in _readings(base)
    )


def _readings(base: str) -> set[str]:
    """A text, and how it reads when digits and signs stand for letters."""
    return {base, *(base.translate(spelling) for spelling in SPELLINGS)}


def _bases(text: str) -> Iterator[str]:
    """What is left of a text without more or less of the digits and signs at its ends."""
    letters = [place for place, character in enumerate(text) if character.isalpha()]
    if not letters:
        return
    first, behind = letters[0], letters[-1] + 1
    for start in _edges(first):
        for cut in _edges(len(text) - behind):
            end = len(text) - cut
            decoration = len(_without_sequences(text[:start])) + len(_without_sequences(text[end:]))
            base = text[start:end]
            if len(base) >= SHORTEST_BASE and decoration <= max(LONGEST_DECORATION, len(base)):
                yield base


def _edges(most: int) -> set[int]:
    """How many characters of an end are taken for decoration."""
    return {*range(min(most, EDGE) + 1), *range(max(0, most - EDGE), most + 1)}
