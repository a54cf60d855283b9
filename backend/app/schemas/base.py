"""What the bodies of requests and answers have in common."""

from typing import Any, Self

from pydantic import BaseModel, ConfigDict, model_validator

from app.schemas.fields import refusal


class Request(BaseModel):
    """A request's body: strict types, no unknown fields."""

    model_config = ConfigDict(strict=True, extra="forbid", hide_input_in_errors=True)


def _without_defaults(schema: dict[str, Any]) -> None:
    for field in schema["properties"].values():
        field.pop("default", None)


class Changes(Request):
    """A body of which only the fields that were sent count; null clears what may be empty.

    Every field can be left out, so each has a default, which is never read.
    """

    model_config = ConfigDict(json_schema_extra=_without_defaults)

    @model_validator(mode="after")
    def _something_changes(self) -> Self:
        if not self.model_fields_set:
            raise refusal("Send at least one field to change.")
        return self


class Answer(BaseModel):
    """An answer's body, read from the attributes of what a service returned."""

    model_config = ConfigDict(from_attributes=True)
