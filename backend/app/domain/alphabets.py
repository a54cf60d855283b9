"""The letters that a language sorts elsewhere than Unicode's decompositions suggest.

From the collations of the Unicode CLDR 48 (https://cldr.unicode.org), as far as they concern
letters; `tests/test_alphabets.py` compares the order with that of ICU.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

_FIRST_MARK = 0xE000  # private use: no name has such characters where marks are set
_RANKS = "!#$%&()*+-./:;<=>?@"
_BEHIND_ALL_LETTERS = "\uf8ff"

# Groups are separated by commas. After the first letter of a group come those that stand between
# it and the next letter of the alphabet. `=` joins what is one letter in a list.
_EVERYWHERE = "г=ґ, д ђ, е є, и і=ї й ј, л љ, н њ, т ћ, у=ў, ч џ"
_NORDIC = "y=ü=ű, z æ=ä ø=ö=ő å=aa"
_SPANISH = "n ñ"
_SOUTH_SLAVIC = "c č ć, d dž đ, l lj, n nj, s š, z ž"
_ALPHABETS = {
    "az": "c ç, e ə, g ğ, h x ı, k q, o ö, s ş, u ü, z w",
    "be": "е ё є, у ў",
    "bs": _SOUTH_SLAVIC,
    "cs": "c č, h ch, r ř, s š, z ž",
    "cy": "c ch, d dd, f ff, g ng, l ll, p ph, r rh, t th",
    "da": _NORDIC,
    "eo": "c ĉ, g ĝ, h ĥ, j ĵ, s ŝ, u ŭ",
    "es": _SPANISH,
    "et": "s š z ž, w õ ä ö ü",
    "fi": "y=ü, z å ä=æ ö=ø",
    "fo": _NORDIC,
    "gl": _SPANISH,
    "hr": _SOUTH_SLAVIC,
    "hu": "c cs, d dz dzs, g gy, l ly, n ny, o ö=ő, s sz, t ty, u ü=ű, z zs",
    "is": "a á, d ð, e é, i í, o ó, u ú, y ý, z þ æ=ä ö=ø å",
    "lt": "c č, i=y, s š, z ž",
    "lv": "c č, g ģ, i y, k ķ, l ļ, n ņ, r ŗ, s š, z ž",
    "nb": _NORDIC,
    "nn": _NORDIC,
    "no": _NORDIC,
    "pl": "a ą, c ć, e ę, l ł, n ń, o ó, s ś, z ź ż",
    "ro": "a ă â, i î, s ș=ş, t ț=ţ",
    "sk": "a ä, c č, h ch, o ô, s š, z ž",
    "sl": "c č ć, d đ, s š, z ž",
    "sq": "c ç, d dh, e ë, g gj, l ll, n nj, r rr, s sh, t th, x xh, z zh",
    "sv": "y=ü=ű, z å ä=æ=ę ö=ø=ő=œ",
    "tr": "c ç, g ğ, h ı, o ö, s ş, u ü",
    "uk": "г ґ, и і ї й ј",
    "vi": "a ă â, d đ, e ê, o ô ơ, u ư",
}
_DOTLESS_I = str.maketrans({"I": "ı", "İ": "i"})
_TURKIC = {"az", "tr"}


@dataclass(frozen=True, slots=True)
class Alphabet:
    """The letters that a language sorts in its own way."""

    marks: Mapping[str, str]
    places: Mapping[int, str]
    pattern: re.Pattern[str]
    is_turkic: bool

    def lowered(self, text: str) -> str:
        """Return the text in lower case; the I of Turkic languages is a letter without a dot."""
        return (text.translate(_DOTLESS_I) if self.is_turkic else text).casefold()

    def marked(self, text: str) -> str:
        """Return a composed text in lower case with a private character for each own letter."""
        return self.pattern.sub(lambda letter: self.marks[letter[0]], text)

    def placed(self, text: str) -> str:
        """Return a marked text with what puts each own letter where it belongs."""
        return text.translate(self.places)


@cache
def alphabet_of(language: str) -> Alphabet:
    """Return the alphabet of a language such as `sv`; the common one if it has no other."""
    marks: dict[str, str] = {}
    places: dict[int, str] = {}
    for group in f"{_EVERYWHERE}, {_ALPHABETS.get(language, '')}".strip(", ").split(", "):
        letters = group.split()
        first = letters[0].partition("=")[0]
        for rank, variants in enumerate(letters):
            place = first + _BEHIND_ALL_LETTERS + _RANKS[rank] if rank else first
            for letter in variants.split("="):
                if letter != first:
                    mark = chr(_FIRST_MARK + len(places))
                    marks[letter] = mark
                    places[ord(mark)] = place
    longest_first = sorted(marks, key=len, reverse=True)
    return Alphabet(marks, places, re.compile("|".join(longest_first)), language in _TURKIC)
