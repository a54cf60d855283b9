"""The API client: what it sends, and what it makes of the answers."""

import json
from datetime import date

import httpx
import pytest

from frontend.tests.fake_api import FakeApi
from frontend.tests.fake_clinic import PASSWORD, Json
from frontend.tests.fake_refusals import RefusedError
from ui.api import transport
from ui.api.client import Api
from ui.api.errors import (
    OUTCOME_UNKNOWN,
    SENTENCES,
    UNREACHABLE,
    ApiError,
    ApiFailure,
    Unreachable,
    plain_message,
)
from ui.api.transport import Transport, new_client

MONDAY = date(2026, 11, 30)
ANONYMOUS = Api(Transport())
SET_COOKIE = {"Set-Cookie": "session=of-somebody; HttpOnly; Path=/"}


@pytest.fixture
def john(api: FakeApi) -> Json:
    return api.add_user("john_patient")


@pytest.fixture
def smith(api: FakeApi) -> Json:
    doctor = api.add_user("dr_smith", role="doctor", specialty="Cardiology")
    api.add_schedule(doctor, 0)
    return doctor


def api_of(api: FakeApi, user: Json, **more) -> Api:
    session = api.add_session(user)
    return Api(Transport(session.token, session.csrf_token, **more))


def answer_with(monkeypatch: pytest.MonkeyPatch, answer) -> None:
    pool = transport.new_client(httpx.MockTransport(answer))
    monkeypatch.setattr(transport, "shared_client", lambda: pool)


def failure_of(call) -> ApiFailure:
    with pytest.raises(ApiFailure) as raised:
        call()
    return raised.value


def test_the_pool_keeps_no_cookie_and_an_ordinary_client_does():
    def hand_out(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, text=request.headers.get("cookie", ""), headers=SET_COOKIE)

    handler = httpx.MockTransport(hand_out)
    ordinary = httpx.Client(base_url="http://api.test", transport=handler)
    seen = [[pool.get("/").text for _ in range(2)] for pool in (new_client(handler), ordinary)]

    assert seen == [["", ""], ["", "session=of-somebody"]]


def test_the_login_answers_with_the_token_of_the_cookie(api: FakeApi, john: Json):
    token, device, signed_in = ANONYMOUS.auth.login("john_patient", PASSWORD)

    session = api.sessions[token]
    assert device == "device-of-john_patient"
    assert (signed_in.user.username, signed_in.csrf_token) == ("john_patient", session.csrf_token)


def test_each_person_sends_their_own_credentials(api: FakeApi, john: Json, smith: Json):
    people = [api_of(api, john), api_of(api, smith), api_of(api, john)]

    names = [person.auth.me().user.username for person in people]

    assert names == ["john_patient", "dr_smith", "john_patient"]


def test_changes_carry_the_csrf_token(api: FakeApi, john: Json):
    session = api.add_session(john)

    refused = failure_of(Api(Transport(session.token, "of another session")).auth.logout)
    Api(Transport(session.token, session.csrf_token)).auth.logout()

    assert isinstance(refused, ApiError)
    assert (refused.status, refused.code, api.sessions) == (403, "csrf_failed", {})


def test_public_reads_carry_no_session(api: FakeApi, john: Json, smith: Json):
    person = api_of(api, john)

    person.users.doctors()
    person.schedules.free_slots(smith["id"], MONDAY, MONDAY)

    assert [request.headers.get("cookie") for request in api.requests] == [None] * 2


def test_the_browser_is_named_to_the_api(api: FakeApi, john: Json):
    api_of(api, john, user_agent="Mozilla/5.0 (a phone)", address="192.0.2.7").auth.me()

    headers = api.requests[-1].headers
    assert (headers["user-agent"], headers["x-forwarded-for"]) == (
        "Mozilla/5.0 (a phone)",
        "192.0.2.7",
    )


def test_booking_moving_and_cancelling(api: FakeApi, john: Json, smith: Json):
    patient, doctor = api_of(api, john), api_of(api, smith)
    first, second, *_ = ANONYMOUS.schedules.free_slots(smith["id"], MONDAY, MONDAY)

    booked = patient.appointments.book(smith["id"], first, "Regular checkup", key="a-key")
    moved = patient.appointments.move(booked.id, second)
    cancelled = patient.appointments.cancel(booked.id)

    assert (booked.appointment_time, booked.duration, booked.status) == ("09:00", 30, "scheduled")
    assert (moved.appointment_time, cancelled.status) == ("09:30", "cancelled")
    assert doctor.appointments.get(booked.id) == cancelled
    assert api.requests[1].headers["idempotency-key"] == "a-key"
    assert json.loads(api.requests[1].content) == {
        "doctor_id": smith["id"],
        "reason": "Regular checkup",
        "appointment_date": "2026-11-30",
        "appointment_time": "09:00",
        "starts_at": "2026-11-30T09:00:00Z",
    }


