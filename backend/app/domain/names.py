"""How the names of people are searched and sorted: by a key that is stored beside them."""

import re
import unicodedata

from app.domain.alphabets import alphabet_of
from app.domain.text import as_identity

SORT_LENGTH = 120
KEY_LENGTH = 600  # characters, at most 2,400 bytes: an index of PostgreSQL takes 2,700
BEFORE_ALL_LETTERS = "\t"

APOSTROPHES = re.compile(
    "['`\u00b4\u02b9-\u02bd\u02be\u02bf\u055a\u05f3\u2018-\u201b\u2032\ua78c\uff07]"
)
PRIVATE = re.compile("[\ue000-\uf8ff]")  # stand for the letters of an alphabet
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
    return _plain_words(_bare(text).casefold())[:KEY_LENGTH]


def sort_key(name: str, language: str) -> str:
    """Return what a name is sorted by in a list in `language`, such as `sv`.

    Titles in front, case, and accents that are no letters of the language do not count.
    """
    alphabet = alphabet_of(language)
    letters = unicodedata.normalize("NFKC", alphabet.lowered(_bare(name)))
    words = _plain_words(alphabet.marked(letters)).split()
    titles = _count_titles(text_key(name).split())
    return alphabet.placed(" ".join(words[titles:]))[:SORT_LENGTH]


def search_key(*, full_name: str, username: str, email: str, language: str) -> str:
    """Return what a person is sorted and found by.

    First comes the `sort_key`, then all words by which a search finds the person. Between its
    letters the first part has characters that no search has, so it finds nothing else.
    """
    names = [text_key(name) for name in (full_name, username, email)]
    found_by = dict.fromkeys(names + [_in_one_letter(each) for each in names])
    return BEFORE_ALL_LETTERS.join((sort_key(full_name, language), *found_by))[:KEY_LENGTH]


def searched_words(text: str) -> list[tuple[str, ...]]:
    """The words of a search, each in the spellings of which a key must contain one."""
    words = text_key(text).split()
    return [tuple(dict.fromkeys((word, _in_one_letter(word)))) for word in words]


def _bare(text: str) -> str:
    return PRIVATE.sub(" ", APOSTROPHES.sub("", as_identity(text)))


def _plain_words(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text).translate(WITHOUT_DECOMPOSITION)
    plain = unicodedata.normalize("NFKC", ACCENTS.sub("", decomposed)).casefold()
    words = "".join(character if _is_of_a_word(character) else " " for character in plain)
    return " ".join(words.split())


def _is_of_a_word(character: str) -> bool:
    return unicodedata.category(character)[0] in "LMN" or PRIVATE.match(character) is not None


def _count_titles(words: list[str]) -> int:
    """Return how many titles stand in front of a name; 0 when there is nothing else."""
    return next((place for place, word in enumerate(words) if word not in TITLES), 0)


def _in_one_letter(words: str) -> str:
    """Mueller as Muller, so that both find Müller, and Müller both."""
    return TWO_LETTERS_FOR_ONE.sub(lambda pair: "".join(filter(None, pair.groups())), words)
