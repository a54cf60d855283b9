"""Invented people of the demo clinic."""

import unicodedata
from collections.abc import Iterable, Iterator
from itertools import cycle, product
from random import Random
from typing import NamedTuple


class Name(NamedTuple):
    given: str
    family: str

    @property
    def full(self) -> str:
        return f"{self.given} {self.family}"


class Origin(NamedTuple):
    """Given and family names that go together."""

    given: tuple[str, ...]
    family: tuple[str, ...]


ORIGINS = (
    Origin(
        ("Oliver", "Grace", "Harriet", "George", "Imogen", "Arthur", "Beatrice", "Callum"),
        ("Whitfield", "Ashworth", "Pemberton", "Hargreaves", "Thorne", "Bramley", "Kershaw"),
    ),
    Origin(
        ("Aoife", "Ciarán", "Niamh", "Declan", "Róisín", "Eoin", "Siobhán"),
        ("O'Brien", "Gallagher", "Byrne", "Doyle", "McCarthy", "Nolan"),
    ),
    Origin(
        ("Ngozi", "Chidi", "Adaeze", "Emeka", "Folake", "Tunde", "Yetunde"),
        ("Okafor", "Adeyemi", "Eze", "Balogun", "Nwosu", "Akintola"),
    ),
    Origin(
        ("Priya", "Arjun", "Meera", "Rohan", "Kavita", "Sanjay", "Ananya"),
        ("Sharma", "Patel", "Iyer", "Reddy", "Chatterjee", "Deshpande"),
    ),
    Origin(
        ("Ayesha", "Bilal", "Fatima", "Imran", "Zainab", "Hamza"),
        ("Khan", "Siddiqui", "Malik", "Qureshi", "Chaudhry"),
    ),
    Origin(
        ("Minh", "Lan", "Tuấn", "Hương", "Quang", "Thảo"),
        ("Nguyễn", "Trần", "Phạm", "Lê", "Đặng"),
    ),
    Origin(
        ("Wei", "Xiaoling", "Jun", "Meifeng", "Haoran", "Yuting"),
        ("Zhang", "Chen", "Liu", "Huang", "Zhao"),
    ),
    Origin(
        ("Haruka", "Kenji", "Yuki", "Takumi", "Sakura", "Daichi"),
        ("Tanaka", "Watanabe", "Kobayashi", "Mori", "Ishikawa"),
    ),
    Origin(
        ("Agnieszka", "Paweł", "Małgorzata", "Tomasz", "Zofia", "Krzysztof"),
        ("Kowalczyk", "Wróbel", "Mazur", "Nowak", "Wójcik"),
    ),
    Origin(
        ("Ioana", "Mihai", "Andreea", "Ștefan", "Raluca", "Vlad"),
        ("Popescu", "Ionescu", "Munteanu", "Dumitrescu", "Stănescu"),
    ),
    Origin(
        ("Lucía", "Javier", "Inés", "Álvaro", "Marisol", "Raúl"),
        ("Fernández", "Ortega Ruiz", "Castillo", "Ibáñez", "Peña"),
    ),
    Origin(
        ("Leyla", "Emre", "Zeynep", "Burak", "Elif", "Çağla"),
        ("Kaya", "Demir", "Öztürk", "Şahin", "Arslan"),
    ),
    Origin(
        ("Amira", "Youssef", "Layla", "Karim", "Nour", "Tariq"),
        ("Haddad", "El-Masri", "Nasser", "Khoury", "Mansour"),
    ),
    Origin(
        ("Astrid", "Søren", "Ingrid", "Bjørn", "Freja", "Mikkel"),
        ("Lindqvist", "Østergaard", "Halvorsen", "Mikkelsen", "Berg"),
    ),
    Origin(
        ("Selam", "Dawit", "Hiwot", "Yonas", "Tsion", "Abebe"),
        ("Tesfaye", "Bekele", "Haile", "Gebremariam", "Alemu"),
    ),
    Origin(
        ("Camila", "Thiago", "Beatriz", "João", "Larissa", "Mateus"),
        ("Silveira", "Gonçalves", "Barbosa", "da Costa", "Teixeira"),
    ),
)

# Letters that Unicode does not take apart into a plain one and a mark.
PLAIN_LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d"})

# Ranges that Ofcom keeps free for use in drama: three more digits make a number.
UNUSED_PHONES = ("+447700900", "+442079460", "+441614960", "+441314960")


def shuffled_names(random: Random) -> Iterator[Name]:
    """Names without end; none comes twice before all have come once."""
    names = [
        Name(given, family)
        for origin in ORIGINS
        for given, family in product(origin.given, origin.family)
    ]
    random.shuffle(names)
    return cycle(names)


def invented_phone(random: Random) -> str:
    """A telephone number that nobody has."""
    return f"{random.choice(UNUSED_PHONES)}{random.randrange(1000):03}"


def plain(text: str) -> str:
    """The letters of a name as they stand in a user name: a to z only."""
    decomposed = unicodedata.normalize("NFKD", text.lower().translate(PLAIN_LETTERS))
    return "".join(letter for letter in decomposed if letter.isascii() and letter.isalpha())


class Usernames:
    """Hands out user names; one that is taken already gets a number."""

    def __init__(self) -> None:
        self._given_out: dict[str, int] = {}

    def take(self, parts: Iterable[str]) -> str:
        name = "_".join(map(plain, parts))
        count = self._given_out[name] = self._given_out.get(name, 0) + 1
        return name if count == 1 else f"{name}{count}"
