"""The service that knows breached passwords, and what happens when it does not answer."""

import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

import pytest

from app.core import breached_passwords
from app.core.breached_passwords import BreachedPasswords
from app.core.config import PasswordPolicy, Settings
from app.domain.errors import InvalidInput
from app.services.passwords import PasswordRules, check_password, password_rules_of

BREACHED, PADDING, UNKNOWN = "lilac%Teapot_Marsh", "purple otter 42 lamps", "wobbly-kettle-physics"


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


@pytest.fixture
def service() -> Iterator[Service]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            stub.asked.append(self.path)
            if stub.is_slow:
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
    assert [one in breached for one in (BREACHED, PADDING, UNKNOWN)] == [True, False, False]
    assert service.asked == [f"/range/{digest_of(one)[:5]}" for one in (BREACHED, PADDING, UNKNOWN)]


def test_a_breached_password_is_refused_where_the_setting_names_a_service(service: Service):
    settings = Settings(
        _env_file=None, password_policy=PasswordPolicy.ASVS, breached_passwords_url=service.url
    )
    with pytest.raises(InvalidInput, match="known from a data breach"):
        check_password(BREACHED, password_rules_of(settings), names=())
    check_password(UNKNOWN, password_rules_of(settings), names=())
    check_password(BREACHED, PasswordRules(PasswordPolicy.ASVS), names=())
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

    assert (BREACHED in breached, BREACHED in breached) == (False, False)
    assert time.monotonic() - begun < 5
    assert len(service.asked) == (0 if trouble == "nobody there" else 1)  # then it is left alone

    service.status, service.is_slow = 200, False
    monkeypatch.setattr(breached, "_url", f"{service.url}/")
    monkeypatch.setattr(breached, "_asked_again_at", 0.0)
    assert BREACHED in breached


def test_the_setting_is_an_address():
    with pytest.raises(ValueError, match="BREACHED_PASSWORDS_URL must begin with"):
        Settings(_env_file=None, breached_passwords_url="file:///etc/passwd")
