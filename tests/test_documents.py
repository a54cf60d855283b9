"""What the documents promise is tested: every test that they name exists."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NAMED_TEST = re.compile(r"`([\w/]+\.py)::(\w+)`")
THREAT = re.compile(r"^\| (?!what they want).*\|$", re.MULTILINE)
LINK = re.compile(r"\]\(([^)#:]+)\)")
DOCUMENTS = (
    "docs/threat-model.md",
    "docs/reliability.md",
    "docs/performance.md",
    "SECURITY.md",
)


def names_of_tests(path: str) -> set[str]:
    tree = ast.parse((ROOT / path).read_text())
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("document", DOCUMENTS[:3])
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
    assert [link for link in links if not (file.parent / link).exists()] == []
