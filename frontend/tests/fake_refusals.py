"""How the fake API says no."""

import json
from typing import Any, Final

import httpx

STATUS_OF_CODE: Final = {
    "not_signed_in": 401,
    "invalid_credentials": 401,
    "forbidden": 403,
    "csrf_failed": 403,
    "not_found": 404,
    "username_taken": 409,
    "email_taken": 409,
    "email_unavailable": 409,
    "schedule_overlaps": 409,
    "appointments_affected": 409,
    "slot_taken": 409,
    "slot_not_offered": 409,
    "patient_busy": 409,
    "unknown_zone": 409,
    "beyond_horizon": 409,
    "too_many_open_visits": 409,
    "illegal_transition": 409,
    "own_account": 409,
    "request_in_flight": 409,
    "invitation_needed": 403,
    "idempotency_key_reused": 422,
    "too_many_attempts": 429,
    "invalid_input": 422,
    "server_busy": 503,
    "unavailable": 503,
    "outcome_unknown": 503,
}


class RefusedError(Exception):
    """An answer with a problem; `more` are the problem's extra members."""

    def __init__(self, code: str, detail: str = "The API's own sentence.", **more: Any) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail
        self.more = more


def problem(refused: RefusedError) -> httpx.Response:
    status = STATUS_OF_CODE[refused.code]
    body = {
        "type": "about:blank",
        "title": refused.code.replace("_", " ").capitalize(),
        "status": status,
        "detail": refused.detail,
        "code": refused.code,
        **refused.more,
    }
    headers = {"Content-Type": "application/problem+json"}
    return httpx.Response(status, content=json.dumps(body), headers=headers)
