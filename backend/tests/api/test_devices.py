"""A browser that has logged in to an account before is not locked out of it by others."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from httpx2 import Response

from app.core.devices import ACCOUNTS_PER_BROWSER, LIFETIME, Devices
from app.services import logins, throttle
from tests.api.clinic import register_admin
from tests.conftest import MONDAY_MORNING, FakeClock
from tests.people import PASSWORD, PEER, Visitor, code_of

WRONG = "wrong guess"
LOCKED = (429, "too_many_attempts")
WRONG_LOGIN = (401, "invalid_credentials")
OK = 200
NEW_PASSWORD = "another password"


@pytest.fixture
def clinic(visitor_with: Callable[..., Visitor]) -> Visitor:
    """Somebody whose requests come through a proxy that the API believes."""
    return visitor_with(trusted_proxies=(PEER[0],), registrations_per_hour=100)


def forget(browser: Visitor, name: str) -> None:
    for cookie in [one for one in browser.client.cookies.jar if one.name == name]:
        browser.client.cookies.jar.clear(cookie.domain, cookie.path, cookie.name)


def log_in(
    browser: Visitor, username: str, password: str = PASSWORD, address: str = "10.0.0.1"
) -> Response:
    forget(browser, "session")
    return browser.client.post(
        "/api/v1/auth/login",
        json={"username": username, "password": password},
        headers={"X-Forwarded-For": address},
    )


def status(answer: Response) -> Any:
    return answer.status_code if answer.status_code == OK else code_of(answer)


def with_history(clinic: Visitor, username: str = "john_patient") -> Visitor:
    """A new person, logged out again, whose browser has kept the device cookie."""
    person = clinic.another().register(username)
    assert person.post("/auth/logout").status_code == 204
    person.csrf_token = None
    assert [cookie.name for cookie in person.client.cookies.jar] == ["device"]
    return person


def close_account(clinic: Visitor, username: str = "john_patient", address: str = "10.9") -> None:
    """Fifty wrong logins from as many addresses, which lock everybody else out."""
    held = clinic.client.app.state.resources
    with held.database.writing() as session:
        for number in range(49):
            throttle.note_failed_login(
                session,
                account_key=username,
                address=f"{address}.1.{number}",
                device=None,
                now=held.clock(),
            )
    assert code_of(log_in(clinic.another(), username, WRONG, address="10.6.0.1")) == WRONG_LOGIN
    assert code_of(log_in(clinic.another(), username)) == LOCKED


def cookie_of(browser: Visitor) -> str:
    return str(browser.client.cookies["device"])


def with_cookie(clinic: Visitor, cookie: str) -> Visitor:
    browser = clinic.another()
    browser.client.cookies.set("device", cookie)
    return browser


def test_nobody_locks_out_a_browser_that_has_logged_in_before(clinic: Visitor) -> None:
    john = with_history(clinic)
    close_account(clinic)
    assert log_in(john, "john_patient").status_code == OK


def test_nor_does_somebody_at_the_same_address(clinic: Visitor) -> None:
    john = with_history(clinic)
    for number in range(30):
        assert code_of(log_in(clinic.another(), f"nobody_{number}", WRONG)) == WRONG_LOGIN
    assert code_of(log_in(clinic.another(), "john_patient")) == LOCKED
    assert log_in(john, "john_patient").status_code == OK


def test_without_the_cookie_the_same_browser_is_locked_out(clinic: Visitor) -> None:
    """The control."""
    john = with_history(clinic)
    close_account(clinic)
    john.client.cookies.clear()
    assert code_of(log_in(john, "john_patient")) == LOCKED


def test_a_known_browser_has_a_limit_of_its_own(clinic: Visitor, clock: FakeClock) -> None:
    john = with_history(clinic)
    guesses = [log_in(john, "john_patient", WRONG, f"10.8.0.{number}") for number in range(11)]
    assert [status(answer) for answer in guesses] == [*[WRONG_LOGIN] * 10, LOCKED]
    assert guesses[-1].headers["Retry-After"] == "300"
    assert code_of(log_in(john, "john_patient")) == LOCKED
    assert log_in(clinic.another(), "john_patient").status_code == OK, "others are not affected"

    for _ in range(4):
        clock.advance(minutes=5)
        guesses = [log_in(john, "john_patient", WRONG) for _ in range(10)]
        assert [code_of(answer) for answer in guesses] == [WRONG_LOGIN] * 10
    clock.advance(minutes=5)
    assert code_of(log_in(john, "john_patient")) == LOCKED, "fifty in an hour"


def test_failures_of_known_browsers_count_for_their_address(clinic: Visitor) -> None:
    for number in range(3):
        person = with_history(clinic, f"person_{number}")
        for _ in range(10):
            assert code_of(log_in(person, f"person_{number}", WRONG)) == WRONG_LOGIN
    assert code_of(log_in(clinic.another(), "person_0")) == LOCKED


def test_a_cookie_is_worth_nothing_for_another_account(clinic: Visitor) -> None:
    mallory = with_history(clinic, "mallory")
    with_history(clinic)
    close_account(clinic)
    assert code_of(log_in(mallory, "john_patient")) == LOCKED


def test_a_family_shares_a_browser(clinic: Visitor) -> None:
    browser = with_history(clinic)
    with_history(clinic, "jane_patient")
    assert log_in(browser, "jane_patient").status_code == OK
    for username, network in (("john_patient", "10.9"), ("jane_patient", "10.7")):
        close_account(clinic, username, network)
        assert log_in(browser, username).status_code == OK


def change_password(person: Visitor) -> None:
    body = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    assert person.post("/auth/password", **body).status_code == OK


def log_out_everywhere(person: Visitor) -> None:
    assert person.post("/auth/logout-all").status_code == 204


@pytest.mark.parametrize(
    ("end", "password"), [(change_password, NEW_PASSWORD), (log_out_everywhere, PASSWORD)]
)
def test_cookies_are_worthless_after(
    clinic: Visitor, end: Callable[[Visitor], None], password: str
) -> None:
    other_browser = with_history(clinic)
    person = clinic.another().log_in("john_patient")
    end(person)
    close_account(clinic)
    assert code_of(log_in(other_browser, "john_patient", password)) == LOCKED
    kept = log_in(with_cookie(clinic, cookie_of(person)), "john_patient", password)
    expected = OK if end is change_password else LOCKED
    assert status(kept) == expected, "who changes the password stays known"


def test_cookies_are_worthless_after_a_deactivation(clinic: Visitor, database: Any) -> None:
    john = with_history(clinic)
    admin = register_admin(clinic.another(), database)
    for is_active in (False, True):
        assert admin.patch(f"/users/{john.id}", is_active=is_active).status_code == OK
    close_account(clinic)
    assert code_of(log_in(john, "john_patient")) == LOCKED


def test_a_cookie_expires(clinic: Visitor, clock: FakeClock) -> None:
    john = with_history(clinic)
    cookie = cookie_of(john)
    clock.now = MONDAY_MORNING + LIFETIME - timedelta(seconds=1)
    close_account(clinic)
    assert log_in(with_cookie(clinic, cookie), "john_patient").status_code == OK
    clock.advance(seconds=1)
    assert code_of(log_in(with_cookie(clinic, cookie), "john_patient")) == LOCKED


FORGERIES: dict[str, Callable[[str], str]] = {
    "empty": lambda _: "",
    "separators": lambda _: "~~~~~~~~",
    "another signature": lambda cookie: cookie[:-1] + ("0" if cookie[-1] != "0" else "1"),
    "another account": lambda cookie: "1" + cookie,
    "the same number": lambda cookie: "0" + cookie,
    "longer": lambda cookie: cookie + "a",
    "capitals": lambda cookie: cookie.upper(),
    "behind the last place": lambda cookie: "~".join(["x"] * ACCOUNTS_PER_BROWSER + [cookie]),
    "huge": lambda _: "x" * 20_000,
    "another key": lambda cookie: Devices("another key").remember(
        "", user_id=int(cookie.split(".")[0]), generation=0, now=MONDAY_MORNING
    ),
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES)
def test_a_forged_cookie_is_no_cookie(clinic: Visitor, forge: Callable[[str], str]) -> None:
    john = with_history(clinic)
    forged = forge(cookie_of(john))
    close_account(clinic)
    assert code_of(log_in(with_cookie(clinic, forged), "john_patient")) == LOCKED
    assert log_in(john, "john_patient").status_code == OK


def test_the_cookie_is_out_of_reach_of_scripts(visitor_with: Callable[..., Visitor]) -> None:
    for public_url, name, secure in (
        ("http://localhost:8501", "device", False),
        ("https://clinic.example", "__Host-device", True),
    ):
        clinic = visitor_with(public_url=public_url)
        clinic.another().register(f"john_{name}")
        answer = log_in(clinic.another(), f"john_{name}")
        _, cookie = answer.headers.get_list("set-cookie")
        value, *attributes = cookie.split("; ")
        assert value.startswith(f"{name}=")
        expected = ["HttpOnly", "Max-Age=15552000", "Path=/", "SameSite=lax"]
        assert sorted(attributes) == sorted([*expected, "Secure"] if secure else expected)


def test_a_browser_remembers_its_last_accounts() -> None:
    devices, cookie = Devices("key"), ""
    for user_id in (1, 2, 3, 1, 4, 5, 6):
        cookie = devices.remember(cookie, user_id=user_id, generation=0, now=MONDAY_MORNING)
    found = devices.read(cookie, now=MONDAY_MORNING)
    assert [device.user_id for device in found] == [6, 5, 4, 1, 3]


def test_the_failures_of_others_do_not_throttle_an_open_session(clinic: Visitor) -> None:
    john = clinic.another().register("john_patient")
    close_account(clinic)
    change_password(john)


def test_an_ipv6_network_counts_as_one_address(clinic: Visitor) -> None:
    clinic.another().register("john_patient")
    for number in range(10):
        answer = log_in(clinic.another(), "john_patient", WRONG, f"2001:db8::{number}:1")
        assert code_of(answer) == WRONG_LOGIN
    assert code_of(log_in(clinic.another(), "john_patient", PASSWORD, "2001:db8::ff")) == LOCKED
    other = log_in(clinic.another(), "john_patient", PASSWORD, "2001:db8:0:1::1")
    assert other.status_code == OK, "the control: another network"


def test_a_mapped_address_is_the_ipv4_address(clinic: Visitor) -> None:
    clinic.another().register("john_patient")
    for _ in range(10):
        log_in(clinic.another(), "john_patient", WRONG, "::ffff:10.0.0.7")
    assert code_of(log_in(clinic.another(), "john_patient", PASSWORD, "10.0.0.7")) == LOCKED
    assert log_in(clinic.another(), "john_patient", PASSWORD, "10.0.0.8").status_code == OK


def test_registrations_count_by_network_too(visitor_with: Callable[..., Visitor]) -> None:
    clinic = visitor_with(trusted_proxies=(PEER[0],), registrations_per_hour=2)

    def register(number: int, address: str) -> Any:
        body = {
            "username": f"person_{number}",
            "email": f"person_{number}@example.com",
            "full_name": "Person",
            "password": PASSWORD,
            "role": "patient",
        }
        headers = {"X-Forwarded-For": address}
        answer = clinic.call("POST", "/auth/register", json=body, headers=headers)
        return 201 if answer.status_code == 201 else code_of(answer)

    answers = [register(number, f"2001:db8::{number}") for number in range(3)]
    assert answers == [201, 201, LOCKED]
    assert register(3, "2001:db8:0:1::1") == 201


def test_who_has_to_wait_takes_no_place_in_the_hashing_lane(
    clinic: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the lane full of others, a refusal still names the wait; the control is busy."""
    john = with_history(clinic)
    close_account(clinic)
    held = clinic.client.app.state.resources
    monkeypatch.setitem(held.hashing._places, False, 0)
    assert code_of(log_in(clinic.another(), "john_patient")) == LOCKED
    assert code_of(log_in(clinic.another(), "jane_patient")) == (503, "server_busy")
    assert log_in(john, "john_patient").status_code == OK, "known people have places of their own"


def test_failures_of_those_who_waited_together_count(
    clinic: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever passed the check before the lane is looked at again in it."""
    clinic.another().register("john_patient")
    attempt = logins.attempt_login
    looks = list[str]()

    def noting(*given: Any, **named: Any) -> Any:
        looks.append("look")
        return attempt(*given, **named)

    monkeypatch.setattr(logins, "attempt_login", noting)
    assert log_in(clinic.another(), "john_patient").status_code == OK
    assert looks == ["look", "look"]
