"""The pages' fields end where the API refuses, so that no paste cuts a page off."""

import ast
import json
from pathlib import Path
from typing import Any

import pytest

from ui.formatting import limits

ROOT = Path(__file__).parents[2]
DOCUMENT: dict[str, Any] = json.loads((ROOT / "backend/openapi.json").read_text())
OF_SCHEMAS = {
    ("Registration", "username"): limits.USERNAME,
    ("Registration", "email"): limits.EMAIL,
    ("Registration", "full_name"): limits.FULL_NAME,
    ("Registration", "phone"): limits.PHONE,
    ("Registration", "specialty"): limits.SPECIALTY,
    ("ProfileChanges", "email"): limits.EMAIL,
    ("ProfileChanges", "full_name"): limits.FULL_NAME,
    ("ProfileChanges", "phone"): limits.PHONE,
    ("ProfileChanges", "specialty"): limits.SPECIALTY,
    ("NewAppointment", "reason"): limits.REASON,
    ("Credentials", "username"): limits.LOGIN_NAME,
}


def longest_of(schema: dict[str, Any]) -> int | None:
    """The limit of a text, or of the text that may be left out."""
    kinds = [schema, *schema.get("anyOf", [])]
    return next((kind["maxLength"] for kind in kinds if "maxLength" in kind), None)


def calls_without_a_limit(source: str) -> list[int]:
    """The lines of the fields for text that take any length."""
    return [
        call.lineno
        for call in ast.walk(ast.parse(source))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr in {"text_input", "text_area", "chat_input"}
        and "max_chars" not in {keyword.arg for keyword in call.keywords}
    ]


@pytest.mark.parametrize(("schema", "field"), OF_SCHEMAS)
def test_a_field_takes_what_the_api_takes(schema: str, field: str):
    declared = DOCUMENT["components"]["schemas"][schema]["properties"][field]
    assert longest_of(declared) == OF_SCHEMAS[schema, field]


def test_a_search_takes_what_the_api_takes():
    parameters = DOCUMENT["paths"]["/api/v1/users/"]["get"]["parameters"]
    name = next(one for one in parameters if one["name"] == "name")
    assert longest_of(name["schema"]) == limits.SEARCH


def test_what_has_no_length_of_its_own_is_refused_and_never_shortened():
    properties = DOCUMENT["components"]["schemas"]["Registration"]["properties"]
    assert longest_of(properties["password"]) is None
    assert limits.PASSWORD > 72


def test_every_field_for_text_has_a_limit():
    assert calls_without_a_limit('st.text_input("Name")\nst.text_area("Why", max_chars=9)') == [1]
    assert {
        str(path.relative_to(ROOT)): lines
        for path in (ROOT / "frontend/ui").rglob("*.py")
        if (lines := calls_without_a_limit(path.read_text()))
    } == {}
