"""Which passwords are easy to guess."""

import pytest

from app.core.common_passwords import CommonPasswords, write
from app.domain.passwords import COMMON, PERSONAL, REPEATED, SEQUENCE, folded, weakness
from app.services.passwords import COMMON as LISTED

NAMES = ("john_patient", "j.doe@mail.example.org", "Jonathan Doe-Müller", "City Clinic")


def judged(password: str, shortest: int = 8) -> str | None:
    return weakness(password, shortest=shortest, personal=NAMES, is_common=LISTED.__contains__)


@pytest.mark.parametrize(
    "password",
    [
        "password", "Password", "PASSWORD", "password1", "Password123!", "p@ssw0rd2024",
        "P@$$w0rd!!", "!!password!!", "1password1", "passw0rd", "pa55word#7", "drowssap",
        "pass word", "p-a-s-s-w-o-r-d", "pás\u0301sword", "pass\u200bword",
        "\uff50\uff41\uff53\uff53\uff57\uff4f\uff52\uff44",
        "Summer2024!", "Welcome1", "welc0me!", "we1come2025", "letmein99", "l3tm31n!", "iloveyou2",
        "iloveyou!!", "monkey12", "Dragon!1", "princess1998", "football#1", "qwerty12345!",
        "1q2w3e4r", "1qaz2wsx3edc", "trustno1", "Sunshine7", "michael1985", "@dmin1234",
        "admin@123", "changeme1", "correcthorsebatterystaple", "P@ssword1", "zaq12wsx",
    ],
)  # fmt: skip
def test_what_is_common_is_refused_however_it_is_decorated(password: str):
    assert judged(password) in {COMMON, SEQUENCE, REPEATED}


@pytest.mark.parametrize(
    "password",
    ["aaaaaaaa", "abababab", "abcabcabc", "xyzzy!xyzzy!", "kw4kw4kw4kw4", "ha ha ha ha",
     "\N{DOG FACE}" * 8, "x7!kqx7!kqx7"],
)  # fmt: skip
def test_repetitions_make_no_password(password: str):
    assert judged(password) == REPEATED


@pytest.mark.parametrize(
    "password",
    ["abcdefgh", "12345678", "87654321", "abcd1234", "qwertyuiop", "asdf1234", "aaabbbccc",
     "112233445566", "zyxwvuts", "!@#$%^&*", "qwertzuiop", "abcdefg!",
     "\u0430\u0431\u0432\u0433\u0434\u0435\u0436\u0437"],
)  # fmt: skip
def test_sequences_make_no_password(password: str):
    assert judged(password) == SEQUENCE


@pytest.mark.parametrize(
    "password",
    ["john_patient", "John_Patient1!", "johnpatient2024", "patient.john", "j.doe@mail.example.org",
     "jonathan doe", "JonathanDoe77", "doemuller!", "D0e-Mu11er", "cityclinic", "C1ty-Cl1nic!2024",
     "jonathan.password", "clinic-12345678", "j0nathan!doe"],
)  # fmt: skip
def test_names_make_no_password(password: str):
    assert judged(password) == PERSONAL
    assert weakness(password, shortest=8, personal=(), is_common=lambda _: False) is None


@pytest.mark.parametrize(
    "password",
    ["gnu-8-kx", "Xk7mqvTz", "purple otter 42 lamps", "tangerine-orbit-7", "9fGh3kLq2Z7x",
     "jonathan eats seven figs", "мой кот любит сыр", "我的猫喜欢奶酪和鱼", "lilac%Teapot_Marsh",
     "a long enough sentence", "8341 9277 0563 1", "wobbly-kettle-physicians"],
)  # fmt: skip
def test_what_nobody_guesses_is_accepted(password: str):
    assert judged(password) is None


@pytest.mark.parametrize(
    "password", ["passwordpassword", "password1234567", "Password1234567!", "123456789012345",
                 "qwertyuiopasdfg", "aaabbbcccdddeee", "abcdefghijklmno"],
)  # fmt: skip
def test_length_alone_does_not_help(password: str):
    assert judged(password, shortest=15) is not None


def test_a_list_has_what_was_written_and_little_else(tmp_path):
    file = tmp_path / "list.bin"
    listed = [f"password-{number}" for number in range(5000)]
    assert write(file, map(folded, listed)) == 5000
    written = CommonPasswords(file)
    assert all(one in written for one in listed)
    assert sum(f"another-{number}" in written for number in range(20_000)) == 0


def test_the_list_is_large_and_takes_no_false_ones():
    assert all(one in LISTED for one in ("iloveyou", "trustno1", "speedwagon", "calebbrown"))
    invented = [f"{number:x}-teapot-{number * number}" for number in range(5000)]
    assert sum(one in LISTED for one in invented) < 10
