"""Prints `ui/api/models.py`: the shapes of the API's answers, from its OpenAPI document."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

DOCUMENT = Path(__file__).parents[1] / "backend" / "openapi.json"
REFERENCE = "#/components/schemas/"
HEADER = (
    '"""The shapes of the API\'s answers.'
    ' Generated from backend/openapi.json by `make generate`."""'
)
NOTES = {"description", "examples", "pattern", "title"}
NAMES = {"AppointmentInTheWay": "AffectedAppointment"}
OPTIONS = (
    "--input-file-type=openapi",
    "--openapi-scopes=schemas",
    "--output-model-type=pydantic_v2.BaseModel",
    "--target-python-version=3.11",
    "--target-pydantic-version=2.12",
    "--enum-field-as-literal=all",
    "--use-type-alias",
    "--output-datetime-class=AwareDatetime",
    "--disable-timestamp",
    "--disable-future-imports",
    "--formatters",
    "ruff-check",
    "ruff-format",
)


def main() -> None:
    document = json.loads(DOCUMENT.read_text(encoding="utf-8"))
    schemas = document["components"]["schemas"]
    answers = {
        _name(name): _tidied(schemas[name])
        for name in sorted(_reachable(_answers(document), schemas))
    }
    described = {
        "openapi": "3.1.0",
        "info": document["info"],
        "paths": {},
        "components": {"schemas": answers},
    }
    generator = Path(sys.executable).with_name("datamodel-codegen")
    subprocess.run(  # noqa: S603 - a tool of this project's own environment
        [generator, *OPTIONS, f"--custom-file-header={HEADER}"],
        input=json.dumps(described),
        text=True,
        check=True,
    )


def _answers(document: dict[str, Any]) -> list[object]:
    return [
        operation["responses"]
        for operations in document["paths"].values()
        for operation in operations.values()
    ]


def _reachable(start: object, schemas: dict[str, Any]) -> set[str]:
    found: set[str] = set()
    waiting = list(_references(start))
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += _references(schemas[name])
    return found


def _references(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref":
                yield value.removeprefix(REFERENCE)
            else:
                yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)


def _tidied(node: object) -> object:
    """The schema with the names of this side, and without words that are for other readers."""
    if isinstance(node, list):
        return [_tidied(value) for value in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return {"$ref": REFERENCE + _name(node["$ref"].removeprefix(REFERENCE))}
    return {key: _tidied(value) for key, value in node.items() if not _is_note(key, value)}


def _is_note(key: str, value: object) -> bool:
    """Whether this is a schema's own title or example, and no property of that name."""
    return key in NOTES and not isinstance(value, dict)


def _name(schema: str) -> str:
    return NAMES.get(schema, schema.removesuffix("Answer"))


if __name__ == "__main__":
    main()
