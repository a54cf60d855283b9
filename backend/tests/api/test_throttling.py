"""Those who guess passwords, or register without end, have to wait; others do not notice."""

import pytest

from tests.people import PASSWORD, PEER, Visitor, code_of

WRONG = "wrong guess"


def guess(visitor: Visitor, username: str, password: str = WRONG, address: str = "10.0.0.1"):
    return visitor.another().call(
        "POST",
        "/auth/login",
        json={"username": username, "password": password},
        headers={"X-Forwarded-For": address},
    )


@pytest.fixture
def behind_proxy(visitor_with) -> Visitor:
    """Somebody whose requests come through a proxy that the API believes."""
    return visitor_with(trusted_proxies=(PEER[0],), registrations_per_hour=100)


def register(visitor: Visitor, number: int, address: str = "10.0.0.1"):
    body = {
        "username": f"person_{number}",
        "email": f"person_{number}@example.com",
        "full_name": f"Person {number}",
        "password": PASSWORD,
        "role": "patient",
    }
    return visitor.call("POST", "/auth/register", json=body, headers={"X-Forwarded-For": address})


def test_ten_failures_of_an_account_from_an_address_close_it_for_that_address(behind_proxy, clock):
    assert register(behind_proxy, 1).status_code == 201
    failures = [code_of(guess(behind_proxy, "person_1")) for _ in range(10)]
    assert failures == [(401, "invalid_credentials")] * 10

    refused = guess(behind_proxy, "person_1", PASSWORD)
    assert code_of(refused) == (429, "too_many_attempts")
    assert refused.headers["Retry-After"] == "300"
    assert refused.json()["detail"] == "Too many attempts. Try again in 5 minutes."
    assert guess(behind_proxy, "person_1", PASSWORD, address="10.0.0.2").status_code == 200

    clock.advance(minutes=5)
    assert guess(behind_proxy, "person_1", PASSWORD).status_code == 200


def test_user_name_and_address_are_one_account(behind_proxy):
    assert register(behind_proxy, 1).status_code == 201
    for _ in range(5):
        guess(behind_proxy, "PERSON_1")
        guess(behind_proxy, "person_1@example.com")
    assert code_of(guess(behind_proxy, "person_1", PASSWORD)) == (429, "too_many_attempts")


def change_password(visitor: Visitor, present: str, address: str = "10.0.0.1"):
    return visitor.call(
        "POST",
        "/auth/password",
        json={"current_password": present, "new_password": "another password"},
        headers={"X-Forwarded-For": address},
    )


def test_guesses_of_the_present_password_count_as_failed_logins(behind_proxy, clock):
    thief = behind_proxy.another().register("john_patient")
    guesses = [change_password(thief, WRONG) for _ in range(10)]
    assert [code_of(answer) for answer in guesses] == [(422, "invalid_input")] * 10

    refused = change_password(thief, PASSWORD)
    assert code_of(refused) == (429, "too_many_attempts")
    assert refused.headers["Retry-After"] == "300"
    assert refused.json()["detail"] == "Too many attempts. Try again in 5 minutes."
    assert code_of(guess(behind_proxy, "john_patient", PASSWORD)) == (429, "too_many_attempts")

    clock.advance(minutes=5)
    assert change_password(thief, PASSWORD).status_code == 200


def test_guesses_of_the_present_password_close_the_account_for_every_address(behind_proxy, clock):
    thief = behind_proxy.another().register("john_patient")
    for number in range(50):
        assert change_password(thief, WRONG, address=f"10.0.1.{number}").status_code == 422
        clock.advance(minutes=0 if number % 10 < 9 else 5)
    assert code_of(change_password(thief, PASSWORD)) == (429, "too_many_attempts")
    assert code_of(guess(behind_proxy, "john_patient", PASSWORD)) == (429, "too_many_attempts")


def test_a_new_password_that_is_refused_is_no_guess(behind_proxy):
    person = behind_proxy.another().register("john_patient")
    for _ in range(11):
        answer = person.post("/auth/password", current_password=WRONG, new_password="short")
        assert code_of(answer) == (422, "invalid_input")
    assert change_password(person, PASSWORD).status_code == 200


def test_thirty_failures_close_an_address_for_every_account(behind_proxy):
    assert register(behind_proxy, 1).status_code == 201
    for number in range(30):
        assert code_of(guess(behind_proxy, f"nobody_{number}")) == (401, "invalid_credentials")
    assert code_of(guess(behind_proxy, "person_1", PASSWORD)) == (429, "too_many_attempts")


def test_fifty_failures_in_an_hour_close_an_account_for_every_address(behind_proxy, clock):
    assert register(behind_proxy, 1).status_code == 201
    for number in range(50):
        assert guess(behind_proxy, "person_1", address=f"10.0.1.{number}").status_code == 401
    assert code_of(guess(behind_proxy, "person_1", PASSWORD)) == (429, "too_many_attempts")
    clock.advance(hours=1)
    assert guess(behind_proxy, "person_1", PASSWORD).status_code == 200


def test_successes_are_not_counted(behind_proxy):
    assert register(behind_proxy, 1).status_code == 201
    for _ in range(12):
        assert (
            behind_proxy.another()
            .call("POST", "/auth/login", json={"username": "person_1", "password": PASSWORD})
            .status_code
            == 200
        )


def test_twenty_registrations_an_hour_from_an_address(visitor, clock):
    assert [register(visitor, number).status_code for number in range(20)] == [201] * 20
    assert code_of(register(visitor, 20)) == (429, "too_many_attempts")
    clock.advance(hours=1)
    assert register(visitor, 20).status_code == 201


def test_refused_registrations_count_too(visitor):
    for _ in range(20):
        register(visitor, 1)
    assert code_of(register(visitor, 2)) == (429, "too_many_attempts")


def test_an_address_is_believed_from_a_configured_proxy_only(visitor, behind_proxy):
    """Who is no proxy cannot get another address by saying so."""
    for number in range(10):
        assert guess(visitor, "dr_nobody", address=f"10.0.2.{number}").status_code == 401
    assert code_of(guess(visitor, "dr_nobody", address="10.0.2.99")) == (429, "too_many_attempts")
    assert code_of(guess(behind_proxy, "dr_nobody", address="10.0.2.99")) == (
        401,
        "invalid_credentials",
    )
