"""How the names of people are searched and sorted: by a key that is stored beside them."""

import re
import unicodedata

from app.domain.text import as_identity

SORT_LENGTH = 120
KEY_LENGTH = 600  # characters, at most 2,400 bytes: an index of PostgreSQL takes 2,700
BEFORE_ALL_LETTERS = "\t"

APOSTROPHES = re.compile(
    "['`\u00b4\u02b9-\u02bd\u02be\u02bf\u055a\u05f3\u2018-\u201b\u2032\ua78c\uff07]"
)
# Of Latin, Greek, Cyrillic, Hebrew and Arabic. The marks of other scripts are vowels.
ACCENTS = re.compile("[\u0300-\u036f\u0591-\u05c7\u064b-\u0652\u0670]")
WITHOUT_DECOMPOSITION = str.maketrans(
    {
        "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ħ": "h",
        "\u0131": "i", "ŧ": "t", "ŋ": "n", "ə": "e", "ĸ": "k",
    }
)  # fmt: skip
# As ä, ö, ü, å, æ and ø are written where the keyboard lacks them.
TWO_LETTERS_FOR_ONE = re.compile("([ao])e|(u)e|(a)a")
TITLES = frozenset({
    "dame", "dent", "dipl", "doctor", "dr", "dra", "frau", "herr", "ing", "mag", "med", "miss",
    "mme", "mr", "mrs", "ms", "mx", "prof", "professor", "rer", "rev", "sir", "sr", "sra", "univ",
})  # fmt: skip


def text_key(text: str) -> str:
    """The words of a text in lower case, without accents, apostrophes and punctuation.

    Equal for spellings that differ only in these; words are divided by one space.
    """
    bare = APOSTROPHES.sub("", as_identity(text)).casefold()
    decomposed = unicodedata.normalize("NFKD", bare).translate(WITHOUT_DECOMPOSITION)
    plain = unicodedata.normalize("NFKC", ACCENTS.sub("", decomposed)).casefold()
    words = "".join(character if _is_of_a_word(character) else " " for character in plain)
    return " ".join(words.split())[:KEY_LENGTH]


def search_key(*, full_name: str, username: str, email: str) -> str:
    """What a person is sorted and found by.

    First the name without titles, so that keys sort as people expect: Åsa with A, "dr. anna" with
    A. Then all words by which a search finds the person.
    """
    words = text_key(full_name)
    others = [words, text_key(username), text_key(email)]
    found_by = dict.fromkeys(others + [_in_one_letter(each) for each in others])
    return BEFORE_ALL_LETTERS.join((_without_titles(words)[:SORT_LENGTH], *found_by))[:KEY_LENGTH]


def searched_words(text: str) -> list[tuple[str, ...]]:
    """The words of a search, each in the spellings of which a key must contain one."""
    words = text_key(text).split()
    return [tuple(dict.fromkeys((word, _in_one_letter(word)))) for word in words]


def _is_of_a_word(character: str) -> bool:
    return unicodedata.category(character)[0] in "LMN"


def _without_titles(words: str) -> str:
    """The words of a name behind its titles; all of them when there is nothing else."""
    left = words.split()
    while left and left[0] in TITLES:
        del left[0]
    return " ".join(left) or words


def _in_one_letter(words: str) -> str:
    """Mueller as Muller, so that both find Müller, and Müller both."""
    return TWO_LETTERS_FOR_ONE.sub(lambda pair: "".join(filter(None, pair.groups())), words)
