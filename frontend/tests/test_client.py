"""The API client: what it sends, and what it makes of the answers."""

import json
from datetime import date, timedelta

import httpx
import pytest

from app.core.security import token_digest
from app.domain.errors import ServerBusy
from app.models.models import Appointment, LoginSession, User
from frontend.tests.clinic import PASSWORD, Clinic
from frontend.tests.gateway import Gateway
from ui.api import appointments, transport
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
def john(clinic: Clinic) -> User:
    return clinic.add_user("john_patient")


@pytest.fixture
def smith(clinic: Clinic) -> User:
    doctor = clinic.add_user("dr_smith", role="doctor", specialty="Cardiology")
    clinic.add_schedule(doctor, 0)
    return doctor


def api_of(clinic: Clinic, user: User, **more) -> Api:
    login = clinic.add_session(user)
    return Api(Transport(login.token, login.csrf_token, **more))


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


def test_the_login_answers_with_the_token_of_the_cookie(
    gateway: Gateway, clinic: Clinic, john: User
):
    token, device, signed_in = ANONYMOUS.auth.login("john_patient", PASSWORD)

    [session] = clinic.all(LoginSession)
    assert session.token_digest == token_digest(token)
    assert device
    assert (signed_in.user.username, signed_in.csrf_token) == (
        "john_patient",
        Api(Transport(token)).auth.me().csrf_token,
    )


def test_each_person_sends_their_own_credentials(
    gateway: Gateway, clinic: Clinic, john: User, smith: User
):
    people = [api_of(clinic, john), api_of(clinic, smith), api_of(clinic, john)]

    names = [person.auth.me().user.username for person in people]

    assert names == ["john_patient", "dr_smith", "john_patient"]


def test_changes_carry_the_csrf_token(gateway: Gateway, clinic: Clinic, john: User):
    login = clinic.add_session(john)

    refused = failure_of(Api(Transport(login.token, "of another session")).auth.logout)
    Api(Transport(login.token, login.csrf_token)).auth.logout()

    assert isinstance(refused, ApiError)
    assert (refused.status, refused.code) == (403, "csrf_failed")
    assert clinic.all(LoginSession) == []


def test_public_reads_carry_no_session(gateway: Gateway, clinic: Clinic, john: User, smith: User):
    person = api_of(clinic, john)

    person.users.doctors()
    person.schedules.free_slots(smith.id, MONDAY, MONDAY)

    assert [request.headers.get("cookie") for request in gateway.requests] == [None] * 2


def test_the_browser_is_named_to_the_api(gateway: Gateway, clinic: Clinic, john: User):
    api_of(clinic, john, user_agent="Mozilla/5.0 (a phone)", address="192.0.2.7").auth.me()

    headers = gateway.requests[-1].headers
    assert (headers["user-agent"], headers["x-forwarded-for"]) == (
        "Mozilla/5.0 (a phone)",
        "192.0.2.7",
    )


def test_booking_moving_and_cancelling(gateway: Gateway, clinic: Clinic, john: User, smith: User):
    patient, doctor = api_of(clinic, john), api_of(clinic, smith)
    first, second, *_ = ANONYMOUS.schedules.free_slots(smith.id, MONDAY, MONDAY)

    booked = patient.appointments.book(smith.id, first, "Regular checkup", key="a-key")
    moved = patient.appointments.move(booked.id, second)
    cancelled = patient.appointments.cancel(booked.id)

    assert (booked.appointment_time, booked.duration, booked.status) == ("09:00", 30, "scheduled")
    assert (moved.appointment_time, cancelled.status) == ("09:30", "cancelled")
    assert doctor.appointments.get(booked.id) == cancelled
    assert gateway.requests[1].headers["idempotency-key"] == "a-key"
    assert json.loads(gateway.requests[1].content) == {
        "doctor_id": smith.id,
        "reason": "Regular checkup",
        "appointment_date": "2026-11-30",
        "appointment_time": "09:00",
        "starts_at": "2026-11-30T09:00:00Z",
    }


