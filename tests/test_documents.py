"""What the documents promise is tested: every test that they name exists."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NAMED_TEST = re.compile(r"`([\w/]+\.py)::(\w+)`")
THREAT = re.compile(r"^\| (?!what they want).*\|$", re.MULTILINE)
LINK = re.compile(r"\]\(([^)#:]+)(?:#([^)]+))?\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
NAMED_FILE = re.compile(r"`([\w.-]+/[\w/.-]+\.\w+|uv\.lock|pyproject\.toml|\.dockerignore)[`:]")
REQUIREMENT = re.compile(
    r"^\| (\d+\.\d+\.\d+) \| ([12]) \| [^|]+ \| ([a-z ]+) \| (.+) \|$", re.MULTILINE
)
EVIDENCE = re.compile(r"`[^`]+`|\]\([^)]+\)")
DOCUMENTS = (
    "docs/threat-model.md",
    "docs/reliability.md",
    "docs/performance.md",
    "docs/asvs.md",
    "docs/security-decisions.md",
    "SECURITY.md",
)


def names_of_tests(path: str) -> set[str]:
    tree = ast.parse((ROOT / path).read_text())
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("document", DOCUMENTS[:4])
def test_every_test_that_is_named_exists(document: str) -> None:
    named = NAMED_TEST.findall((ROOT / document).read_text())
    assert named != []
    assert [(path, test) for path, test in named if test not in names_of_tests(path)] == []


def test_every_threat_names_a_test() -> None:
    rows = re.findall(
        r"^\| (?!what they want).*\|$", (ROOT / DOCUMENTS[0]).read_text(), re.MULTILINE
    )
    assert len(rows) > 25
    assert [row for row in rows if not NAMED_TEST.search(row)] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_leads_somewhere(document: str) -> None:
    file = ROOT / document
    links = LINK.findall(file.read_text())
    assert [link for link, _ in links if not (file.parent / link).exists()] == []
    assert [
        (link, part)
        for link, part in links
        if part and part not in anchors_of((file.parent / link).read_text())
    ] == []


def anchors_of(text: str) -> set[str]:
    """The headings of a document as they are linked to."""
    return {
        re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
        for heading in HEADING.findall(text)
    }


@pytest.mark.parametrize("document", ["docs/asvs.md", "docs/security-decisions.md"])
def test_every_file_that_is_named_exists(document: str) -> None:
    named = NAMED_FILE.findall((ROOT / document).read_text())
    places = ("", "backend/app")  # a section that is about the API may leave out where it is
    assert named != []
    assert [
        name for name in named if not any((ROOT / place / name).exists() for place in places)
    ] == []


def test_every_requirement_stands_once_with_what_shows_it() -> None:
    text = (ROOT / "docs/asvs.md").read_text()
    rows = REQUIREMENT.findall(text)
    numbers = [row[0] for row in rows]
    assert (
        len(numbers)
        == len(set(numbers))
        == len(re.findall(r"^\| \d+\.\d+\.\d+ \| [12]", text, re.MULTILINE))
    )
    assert {state for _, _, state, _ in rows} == {"met", "partly", "operator", "not met"}
    assert [row for row in rows if row[2] == "met" and not EVIDENCE.search(row[3])] == []