def test_completing(api: FakeApi, john: Json, smith: Json):
    visit = api.add_appointment(smith, john, api.now)

    done = api_of(api, smith).appointments.set_status(visit["id"], "completed")

    assert (done.id, done.status) == (visit["id"], "completed")


def test_schedules(api: FakeApi, smith: Json):
    doctor = api_of(api, smith)

    added = doctor.schedules.add(2, "09:00", "12:00", 20)
    changed = doctor.schedules.change(added.id, is_active=False)
    assert [row.id for row in doctor.schedules.my()] == [1, added.id]
    doctor.schedules.delete(added.id)

    assert (added.slot_duration, added.is_active, changed.is_active) == (20, True, False)
    assert [row.id for row in doctor.schedules.my()] == [1]


def test_all_pages_of_appointments_are_read(api: FakeApi, john: Json, smith: Json):
    api.page_size = 2
    ids = [api.add_appointment(smith, john, api.now)["id"] for _ in range(5)]

    found = api_of(api, john).appointments.between(MONDAY, MONDAY)

    assert [visit.id for visit in found] == ids
    assert [dict(request.url.params) for request in api.requests] == [
        {"date_from": "2026-11-30", "date_to": "2026-11-30", "limit": "200"} | cursor
        for cursor in ({}, {"cursor": "2"}, {"cursor": "4"})
    ]