def test_completing(gateway: Gateway, clinic: Clinic, john: User, smith: User):
    visit = clinic.add_appointment(smith, john, clinic.now)

    done = api_of(clinic, smith).appointments.set_status(visit.id, "completed")

    assert (done.id, done.status) == (visit.id, "completed")


def test_schedules(gateway: Gateway, clinic: Clinic, smith: User):
    doctor = api_of(clinic, smith)

    added = doctor.schedules.add(2, "09:00", "12:00", 20)
    changed = doctor.schedules.change(added.id, is_active=False)
    assert [row.id for row in doctor.schedules.my()] == [1, added.id]
    doctor.schedules.delete(added.id)

    assert (added.slot_duration, added.is_active, changed.is_active) == (20, True, False)
    assert [row.id for row in doctor.schedules.my()] == [1]


def test_all_pages_of_appointments_are_read(
    monkeypatch: pytest.MonkeyPatch, gateway: Gateway, clinic: Clinic, john: User, smith: User
):
    monkeypatch.setattr(appointments, "PAGE_SIZE", 2)
    starts = [clinic.now + timedelta(hours=number) for number in range(5)]
    clinic.add_appointments(smith, john, starts)

    found = api_of(clinic, john).appointments.between(MONDAY, MONDAY)

    assert [visit.starts_at for visit in found] == starts
    queries = gateway.queries("/appointments/my")
    assert ["cursor" in query for query in queries] == [False, True, True]
    days = {"date_from": "2026-11-30", "date_to": "2026-11-30", "limit": "2"}
    assert [query | days for query in queries] == queries


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


def test_an_unknown_code_says_what_the_api_says(gateway: Gateway):
    gateway.refusals["GET", "/users/doctors"] = ServerBusy("Come back at nine.")
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


def test_the_appointments_in_the_way_are_named(
    gateway: Gateway, clinic: Clinic, john: User, smith: User
):
    visit = clinic.add_appointment(smith, john, clinic.now + timedelta(hours=2))

    refused = failure_of(lambda: api_of(clinic, smith).schedules.delete(1))

    assert isinstance(refused, ApiError)
    assert [(one.id, one.patient_name) for one in refused.affected] == [(visit.id, "John Patient")]


def test_no_answer_is_unreachable(gateway: Gateway):
    gateway.down = True

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
    gateway: Gateway,
    clinic: Clinic,
    john: User,
    smith: User,
    outcomes: list[type[httpx.TransportError] | None],
    told: str | None,
):
    slot = ANONYMOUS.schedules.free_slots(smith.id, MONDAY, MONDAY)[0]
    keys, waiting = [], list(outcomes)

    def lose_the_answer(request: httpx.Request) -> httpx.Response:
        keys.append(request.headers["idempotency-key"])
        answer, error = gateway.handle_request(request), waiting.pop(0)
        if error is not None:
            raise error("lost", request=request)
        return answer

    answer_with(monkeypatch, lose_the_answer)
    patient = api_of(clinic, john)

    try:
        patient.appointments.book(smith.id, slot, "Regular checkup", key="a-key")
        sentence = None
    except ApiFailure as failure:
        sentence = failure.sentence

    assert (sentence, keys) == (told, ["a-key"] * len(outcomes))
    assert [one.appointment_time for one in clinic.all(Appointment)] == [9 * 60]


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
    monkeypatch: pytest.MonkeyPatch, gateway: Gateway, clinic: Clinic, john: User
):
    body = api_of(clinic, john).auth.me().model_dump_json()
    answer_with(monkeypatch, lambda _: httpx.Response(200, content=body))

    failure = failure_of(lambda: ANONYMOUS.auth.login("john_patient", PASSWORD))

    assert failure.sentence == SENTENCES["unexpected_answer"]


def test_who_is_signed_out_elsewhere_is_noticed_once(gateway: Gateway, clinic: Clinic, john: User):
    noticed = []
    person = api_of(clinic, john, on_signed_out=lambda: noticed.append("signed out"))
    person.auth.me()
    clinic.end_sessions()

    refused = failure_of(person.auth.me)

    assert (refused.sentence, noticed) == (SENTENCES["not_signed_in"], ["signed out"])
