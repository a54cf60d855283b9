"""How names are searched and sorted."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.names import KEY_LENGTH, search_key, searched_words, text_key


def key_of(name: str, language: str = "en") -> str:
    return search_key(
        full_name=name, username="someone", email="someone@example.com", language=language
    )


def finds(search: str, name: str) -> bool:
    words = searched_words(search)
    return bool(words) and all(
        any(spelling in key_of(name) for spelling in spellings) for spellings in words
    )


@pytest.mark.parametrize(
    ("search", "name"),
    [
        ("novak", "Eva Novák"),
        ("NOVÁK eva", "Eva Novak"),
        ("Novák", "Eva Nova\u0301k"),
        ("Mueller", "Jörg Müller"),
        ("Muller", "Jörg Müller"),
        ("Müller", "Jörg Mueller"),
        ("Mueller", "Jörg Muller"),
        ("muller", "Jörg Mueller"),
        ("Soerensen", "Søren Sørensen"),
        ("Aase", "Åse Berg"),
        ("strasse", "Anna Straße"),
        ("o'brien", "Conor O\u2019Brien"),
        ("O\u2019Brien", "Conor O'Brien"),
        ("O\u00b4Brien", "Conor O\u02bcBrien"),
        ("o`brien", "Conor O\uff07Brien"),
        ("obrien", "Conor O'Brien"),
        ("O Brien", "Conor O'Brien"),
        ("anne marie", "Anne-Marie Blanc"),
        ("Smith John", "Dr. John Smith"),
        ("dr. smith", "Dr. John Smith"),
        ("łukasz", "Lukasz Wójcik"),
        ("ISIK", "Ay\u015fe I\u015f\u0131k"),
        ("\u0451\u043b\u043a\u0438\u043d", "\u0415\u043b\u043a\u0438\u043d"),  # yo and ye
        ("\u0645\u06cc\u062e\u0648\u0627\u0647", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647"),
        ("李", "李小龙"),
        ("ミラー", "ﾐﾗｰ"),
        ("example.com", "Anybody"),
        ("someone@", "Anybody"),
    ],
)  # fmt: skip
def test_a_person_is_found_in_any_spelling(search: str, name: str):
    assert finds(search, name)


@pytest.mark.parametrize(
    ("search", "name"),
    [
        ("novak", "Eva Nowak"),
        ("smith jane", "Dr. John Smith"),
        ("%", "Anybody"),
        ("_", "Anybody"),
        ("\u0939\u093f", "\u0939\u0941"),  # two vowels of Hindi are no accents
    ],
)
def test_nobody_else_is_found(search: str, name: str):
    assert not finds(search, name)


def test_names_sort_as_people_expect():
    names = [
        "Anna Berg",
        "dr. anna Dahl",
        "Annabel Aas",
        "Åsa Berg",
        "Prof. Dr. Émile Blanc",
        "Joel Aase",
        "John O'Brien",
        "john obrien zwei",
        "Özlem Kaya",
        "zoe Zander",
        "李小龙",
    ]
    names_turned = names[::-1]
    assert sorted(names_turned, key=key_of) == names


def test_a_name_of_titles_only_keeps_them():
    assert [key_of(name).split("\t")[0] for name in ("Dr. Prof.", "Dr. Med")] == [
        "dr prof",
        "dr med",
    ]


@given(st.text(max_size=100))
def test_no_form_of_a_name_has_another_key(name: str):
    key = text_key(name)
    assert len(key_of(name)) <= KEY_LENGTH
    for form in ("NFC", "NFD"):
        assert text_key(unicodedata.normalize(form, name)) == key


@pytest.mark.parametrize(
    ("language", "names"),
    [
        ("en", ["Åsa", "Bo", "Örjan", "Zoe"]),
        ("sv", ["Bo", "Zoe", "Åsa", "Ärla", "dr. Örjan"]),
        ("da", ["Bo", "Zoe", "Ærø", "Østen", "Åse", "Aase B"]),
        ("cs", ["Cyril", "Čeněk", "Dana", "Hana", "Prof. Chalupa", "Ivan"]),
        ("es", ["Nuria", "Ñusta", "Oscar"]),
        ("tr", ["Hale", "IŞIK", "İpek", "Jale"]),
        ("et", ["Sass", "Šura", "Zoja", "Žanna", "Tiit"]),
    ],
)
def test_a_letter_stands_where_the_language_sorts_it(language: str, names: list[str]):
    turned = names[::-1]
    assert sorted(turned, key=lambda name: key_of(name, language)) == names


@given(st.text(max_size=30), st.text(max_size=8), st.sampled_from(["en", "sv", "da", "hu", "uk"]))
def test_a_search_finds_the_same_people_in_every_language(name: str, search: str, language: str):
    def found(key: str) -> list[bool]:
        return [any(word in key for word in words) for words in searched_words(search)]

    assert found(key_of(name, language)) == found(key_of(name, "en"))
