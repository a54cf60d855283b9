"""The fake API's bookings, each carried out once for a key."""

from datetime import datetime

import httpx

from frontend.tests.fake_api import FakeApi, doctor_of, fields_of, offered_slot, refuse_busy, route
from frontend.tests.fake_clinic import Json
from frontend.tests.fake_refusals import RefusedError

REQUIRED = {"doctor_id", "appointment_date", "appointment_time", "reason"}


@route("POST", "/appointments/")
def book(api: FakeApi, request: httpx.Request) -> httpx.Response:
    api.user_of(request, "patient", "admin")
    key = request.headers["idempotency-key"]
    body = fields_of(request, REQUIRED)
    sent, reply = api.replies.setdefault(key, (body, None))
    if sent != body:
        raise RefusedError("idempotency_key_reused")
    if reply is None:
        try:
            reply = carry_out(api, request, body)
        except RefusedError:
            del api.replies[key]
            raise
        api.replies[key] = (body, reply)
    return httpx.Response(201, json=reply)


def carry_out(api: FakeApi, request: httpx.Request, body: Json) -> Json:
    patient = api.users[body.get("patient_id") or api.user_of(request, "patient")["id"]]
    doctor = doctor_of(api, body["doctor_id"])
    slot = offered_slot(api, doctor["id"], body)
    refuse_busy(api, patient["id"], slot)
    return api.add_appointment(
        doctor,
        patient,
        datetime.fromisoformat(slot["starts_at"]),
        duration=slot["duration"],
        reason=body["reason"],
    )
