"""What a text shows: characters that nobody sees, and those that change how others are read."""

import re
import unicodedata

VIRAMA_CLASS = 9  # of the mark that joins consonants in Indic scripts

# The embeddings, overrides and isolates of the Unicode Bidirectional Algorithm (UAX #9, 2).
BIDI_CONTROLS = re.compile("[\u202a-\u202e\u2066-\u2069]")

# The default ignorable code points of Unicode without the joiners and the variation selectors:
# the soft hyphen, directional marks, zero-width spaces, Hangul fillers, tags and their like.
INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u200b\u200e\u200f\u2060-\u2065\u206a-\u206f"
    "\u3164\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e00ff\U000e01f0-\U000e0fff]"
)
JOINERS = re.compile("[\u200c\u200d]")
# They choose a form of the character before: of a Mongolian letter, a Han character, an emoji.
VARIATION_SELECTORS = re.compile("[\u180b-\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]")
BLANK_PATTERNS = "\u2800"  # a Braille pattern without dots is a symbol by its category

LINE_ENDS = re.compile("\r\n?|[\u2028\u2029]")
EMPTY_LINES = re.compile(r"\n(?:[^\S\n]*\n){2,}")


def without_invisible(text: str) -> str:
    """The text without zero-width characters, but with the joiners that its script needs.

    Persian and Indic words, and emoji of several parts, are written with joiners.
    """
    seen = INVISIBLE.sub("", text)
    if not JOINERS.search(seen):
        return seen
    return "".join(
        character
        for place, character in enumerate(seen)
        if not JOINERS.match(character) or _joins(seen, place)
    )


def as_identity(text: str) -> str:
    """The text without any character that nobody sees."""
    return VARIATION_SELECTORS.sub("", JOINERS.sub("", INVISIBLE.sub("", text)))


def is_visible(text: str) -> bool:
    """Whether there is a letter, a number, a punctuation mark or a symbol in the text."""
    return any(
        unicodedata.category(character)[0] in "LNPS" and character not in BLANK_PATTERNS
        for character in as_identity(text)
    )


def on_one_line(text: str) -> str:
    """The text with one ordinary space for each run of spaces of any width."""
    spaced = "".join(
        " " if unicodedata.category(character) == "Zs" else character for character in text
    )
    return re.sub(" +", " ", spaced)


def with_line_breaks(text: str) -> str:
    """The text with a line feed for each line break, and at most one empty line in a row."""
    return EMPTY_LINES.sub("\n\n", LINE_ENDS.sub("\n", text).replace("\t", " "))


def _joins(text: str, place: int) -> bool:
    """Whether the joiner at this place stands where a script or an emoji needs one."""
    before, after = text[:place][-1:], text[place + 1 :][:1]
    if before and unicodedata.combining(before) == VIRAMA_CLASS:
        return True
    return all(side and _can_be_joined(side) for side in (before, after))


def _can_be_joined(character: str) -> bool:
    """Whether a character is of a script that joins letters, or part of an emoji."""
    return "\u0590" <= character < "\u1e00" or (
        character >= "\u2190" and unicodedata.category(character)[0] in "MS"
    )
