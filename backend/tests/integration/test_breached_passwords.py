"""The service that knows breached passwords, and what happens when it does not answer."""

import asyncio
import hashlib
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

import pytest
from fastapi.testclient import TestClient

from app.api.v1 import auth
from app.core import breached_passwords
from app.core.breached_passwords import BreachedPasswords
from app.core.config import PasswordPolicy, Settings
from app.domain.errors import InvalidInput
from app.main import create_app
from app.services import accounts
from app.services.passwords import PasswordRules, check_not_breached, password_rules_of
from tests.conftest import FakeClock
from tests.people import PEER, Visitor, code_of

INVALID = (422, "invalid_input")
BREACHED, PADDING, UNKNOWN = "lilac%Teapot_Marsh", "purple otter 42 lamps", "wobbly-kettle-physics"


def known(breached: BreachedPasswords, *passwords: str) -> list[bool]:
    async def ask() -> list[bool]:
        return [await breached.has(password) for password in passwords]

    return asyncio.run(ask())


def digest_of(password: str) -> str:
    return hashlib.sha1(password.encode()).hexdigest().upper()  # noqa: S324 - the service's own


@dataclass
class Service:
    """A range search on this machine; `asked` are the paths of its requests."""

    url: str
    asked: list[str] = field(default_factory=list)
    status: int = 200
    is_slow: bool = False
    end: Event = field(default_factory=Event)
    was_asked: Event = field(default_factory=Event)


@pytest.fixture
def service() -> Iterator[Service]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            stub.asked.append(self.path)
            if stub.is_slow:
                stub.was_asked.set()
                stub.end.wait(30)
            lines = [
                f"{digest_of(BREACHED)[5:]}:52",
                f"{digest_of(PADDING)[5:]}:0",
                "0" * 35 + ":3",
            ]
            body = "\r\n".join(lines).encode()
            self.send_response(stub.status)
            self.send_header("Content-Length", str(len(body)))
            if stub.status == 302:
                self.send_header("Location", f"{stub.url}/elsewhere")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    stub = Service(f"http://127.0.0.1:{server.server_port}/range")
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield stub
    stub.end.set()
    server.shutdown()
    thread.join()
    server.server_close()


def test_it_learns_five_digits_of_a_hash_and_no_more(service: Service):
    breached = BreachedPasswords(service.url)
    assert known(breached, BREACHED, PADDING, UNKNOWN) == [True, False, False]
    assert service.asked == [f"/range/{digest_of(one)[:5]}" for one in (BREACHED, PADDING, UNKNOWN)]


def test_a_breached_password_is_refused_where_the_setting_names_a_service(service: Service):
    settings = Settings(
        _env_file=None, password_policy=PasswordPolicy.ASVS, breached_passwords_url=service.url
    )
    with pytest.raises(InvalidInput, match="known from a data breach"):
        asyncio.run(check_not_breached(BREACHED, password_rules_of(settings)))
    asyncio.run(check_not_breached(UNKNOWN, password_rules_of(settings)))
    asyncio.run(check_not_breached(BREACHED, PasswordRules(PasswordPolicy.ASVS)))
    assert Settings(_env_file=None).breached_passwords_url is None


@pytest.mark.parametrize("trouble", ["an error", "a redirect", "silence", "nobody there"])
def test_no_password_is_refused_while_it_does_not_answer(
    service: Service, monkeypatch: pytest.MonkeyPatch, trouble: str
):
    monkeypatch.setattr(breached_passwords, "TIMEOUT_SECONDS", 0.2)
    service.status = {"an error": 503, "a redirect": 302}.get(trouble, 200)
    service.is_slow = trouble == "silence"
    breached = BreachedPasswords(
        "http://127.0.0.1:9/" if trouble == "nobody there" else service.url
    )
    begun = time.monotonic()

    assert known(breached, BREACHED, BREACHED) == [False, False]
    assert time.monotonic() - begun < 5
    assert len(service.asked) == (0 if trouble == "nobody there" else 1)  # then it is left alone

    service.status, service.is_slow = 200, False
    monkeypatch.setattr(breached, "_url", f"{service.url}/")
    monkeypatch.setattr(breached, "_paused_until", 0.0)
    assert known(breached, BREACHED) == [True]


@pytest.fixture
def visitor(settings: Settings, service: Service, clock: FakeClock) -> Iterator[Visitor]:
    """Somebody who uses a clinic with a service of breached passwords."""
    changes = {"password_policy": PasswordPolicy.ASVS, "breached_passwords_url": service.url}
    app = create_app(settings.model_copy(update=changes), clock)
    with TestClient(app, base_url="http://testserver", client=PEER) as client:
        yield Visitor(client)


def registration(password: str) -> dict[str, str]:
    return {
        "username": "jane_patient",
        "email": "jane@example.com",
        "full_name": "Jane Doe",
        "password": password,
        "role": "patient",
    }


def test_a_breached_password_is_refused_when_it_is_chosen(visitor: Visitor):
    refused = visitor.post("/auth/register", **registration(BREACHED))
    assert (code_of(refused), refused.json()["errors"][0]["field"]) == (INVALID, "password")
    jane = visitor.another().register("jane_patient", password=UNKNOWN)
    refused = jane.post("/auth/password", current_password=UNKNOWN, new_password=BREACHED)
    assert (code_of(refused), refused.json()["errors"][0]["field"]) == (INVALID, "new_password")


@pytest.mark.parametrize("is_in_the_lane", [False, True])
def test_logins_go_on_while_the_service_hangs(
    visitor: Visitor,
    service: Service,
    monkeypatch: pytest.MonkeyPatch,
    is_in_the_lane: bool,
):
    """The control: a service that is asked in the hashing lane keeps others from logging in."""
    visitor.another().register("john_patient", password=UNKNOWN)
    monkeypatch.setattr(breached_passwords, "TIMEOUT_SECONDS", 60)
    service.asked.clear()
    service.is_slow = True
    if is_in_the_lane:
        ask_in_the_lane(monkeypatch)
    with ThreadPoolExecutor() as people:
        jane = people.submit(visitor.another().post, "/auth/register", **registration(PADDING))
        assert service.was_asked.wait(30)
        john = people.submit(visitor.another().log_in, "john_patient", UNKNOWN)
        done, _ = wait([john], timeout=0.5 if is_in_the_lane else 30)
        assert (john in done, jane.done()) == (not is_in_the_lane, False)
        service.end.set()
        assert (john.result().account["username"], jane.result().status_code) == (
            "john_patient",
            201,
        )


def ask_in_the_lane(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have passwords looked up where they are hashed, as versions before did."""

    async def skip(*_: object, **__: object) -> None:
        """Leave it to the lane."""

    def check(password: str, rules: PasswordRules, **_: object) -> None:
        asyncio.run(check_not_breached(password, rules))

    monkeypatch.setattr(auth, "check_not_breached", skip)
    monkeypatch.setattr(accounts, "check_password", check)


def test_the_setting_is_an_address():
    with pytest.raises(ValueError, match="BREACHED_PASSWORDS_URL must begin with"):
        Settings(_env_file=None, breached_passwords_url="file:///etc/passwd")
