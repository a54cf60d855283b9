"""What breaks the clients of the last release is found; what is added to it is not refused."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from tools.api_changes import API, RELEASED, breaks, missing_in

Json = dict[str, Any]
Change = Callable[[Json], object]

FIND, BOOK, ANSWER = "GET /visits", "POST /visits", "answer 200"


def description() -> Json:
    """A small API of every kind of thing that can change."""
    return {
        "paths": {
            "/visits": {
                "get": {
                    "parameters": [
                        {
                            "name": "limit",
                            "in": "query",
                            "required": False,
                            "schema": {"type": "integer", "minimum": 1, "maximum": 200},
                        },
                        {
                            "name": "status",
                            "in": "query",
                            "schema": {"anyOf": [reference("Status"), {"type": "null"}]},
                        },
                    ],
                    "responses": {
                        "200": body({"type": "array", "items": reference("Visit")}),
                    },
                },
                "post": {
                    "requestBody": body(reference("NewVisit")),
                    "responses": {"201": body(reference("Visit"))},
                },
            }
        },
        "components": {
            "schemas": {
                "Status": {"type": "string", "enum": ["open", "done"]},
                "Visit": {
                    "type": "object",
                    "required": ["id", "status"],
                    "properties": {
                        "id": {"type": "integer"},
                        "status": reference("Status"),
                        "again": {"anyOf": [reference("Visit"), {"type": "null"}]},
                    },
                },
                "NewVisit": {
                    "type": "object",
                    "required": ["reason"],
                    "properties": {
                        "reason": {"type": "string", "minLength": 1, "maxLength": 500},
                        "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
                    },
                },
            }
        },
    }


def reference(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def body(schema: Json) -> Json:
    return {"content": {"application/json": {"schema": schema}}}


def operation(api: Json, method: str) -> Json:
    found: Json = api["paths"]["/visits"][method]
    return found


def fields(api: Json, name: str) -> Json:
    found: Json = api["components"]["schemas"][name]["properties"]
    return found


def limit(api: Json) -> Json:
    found: Json = operation(api, "get")["parameters"][0]
    return found


def schema(api: Json, name: str) -> Json:
    found: Json = api["components"]["schemas"][name]
    return found


BREAKS: dict[str, tuple[Change, list[str]]] = {
    "a path": (lambda api: api["paths"].clear(), [f"{FIND} is gone", f"{BOOK} is gone"]),
    "a method": (lambda api: api["paths"]["/visits"].pop("post"), [f"{BOOK} is gone"]),
    "a parameter": (
        lambda api: operation(api, "get")["parameters"].pop(0),
        [f"{FIND}: query limit is gone"],
    ),
    "an optional parameter that becomes required": (
        lambda api: limit(api).update(required=True),
        [f"{FIND}: query limit is required"],
    ),
    "a new parameter that is required": (
        lambda api: operation(api, "get")["parameters"].append(
            {"name": "day", "in": "query", "required": True, "schema": {"type": "string"}}
        ),
        [f"{FIND}: query day is required"],
    ),
    "a lower maximum": (
        lambda api: limit(api)["schema"].update(maximum=100),
        [f"{FIND}: query limit has maximum 100"],
    ),
    "a higher minimum": (
        lambda api: limit(api)["schema"].update(minimum=2),
        [f"{FIND}: query limit has minimum 2"],
    ),
    "a parameter of another type": (
        lambda api: limit(api).update(schema={"type": "string"}),
        [f"{FIND}: query limit may not be integer"],
    ),
    "a value": (
        lambda api: schema(api, "Status")["enum"].remove("done"),
        [
            f"{FIND}: {ANSWER}[].status value done is gone",
            f"{FIND}: query status value done is gone",
            f"{BOOK}: answer 201.status value done is gone",
        ],
    ),
    "a field of a request": (
        lambda api: fields(api, "NewVisit").pop("note"),
        [f"{BOOK}: request.note is gone"],
    ),
    "a field that becomes required": (
        lambda api: schema(api, "NewVisit")["required"].append("note"),
        [f"{BOOK}: request.note is required"],
    ),
    "a field that may no longer be null": (
        lambda api: fields(api, "NewVisit").update(note={"type": "string"}),
        [f"{BOOK}: request.note may not be null"],
    ),
    "a shorter text": (
        lambda api: fields(api, "NewVisit")["reason"].update(maxLength=100),
        [f"{BOOK}: request.reason has maxLength 100"],
    ),
    "a pattern": (
        lambda api: fields(api, "NewVisit")["reason"].update(pattern="^a"),
        [f"{BOOK}: request.reason has pattern ^a"],
    ),
    "certain values only": (
        lambda api: fields(api, "NewVisit")["reason"].update(enum=["checkup"]),
        [f"{BOOK}: request.reason takes certain values only"],
    ),
    "an answer": (
        lambda api: operation(api, "post")["responses"].clear(),
        [f"{BOOK}: answer 201 is gone"],
    ),
    "a field of an answer": (
        lambda api: (fields(api, "Visit").pop("id"), schema(api, "Visit")["required"].remove("id")),
        [
            f"{FIND}: {ANSWER}[].id is gone",
            f"{FIND}: {ANSWER}[].id may be left out",
            f"{BOOK}: answer 201.id is gone",
            f"{BOOK}: answer 201.id may be left out",
        ],
    ),
    "an answer's field that may be null": (
        lambda api: fields(api, "Visit").update(
            id={"anyOf": [{"type": "integer"}, {"type": "null"}]}
        ),
        [f"{FIND}: {ANSWER}[].id may be null", f"{BOOK}: answer 201.id may be null"],
    ),
}

ADDITIONS: dict[str, Change] = {
    "nothing": lambda _: None,
    "a path": lambda api: api["paths"].update({"/rooms": copy.deepcopy(api["paths"]["/visits"])}),
    "an optional parameter": lambda api: operation(api, "get")["parameters"].append(
        {"name": "day", "in": "query", "required": False, "schema": {"type": "string"}}
    ),
    "an optional field of a request": lambda api: fields(api, "NewVisit").update(
        room={"type": "string"}
    ),
    "a field of an answer": lambda api: fields(api, "Visit").update(room={"type": "string"}),
    "a value": lambda api: schema(api, "Status")["enum"].append("missed"),
    "a longer text": lambda api: fields(api, "NewVisit")["reason"].update(maxLength=1000),
    "a field that need not be sent": lambda api: schema(api, "NewVisit")["required"].clear(),
    "another sentence": lambda api: operation(api, "get").update(description="Visits."),
}


def changed(change: Change) -> tuple[Json, Json]:
    old, new = description(), description()
    change(new)
    return old, new


@pytest.mark.parametrize("name", BREAKS)
def test_what_breaks_clients_is_named(name: str) -> None:
    change, expected = BREAKS[name]
    assert breaks(*changed(change)) == sorted(expected)


@pytest.mark.parametrize("name", ADDITIONS)
def test_an_addition_breaks_nobody(name: str) -> None:
    assert breaks(*changed(ADDITIONS[name])) == []


def test_additions_are_shown() -> None:
    old, new = changed(ADDITIONS["a field of an answer"])
    assert sorted(missing_in(new, old)) == [
        f"{FIND}: {ANSWER}[].room",
        f"{BOOK}: answer 201.room",
    ]


def test_the_api_of_the_last_release_is_served() -> None:
    released, present = (json.loads(path.read_text()) for path in (RELEASED / API.name, API))
    assert len(released["paths"]) > 20  # it is the real one
    assert breaks(released, present) == []
    present["paths"].pop("/api/v1/appointments/my")
    assert breaks(released, present) == ["GET /api/v1/appointments/my is gone"]
