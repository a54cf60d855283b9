"""Compares the API and the schema with those of the last release; fails where clients would break.

`--accept` makes the present ones those of the last release.
"""

import argparse
import difflib
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
RELEASED = ROOT / "tools" / "released"
API, SCHEMA = ROOT / "backend" / "openapi.json", ROOT / "database" / "init.sql"
LOWEST = ("minimum", "exclusiveMinimum", "minLength", "minItems")
HIGHEST = ("maximum", "exclusiveMaximum", "maxLength", "maxItems")
METHODS = {"get", "put", "post", "patch", "delete"}

Json = Mapping[str, Any]


def main() -> str | None:
    """Return what is wrong, as a sentence."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accept", action="store_true", help="write the files of the release")
    if parser.parse_args().accept:
        for file in (API, SCHEMA):
            (RELEASED / file.name).write_text(file.read_text())
        return None
    old, new = (json.loads(path.read_text()) for path in (RELEASED / API.name, API))
    for place in sorted({*missing_in(new, old)}):
        print(f"new: {place}")
    show_difference(SCHEMA)
    broken = breaks(old, new)
    for sentence in broken:
        print(f"breaks clients: {sentence}")
    return "The API of the last release is no longer served." if broken else None


def show_difference(file: Path) -> None:
    """Print how the schema differs from that of the last release."""
    before, after = (path.read_text().splitlines() for path in (RELEASED / file.name, file))
    for line in difflib.unified_diff(before, after, "released", file.name, lineterm="", n=1):
        print(line)


def breaks(old: Json, new: Json) -> list[str]:
    """Return what a client of the description `old` could no longer do with `new`.

    Additions are allowed. Requests may not be narrowed: no field, parameter or value goes away, no
    bound gets tighter, nothing becomes required. Answers keep their fields, types and values.
    """
    gone = [f"{place} is gone" for place in missing_in(old, new)]
    return sorted({*gone, *_narrowed(old, new)})


def missing_in(old: Json, new: Json) -> Iterator[str]:
    """The operations, parameters, answers, fields and values of `old` that `new` lacks."""
    for name, operation in _operations(old).items():
        other = _operations(new).get(name)
        if other is None:
            yield name
            continue
        yield from (f"{name}: {place}" for place in _parameters(operation) - _parameters(other))
        for place, schema in _bodies(operation):
            counterpart = dict(_bodies(other)).get(place)
            if counterpart is None:
                yield f"{name}: {place}"
            else:
                for lost in _missing_fields(
                    _Schema(old, schema), _Schema(new, counterpart), frozenset()
                ):
                    yield f"{name}: {place}{lost}"
        for key, parameter in _parameters_of(operation).items():
            if key in _parameters(other):
                one = _Schema(old, parameter["schema"])
                two = _Schema(new, _parameters_of(other)[key]["schema"])
                for lost in _missing_fields(one, two, frozenset()):
                    yield f"{name}: {key}{lost}"


def _narrowed(old: Json, new: Json) -> Iterator[str]:
    for name in _operations(old).keys() & _operations(new).keys():
        before, after = _operations(old)[name], _operations(new)[name]
        for key, parameter in _parameters_of(after).items():
            was = _parameters_of(before).get(key)
            if parameter.get("required") and not (was and was.get("required")):
                yield f"{name}: {key} is required"
            if was:
                one, two = _Schema(old, was["schema"]), _Schema(new, parameter["schema"])
                yield from (f"{name}: {key}{how}" for how in _tighter(one, two, frozenset()))
        bodies = dict(_bodies(after))
        for place, schema in _bodies(before):
            if place in bodies:
                compare = _tighter if place == "request" else _looser
                one, two = _Schema(old, schema), _Schema(new, bodies[place])
                yield from (f"{name}: {place}{how}" for how in compare(one, two, frozenset()))


class _Schema:
    """A schema of a description with references followed, as alternatives by their kind."""

    def __init__(self, description: Json, schema: Json) -> None:
        self.description = description
        self.names: set[str] = set()
        self.kinds: dict[str, Json] = {}
        self._add(schema)

    def _add(self, schema: Json) -> None:
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            self.names.add(name)
            self._add(self.description["components"]["schemas"][name])
        elif "anyOf" in schema:
            for one in schema["anyOf"]:
                self._add(one)
        else:
            self.kinds[str(schema.get("type", "anything"))] = schema

    def values(self) -> set[str]:
        schemas = self.kinds.values()
        listed = [value for schema in schemas for value in schema.get("enum", ())]
        return {str(value) for value in [*listed, *(s["const"] for s in schemas if "const" in s)]}

    def parts(self) -> dict[str, "_Schema"]:
        """The fields of an object as `.name`, and the items of a list as `[]`."""
        found = {
            f".{name}": _Schema(self.description, schema)
            for name, schema in self.kinds.get("object", {}).get("properties", {}).items()
        }
        items = self.kinds.get("array", {}).get("items")
        return found if items is None else found | {"[]": _Schema(self.description, items)}

    def required(self) -> set[str]:
        return {f".{name}" for name in self.kinds.get("object", {}).get("required", ())}


def _missing_fields(old: _Schema, new: _Schema, seen: frozenset[str]) -> Iterator[str]:
    if new.values() or not old.values():
        yield from (f" value {value}" for value in sorted(old.values() - new.values()))
    if old.names & seen:  # a schema that contains itself
        return
    for name, part in old.parts().items():
        other = new.parts().get(name)
        if other is None:
            yield name
        else:
            yield from (name + lost for lost in _missing_fields(part, other, seen | old.names))


def _tighter(old: _Schema, new: _Schema, seen: frozenset[str]) -> Iterator[str]:
    """How a request that `old` allowed may be refused by `new`."""
    yield from (f" may not be {kind}" for kind in sorted(old.kinds.keys() - new.kinds.keys()))
    if new.values() and not old.values():
        yield " takes certain values only"
    for kind in old.kinds.keys() & new.kinds.keys():
        yield from _tighter_bounds(old.kinds[kind], new.kinds[kind])
    if old.names & seen:  # a schema that contains itself
        return
    yield from (f"{name} is required" for name in sorted(new.required() - old.required()))
    for name, part in old.parts().items():
        if name in new.parts():
            changed = _tighter(part, new.parts()[name], seen | old.names)
            yield from (name + how for how in changed)


def _tighter_bounds(old: Json, new: Json) -> Iterator[str]:
    for bound in LOWEST:
        if bound in new and new[bound] > old.get(bound, float("-inf")):
            yield f" has {bound} {new[bound]}"
    for bound in HIGHEST:
        if bound in new and new[bound] < old.get(bound, float("inf")):
            yield f" has {bound} {new[bound]}"
    for form in ("pattern", "format"):
        if form in new and new[form] != old.get(form):
            yield f" has {form} {new[form]}"


def _looser(old: _Schema, new: _Schema, seen: frozenset[str]) -> Iterator[str]:
    """What an answer of `new` may be that `old` said it is not."""
    yield from (f" may be {kind}" for kind in sorted(new.kinds.keys() - old.kinds.keys()))
    if old.names & seen:  # a schema that contains itself
        return
    yield from (f"{name} may be left out" for name in sorted(old.required() - new.required()))
    for name, part in old.parts().items():
        if name in new.parts():
            yield from (name + how for how in _looser(part, new.parts()[name], seen | old.names))


def _operations(description: Json) -> dict[str, Json]:
    return {
        f"{method.upper()} {path}": operation
        for path, methods in description["paths"].items()
        for method, operation in methods.items()
        if method in METHODS
    }


def _parameters_of(operation: Json) -> dict[str, Json]:
    return {f"{one['in']} {one['name']}": one for one in operation.get("parameters", ())}


def _parameters(operation: Json) -> set[str]:
    return set(_parameters_of(operation))


def _bodies(operation: Json) -> Iterator[tuple[str, Json]]:
    """The request and the answers of an operation, each with its schema."""
    places = [("request", operation.get("requestBody", {}))]
    places += [(f"answer {status}", one) for status, one in operation["responses"].items()]
    for place, body in places:
        for content in body.get("content", {}).values():
            yield place, content.get("schema", {})


if __name__ == "__main__":
    sys.exit(main())
