"""From a refusal to HTTP, once: RFC 9457 problems with a stable code. Nothing sent is echoed."""

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from math import ceil
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException

from app.domain import errors
from app.http.errors import UnsupportedMediaType
from app.http.metrics import REFUSALS
from app.http.refusals import recognise, record_refusal
from app.schemas.schemas import FieldError, Problem

PROBLEM_JSON = "application/problem+json"
RETRY_AFTER_SECONDS = 5
MOST_FIELDS = 10
FIELD_NAME = re.compile(r"[a-z_0-9]{1,40}\Z")

STATUS_OF_BASE: dict[type[errors.DomainError], HTTPStatus] = {
    errors.Invalid: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.Unauthenticated: HTTPStatus.UNAUTHORIZED,
    errors.Forbidden: HTTPStatus.FORBIDDEN,
    errors.NotFound: HTTPStatus.NOT_FOUND,
    errors.Conflict: HTTPStatus.CONFLICT,
    errors.TooManyRequests: HTTPStatus.TOO_MANY_REQUESTS,
    UnsupportedMediaType: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    errors.Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
}

ROUTING_ERRORS: dict[int, tuple[str, str]] = {
    400: ("malformed_request", "The request could not be read. Send valid JSON."),
    404: ("not_found", "There is nothing at this address."),
    405: ("method_not_allowed", "This address does not take requests of this method."),
    413: ("body_too_large", "The request is too large."),
}

log = structlog.get_logger(__name__)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The refusals of a route for the OpenAPI document.

    422 and 503 belong to every route; where a body may be too large, it may be unreadable too; who
    is refused too often is answered 429.
    """
    too_often = (429,) if set(statuses) & {401, 403, 429} else ()
    unreadable = (400,) if HTTPStatus.REQUEST_ENTITY_TOO_LARGE in statuses else ()
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {PROBLEM_JSON: {"schema": schema}},
        }
        for status in sorted({*unreadable, *statuses, *too_often, 422, 503})
    }


def problem_response(
    status: int, code: str, detail: str, headers: dict[str, str] | None = None, **more: Any
) -> JSONResponse:
    """A problem as an answer, counted. `more` are members beyond those of the standard."""
    REFUSALS.labels(code).inc()
    members = {"title": HTTPStatus(status).phrase, "status": status, "detail": detail, "code": code}
    problem = Problem.model_validate(members | more)
    return JSONResponse(
        problem.model_dump(mode="json", exclude_none=True),
        status_code=int(status),
        headers=headers,
        media_type=PROBLEM_JSON,
    )


def refusal_response(refusal: errors.DomainError) -> JSONResponse:
    """A domain exception as an answer."""
    status = status_of(refusal)
    return problem_response(
        status, refusal.code, str(refusal), headers=_headers(refusal, status), **_members(refusal)
    )


def status_of(refusal: errors.DomainError) -> HTTPStatus:
    """The status that the base class of a refusal decides."""
    return next(status for base, status in STATUS_OF_BASE.items() if isinstance(refusal, base))


def internal_error_response() -> JSONResponse:
    """The answer to a bug, which says nothing about it."""
    return problem_response(500, "internal_error", "Something went wrong on our side.")


def add_error_handlers(app: FastAPI) -> None:
    """Let every failure of the application leave it as a problem."""
    app.exception_handler(errors.DomainError)(_on_refusal)
    app.exception_handler(errors.OutcomeUnknown)(_on_unknown_outcome)
    app.exception_handler(RequestValidationError)(_on_invalid_request)
    app.exception_handler(HTTPException)(_on_http_exception)
    app.exception_handler(OperationalError)(_on_database_failure)
    app.exception_handler(PoolTimeoutError)(_on_database_failure)


def _headers(refusal: errors.DomainError, status: HTTPStatus) -> dict[str, str] | None:
    if isinstance(refusal, errors.TooManyAttempts):
        return {"Retry-After": str(ceil(refusal.wait.total_seconds()))}
    if status is HTTPStatus.SERVICE_UNAVAILABLE:
        return {"Retry-After": str(RETRY_AFTER_SECONDS)}
    return None


def _members(refusal: errors.DomainError) -> dict[str, Any]:
    if isinstance(refusal, errors.InvalidInput):
        return {"errors": [FieldError(field=refusal.field, message=str(refusal))]}
    if isinstance(refusal, errors.AppointmentsAffected):
        return {"appointments": refusal.appointments}
    return {}


async def guarded_response(request: Request, refusal: errors.DomainError) -> JSONResponse:
    """The answer to a request that is refused before it is routed, recorded as other refusals."""
    try:
        await recognise(request)
    except (OperationalError, PoolTimeoutError) as error:
        _note_failure(request)
        log.error("refusal_not_recorded", code=refusal.code, error=str(error))  # noqa: TRY400 - no bug
        return refusal_response(refusal)
    return await _on_refusal(request, refusal)


async def _on_refusal(
    request: Request, refusal: errors.DomainError, fields: Sequence[str] = ()
) -> JSONResponse:
    """Answer what was refused. Where that cannot be recorded, the log of the server has it."""
    try:
        answered = await record_refusal(request, refusal, fields)
    except (OperationalError, errors.OutcomeUnknown) as error:
        _note_failure(request)
        log.error("refusal_not_recorded", code=refusal.code, error=str(error))  # noqa: TRY400 - no bug
        answered = refusal
    return refusal_response(answered)


async def _on_unknown_outcome(_: Request, unknown: errors.OutcomeUnknown) -> JSONResponse:
    """Answer at once: to record it would be to wait for the same standby again."""
    log.error("outcome_unknown", error=str(unknown.__cause__))
    return refusal_response(unknown)


async def _on_invalid_request(request: Request, invalid: RequestValidationError) -> JSONResponse:
    found = [
        FieldError(field=_field_name(error["loc"]), message=error["msg"])
        for error in invalid.errors()
    ]
    refused = {_field_name(error["loc"]) for error in invalid.errors() if _is_overreach(error)}
    if refused:
        refusal = errors.InvalidInput("body", _sentence(found))
        response = await _on_refusal(request, refusal, sorted(refused)[:MOST_FIELDS])
        if response.status_code != HTTPStatus.UNPROCESSABLE_ENTITY:
            return response
    return problem_response(422, errors.InvalidInput.code, _sentence(found), errors=found)


def _is_overreach(error: Mapping[str, Any]) -> bool:
    """Whether the request has a field that the sender may not set, or a refused role."""
    return error["type"] == "extra_forbidden" or _field_name(error["loc"]) == "role"


async def _on_http_exception(_: Request, error: HTTPException) -> JSONResponse:
    code, detail = ROUTING_ERRORS.get(error.status_code, ("http_error", error.detail))
    headers = dict(error.headers) if error.headers else None
    return problem_response(error.status_code, code, detail, headers)


async def _on_database_failure(request: Request, error: Exception) -> JSONResponse:
    _note_failure(request)
    log.error("database_failure", error=str(error))
    return refusal_response(errors.Unavailable())


def _note_failure(request: Request) -> None:
    app = request.app.state.resources
    app.readiness.note_failure(app.clock())


def _field_name(location: Sequence[str | int]) -> str:
    """The innermost name of a field; one that the sender made up is not repeated."""
    name = str(location[-1]) if location else "body"
    return name if FIELD_NAME.match(name) else "unknown"


def _sentence(found: Sequence[FieldError]) -> str:
    return " ".join(f"{error.field}: {error.message}." for error in found[:3]).replace("..", ".")
