"""`make check` refuses a library whose licence nobody has agreed to."""

import pytest

from tools import licences


@pytest.mark.parametrize(
    ("name", "licence"),
    [
        ("some-library", "MIT"),
        ("some-library", "Apache-2.0 OR GPL-3.0-only"),
        ("some-library", "BSD-3-Clause AND Zlib"),
        ("psycopg", "LGPL-3.0-only"),
        ("clinic-backend", ""),
    ],
)
def test_what_is_on_the_lists_is_accepted(name: str, licence: str) -> None:
    assert list(licences.refused([(name, licence)])) == []


@pytest.mark.parametrize(
    ("name", "licence", "said"),
    [
        ("some-library", "GPL-3.0-only", "'GPL-3.0-only'"),
        ("some-library", "LGPL-3.0-only", "'LGPL-3.0-only'"),
        ("psycopg", "GPL-3.0-only", "'GPL-3.0-only'"),
        ("some-library", "MIT AND AGPL-3.0-or-later", "'MIT AND AGPL-3.0-or-later'"),
        ("some-library", "Proprietary", "'Proprietary'"),
        ("some-library", "", "'none'"),
    ],
)
def test_another_one_is_refused(name: str, licence: str, said: str) -> None:
    assert list(licences.refused([(name, licence)])) == [
        (
            f"{name} has the licence {said}, which is not on the list in tools/licences.py."
            " Use another library, or accept it there with the reason."
        )
    ]


def test_everything_that_is_installed_is_accepted(capsys: pytest.CaptureFixture[str]) -> None:
    assert licences.main() == 0
    assert capsys.readouterr().out.endswith("libraries are known and accepted.\n")
