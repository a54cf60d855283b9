"""Names sort in every alphabet as ICU sorts them, which the browser's driver brings along."""

import json
import random
import re
import subprocess
from functools import cache
from itertools import combinations, pairwise

import pytest
from playwright._impl._driver import compute_driver_executable

from app.domain.alphabets import _ALPHABETS
from app.domain.names import sort_key

LATIN = "abcdefghijklmnopqrstuvwxyz"
CYRILLIC = "абвгґдђеєжзиіїйјклљмнњопрстћуўфхцчџшщьюя"
COMPARE = """
const collator = new Intl.Collator(process.argv[1], {sensitivity: "base"});
const pairs = JSON.parse(require("fs").readFileSync(0, "utf8"));
console.log(JSON.stringify(pairs.map(([a, b]) => collator.compare(a, b))));
"""


def by_icu(language: str, pairs: list[tuple[str, str]]) -> list[int]:
    """Return -1, 0 or 1 for each pair: how ICU compares it, accents and case aside."""
    node = compute_driver_executable()[0]
    answer = subprocess.run(
        [node, "-e", COMPARE, language],
        input=json.dumps(pairs),
        capture_output=True,
        text=True,
        check=True,
    )
    found: list[int] = json.loads(answer.stdout)
    return found


def by_key(language: str, pairs: list[tuple[str, str]]) -> list[int]:
    keys = [(sort_key(one, language), sort_key(other, language)) for one, other in pairs]
    return [(one > other) - (one < other) for one, other in keys]


def differing(
    language: str, pairs: list[tuple[str, str]]
) -> list[tuple[tuple[str, str], int, int]]:
    """Return the pairs that are compared otherwise than by ICU."""
    compared = zip(pairs, by_key(language, pairs), by_icu(language, pairs), strict=True)
    return [one for one in compared if one[1] != one[2]]


@cache
def letters_of(language: str) -> list[str]:
    """The letters of a language's alphabet, and what stands for one of them."""
    own = re.findall("[^ ,=]+", _ALPHABETS.get(language, ""))
    return sorted({*(CYRILLIC if language in {"be", "uk"} else LATIN), *own})


@pytest.mark.parametrize("language", ["en", "de", "fr", *sorted(_ALPHABETS)])
def test_every_two_letters_are_in_the_order_of_icu(language: str) -> None:
    pairs = list(combinations(letters_of(language), 2))
    pairs += [(f"b{one}b", f"b{other}") for one, other in pairs]
    assert differing(language, pairs) == []


@pytest.mark.parametrize("language", ["ru", "uk", "be", "bg", "en"])
def test_cyrillic_letters_are_in_the_order_of_icu(language: str) -> None:
    pairs = list(combinations(CYRILLIC, 2))
    assert differing(language, pairs) == []


@pytest.mark.parametrize("language", ["en", *sorted(_ALPHABETS)])
def test_names_are_in_the_order_of_icu(language: str) -> None:
    chosen = random.Random(language)  # noqa: S311 - the same names in every run
    letters = [letter for letter in letters_of(language) if len(letter) == 1]

    def word() -> str:
        return "b" + "".join(chosen.choices(letters, k=chosen.randint(1, 6)))  # no title

    names = [f"{word()} {word()}" for _ in range(400)]
    names += [name.replace(chosen.choice(letters), chosen.choice(letters)) for name in names]
    # ICU takes the first two letters of a decomposed "aä" for the "aa" of Danish.
    names = [re.sub("a(?=[äå])", "", name) for name in names]
    pairs = list(zip(names, chosen.sample(names, len(names)), strict=True))
    pairs += list(pairwise(sorted(names, key=lambda name: sort_key(name, language))))
    assert differing(language, pairs) == []