def test_the_next_page_is_asked_of_the_configured_server(monkeypatch: pytest.MonkeyPatch, settings):
    asked = []

    def lead_astray(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        link = {"Link": '<http://evil.example/api/v1/appointments/my?cursor=x>; rel="next"'}
        return httpx.Response(200, json=[], headers=link if len(asked) == 1 else {})

    answer_with(monkeypatch, lead_astray)
    Api(Transport("token", "csrf")).appointments.between(MONDAY, MONDAY)

    page = "date_from=2026-11-30&date_to=2026-11-30&limit=200"
    assert asked == [
        f"http://api.test:8000/api/v1/appointments/my?{page}",
        f"http://api.test:8000/api/v1/appointments/my?{page}&cursor=x",
    ]


@pytest.mark.parametrize("code", sorted(SENTENCES))
def test_every_code_has_a_sentence(code: str):
    assert ApiError(400, code, "The API's own sentence.").sentence == SENTENCES[code]


def test_an_unknown_code_says_what_the_api_says(api: FakeApi):
    api.refusals["GET", "/users/doctors"] = RefusedError("server_busy", "Come back at nine.")
    known = failure_of(ANONYMOUS.users.doctors)

    assert known.sentence == SENTENCES["server_busy"]
    assert ApiError(418, "teapot", "Come back at nine.").sentence == "Come back at nine."
    assert ApiError(418, "teapot", "").sentence == SENTENCES["unexpected_answer"]


@pytest.mark.parametrize(
    ("message", "plain"),
    [
        ("Field required", "this is missing"),
        ("String should have at least 1 character", "this is missing"),
        ("String should have at least 7 characters", "use at least 7 characters"),
        ("String should have at most 500 characters", "use at most 500 characters"),
        ("String should match pattern '^[0-9]+$'", "this does not have the usual form"),
        ("Input should be greater than or equal to 5", "use 5 or more"),
        ("Input should be less than or equal to 240", "use 240 or less"),
        ("value is not a valid email address: no @", "this is not an e-mail address"),
        ("Value error, There is no zone of this name.", "There is no zone of this name"),
        ("The range ends before it starts.", "The range ends before it starts"),
    ],
)
def test_field_errors_are_said_in_plain_words(message: str, plain: str):
    assert plain_message(message) == plain


def test_the_appointments_in_the_way_are_named(api: FakeApi, john: Json, smith: Json):
    visit = api.add_appointment(smith, john, api.now)

    refused = failure_of(lambda: api_of(api, smith).schedules.delete(1))

    assert isinstance(refused, ApiError)
    assert [(one.id, one.patient_name) for one in refused.affected] == [
        (visit["id"], "John Patient")
    ]


def test_no_answer_is_unreachable(api: FakeApi):
    api.down = True

    failure = failure_of(ANONYMOUS.users.doctors)

    assert (type(failure), failure.sentence) == (Unreachable, UNREACHABLE)


@pytest.mark.parametrize(
    ("error", "call", "sentence"),
    [
        (httpx.ConnectTimeout, lambda: ANONYMOUS.auth.login("john", "x"), UNREACHABLE),
        (httpx.PoolTimeout, lambda: ANONYMOUS.auth.login("john", "x"), UNREACHABLE),
        (httpx.ReadTimeout, ANONYMOUS.users.doctors, UNREACHABLE),
        (httpx.ReadTimeout, lambda: ANONYMOUS.auth.login("john", "x"), OUTCOME_UNKNOWN),
        (httpx.RemoteProtocolError, lambda: ANONYMOUS.auth.login("john", "x"), OUTCOME_UNKNOWN),
    ],
)
def test_a_change_without_an_answer_may_have_happened(
    monkeypatch: pytest.MonkeyPatch,
    settings,
    error: type[httpx.TransportError],
    call,
    sentence: str,
):
    def fail(request: httpx.Request) -> httpx.Response:
        raise error("lost", request=request)

    answer_with(monkeypatch, fail)

    assert failure_of(call).sentence == sentence


@pytest.mark.parametrize(
    ("outcomes", "told"),
    [
        ([httpx.ReadTimeout, None], None),
        ([httpx.ReadTimeout, httpx.ReadTimeout], OUTCOME_UNKNOWN),
        ([httpx.ReadTimeout, httpx.ConnectError], OUTCOME_UNKNOWN),
        ([httpx.ConnectError], UNREACHABLE),
    ],
)
def test_a_booking_without_an_answer_is_sent_once_more(
    monkeypatch: pytest.MonkeyPatch,
    api: FakeApi,
    john: Json,
    smith: Json,
    outcomes: list[type[httpx.TransportError] | None],
    told: str | None,
):
    slot = ANONYMOUS.schedules.free_slots(smith["id"], MONDAY, MONDAY)[0]
    keys, waiting = [], list(outcomes)

    def lose_the_answer(request: httpx.Request) -> httpx.Response:
        keys.append(request.headers["idempotency-key"])
        answer, error = api.answer(request), waiting.pop(0)
        if error is not None:
            raise error("lost", request=request)
        return answer

    answer_with(monkeypatch, lose_the_answer)
    patient = api_of(api, john)

    try:
        patient.appointments.book(smith["id"], slot, "Regular checkup", key="a-key")
        sentence = None
    except ApiFailure as failure:
        sentence = failure.sentence

    assert (sentence, keys) == (told, ["a-key"] * len(outcomes))
    assert [row["appointment_time"] for row in api.appointments.values()] == ["09:00"]


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (httpx.Response(502, html="<h1>Bad Gateway</h1>"), UNREACHABLE),
        (httpx.Response(500, html="<h1>Oops</h1>"), SENTENCES["unexpected_answer"]),
        (httpx.Response(200, html="<h1>Hello</h1>"), SENTENCES["unexpected_answer"]),
        (httpx.Response(200, json={"user": {}}), SENTENCES["unexpected_answer"]),
    ],
)
def test_an_answer_that_is_none_of_the_api_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch, settings, answer: httpx.Response, sentence: str
):
    answer_with(monkeypatch, lambda _: answer)

    assert failure_of(ANONYMOUS.auth.me).sentence == sentence


def test_a_login_without_a_cookie_is_no_login(
    monkeypatch: pytest.MonkeyPatch, api: FakeApi, john: Json
):
    body = api.signed_in(api.add_session(john))
    answer_with(monkeypatch, lambda _: httpx.Response(200, json=body))

    failure = failure_of(lambda: ANONYMOUS.auth.login("john_patient", PASSWORD))

    assert failure.sentence == SENTENCES["unexpected_answer"]


def test_who_is_signed_out_elsewhere_is_noticed_once(api: FakeApi, john: Json):
    noticed = []
    person = api_of(api, john, on_signed_out=lambda: noticed.append("signed out"))
    person.auth.me()
    api.sessions.clear()

    refused = failure_of(person.auth.me)

    assert (refused.sentence, noticed) == (SENTENCES["not_signed_in"], ["signed out"])
