"""Logins: their tokens, how long they last, and everything that ends them."""

import hashlib
from http.cookies import SimpleCookie
from pathlib import Path

import pytest
from httpx2 import Response
from sqlalchemy import inspect, make_url, text

from app.db.database import Database
from tests.api.clinic import Clinic, deactivate
from tests.conftest import FakeClock
from tests.people import PASSWORD, Visitor, code_of

NOT_SIGNED_IN = (401, "not_signed_in")
CSRF_FAILED = (403, "csrf_failed")
NEW_PASSWORD = "another password"


def token_of(visitor: Visitor) -> str:
    return visitor.client.cookies["session"]


def with_token(visitor: Visitor, token: str) -> Visitor:
    """Somebody who sends this token."""
    thief = visitor.another()
    thief.client.cookies.set("session", token)
    return thief


def is_signed_in(visitor: Visitor) -> bool:
    answer = visitor.get("/auth/me")
    if answer.status_code != 200:
        assert code_of(answer) == NOT_SIGNED_IN
    return answer.status_code == 200


def attributes(answer: Response) -> dict[str, str | bool]:
    """The session cookie of an answer: its attributes, but for the date that Max-Age repeats."""
    first, *_ = answer.headers.get_list("set-cookie")
    (morsel,) = SimpleCookie(first).values()
    given = {name: value for name, value in morsel.items() if value and name != "expires"}
    return {"name": morsel.key, **given}


def dump(database: Database) -> str:
    """Every value of every table and, on SQLite, every byte of the files."""
    with database.engine.connect() as connection:
        tables = inspect(connection).get_table_names()
        rows = [connection.execute(text(f"SELECT * FROM {name}")).all() for name in tables]  # noqa: S608
    address = make_url(str(database.engine.url))
    if address.get_backend_name() != "sqlite":
        return repr(rows)
    file = Path(str(address.database))
    files = b"".join(part.read_bytes() for part in file.parent.glob(f"{file.name}*"))
    return repr(rows) + files.decode("latin-1")


def test_the_database_holds_only_the_digest_of_a_token(visitor: Visitor, database: Database):
    token = token_of(visitor.register("john_patient"))
    dumped = dump(database)
    assert token not in dumped
    assert visitor.csrf_token not in dumped
    assert hashlib.sha256(token.encode()).hexdigest() in dumped


def test_a_token_is_long_and_never_the_same(visitor: Visitor):
    tokens = {token_of(visitor.another().register(f"patient_{number}")) for number in range(5)}
    assert [len(token) for token in tokens] == [43] * 5


def test_a_login_answers_with_who_is_signed_in_and_until_when(visitor: Visitor):
    visitor.register("john_patient")
    answer = visitor.another().post("/auth/login", username="john_patient", password=PASSWORD)
    assert answer.status_code == 200
    assert answer.json() == {
        "user": visitor.account,
        "csrf_token": answer.json()["csrf_token"],
        "expires_at": "2026-11-23T20:00:00Z",
        "idle_expires_at": "2026-11-23T09:00:00Z",
    }


def test_me_tells_the_csrf_token_again(visitor: Visitor):
    visitor.register("john_patient")
    answer = visitor.get("/auth/me")
    assert answer.json() == {
        "user": visitor.account,
        "csrf_token": visitor.csrf_token,
        "expires_at": "2026-11-23T20:00:00Z",
        "idle_expires_at": "2026-11-23T09:00:00Z",
    }


def test_me_says_when_the_session_ends_without_use(visitor: Visitor, clock: FakeClock):
    visitor.register("john_patient")
    clock.advance(seconds=59)  # not written down: the session was used less than a minute ago
    assert visitor.get("/auth/me").json()["idle_expires_at"] == "2026-11-23T09:00:00Z"
    clock.advance(seconds=1)
    assert visitor.get("/auth/me").json()["idle_expires_at"] == "2026-11-23T09:01:00Z"
    clock.advance(minutes=59, seconds=59)
    assert is_signed_in(visitor)


def test_a_login_in_the_same_browser_replaces_the_old_one(visitor: Visitor):
    visitor.register("john_patient")
    old, old_csrf = token_of(visitor), visitor.csrf_token
    visitor.log_in("john_patient")
    assert token_of(visitor) != old
    assert visitor.csrf_token != old_csrf
    assert is_signed_in(visitor)
    assert not is_signed_in(with_token(visitor, old))


def test_a_login_elsewhere_leaves_the_first_one_alive(visitor: Visitor):
    visitor.register("john_patient")
    elsewhere = visitor.another().log_in("john_patient")
    assert (is_signed_in(visitor), is_signed_in(elsewhere)) == (True, True)


def test_a_login_over_a_live_session_needs_its_csrf_token(visitor: Visitor):
    visitor.register("john_patient")
    visitor.csrf_token = None
    answer = visitor.post("/auth/login", username="john_patient", password=PASSWORD)
    assert code_of(answer) == CSRF_FAILED
    assert is_signed_in(visitor)


def test_a_cookie_from_before_the_login_never_becomes_valid(visitor: Visitor):
    visitor.another().register("john_patient")
    chosen = "A" * 43
    visitor.client.cookies.set("session", chosen)
    answer = visitor.post("/auth/login", username="john_patient", password=PASSWORD)
    assert answer.status_code == 200
    assert answer.cookies["session"] != chosen
    assert not is_signed_in(with_token(visitor, chosen))
    assert is_signed_in(with_token(visitor, answer.cookies["session"]))


def test_a_session_idles_out_after_an_hour(visitor: Visitor, clock: FakeClock):
    visitor.register("john_patient")
    for _ in range(3):
        clock.advance(minutes=59)
        assert is_signed_in(visitor)
    clock.advance(minutes=60)
    assert not is_signed_in(visitor)


def test_a_session_in_use_ends_after_twelve_hours(visitor: Visitor, clock: FakeClock):
    visitor.register("john_patient")
    for _ in range(23):
        clock.advance(minutes=30)
        assert is_signed_in(visitor)
    clock.advance(minutes=29, seconds=59)
    assert is_signed_in(visitor)
    clock.advance(seconds=1)
    assert not is_signed_in(visitor)


def test_both_limits_are_settings(visitor_with, clock: FakeClock):
    visitor = visitor_with(session_idle_minutes=5, session_absolute_hours=1)
    answer = visitor.register("john_patient").get("/auth/me")
    assert answer.json()["expires_at"] == "2026-11-23T09:00:00Z"
    clock.advance(minutes=4)
    assert is_signed_in(visitor)
    clock.advance(minutes=5)
    assert not is_signed_in(visitor)


def test_sessions_that_are_over_do_not_push_live_ones_out(visitor_with, clock: FakeClock):
    visitor = visitor_with(sessions_per_account=2)
    visitor.register("john_patient")
    idle = [visitor.another().log_in("john_patient") for _ in range(1)]
    clock.advance(minutes=50)
    assert is_signed_in(visitor)
    clock.advance(minutes=11)
    visitor.another().log_in("john_patient")
    assert [is_signed_in(visitor), *map(is_signed_in, idle)] == [True, False]
    visitor.another().log_in("john_patient")
    assert not is_signed_in(visitor)  # the control: the limit holds for live ones


def test_logout_ends_this_session_only(visitor: Visitor):
    visitor.register("john_patient")
    token = token_of(visitor)
    elsewhere = visitor.another().log_in("john_patient")

    answer = visitor.post("/auth/logout")

    assert (answer.status_code, answer.content) == (204, b"")
    assert "session" not in visitor.client.cookies
    assert not is_signed_in(with_token(visitor, token))
    assert is_signed_in(elsewhere)


def test_logout_in_one_tab_is_logout_in_all(visitor: Visitor):
    tab = visitor.register("john_patient").same_browser()
    assert is_signed_in(tab)
    assert visitor.post("/auth/logout").status_code == 204
    assert not is_signed_in(tab)


def test_logout_all_ends_every_session_of_the_account_and_of_no_other(visitor: Visitor):
    visitor.register("john_patient")
    token = token_of(visitor)
    elsewhere = visitor.another().log_in("john_patient")
    jane = visitor.another().register("jane_patient")

    assert visitor.post("/auth/logout-all").status_code == 204

    assert not is_signed_in(with_token(visitor, token))
    assert not is_signed_in(elsewhere)
    assert is_signed_in(jane)


def test_the_list_of_sessions_tells_where_one_is_logged_in(visitor: Visitor, clock: FakeClock):
    visitor.client.headers["user-agent"] = "Firefox"
    visitor.register("john_patient")
    clock.advance(minutes=10)
    phone = visitor.another()
    phone.client.headers["user-agent"] = "Phone " + "x" * 300
    phone.log_in("john_patient")
    visitor.another().register("jane_patient")

    answer = visitor.get("/auth/sessions")

    assert answer.status_code == 200
    newest, oldest = answer.json()
    assert newest == {
        "id": newest["id"],
        "created_at": "2026-11-23T08:10:00Z",
        "last_seen_at": "2026-11-23T08:10:00Z",
        "expires_at": "2026-11-23T20:10:00Z",
        "user_agent": ("Phone " + "x" * 300)[:200],
        "current": False,
    }
    assert oldest == {
        "id": oldest["id"],
        "created_at": "2026-11-23T08:00:00Z",
        "last_seen_at": "2026-11-23T08:10:00Z",
        "expires_at": "2026-11-23T20:00:00Z",
        "user_agent": "Firefox",
        "current": True,
    }


def test_the_list_leaves_out_sessions_that_are_over(visitor: Visitor, clock: FakeClock):
    visitor.another().register("john_patient")
    clock.advance(minutes=50)
    visitor.log_in("john_patient")
    assert [row["current"] for row in visitor.get("/auth/sessions").json()] == [True, False]
    clock.advance(minutes=10)
    assert [row["current"] for row in visitor.get("/auth/sessions").json()] == [True]


def test_one_session_can_be_revoked(visitor: Visitor):
    visitor.register("john_patient")
    stolen = visitor.another().log_in("john_patient")
    other = visitor.another().log_in("john_patient")
    (revoked,) = (row["id"] for row in stolen.get("/auth/sessions").json() if row["current"])

    assert visitor.delete(f"/auth/sessions/{revoked}").status_code == 204

    assert (is_signed_in(stolen), is_signed_in(other), is_signed_in(visitor)) == (False, True, True)
    assert code_of(visitor.delete(f"/auth/sessions/{revoked}")) == (404, "not_found")


def test_a_password_change_ends_every_other_session_and_renews_this_one(visitor: Visitor):
    visitor.register("john_patient")
    old, old_csrf = token_of(visitor), visitor.csrf_token
    elsewhere = visitor.another().log_in("john_patient")
    jane = visitor.another().register("jane_patient")

    answer = visitor.post("/auth/password", current_password=PASSWORD, new_password=NEW_PASSWORD)

    assert answer.status_code == 200
    assert answer.json()["user"] == visitor.account
    assert answer.json()["csrf_token"] != old_csrf
    assert token_of(visitor) == answer.cookies["session"] != old
    assert is_signed_in(visitor)
    assert not is_signed_in(with_token(visitor, old))
    assert not is_signed_in(elsewhere)
    assert is_signed_in(jane)


def test_a_refused_password_change_ends_nothing(visitor: Visitor):
    visitor.register("john_patient")
    answer = visitor.post("/auth/password", current_password="wrong", new_password=NEW_PASSWORD)
    assert code_of(answer) == (422, "invalid_input")
    assert is_signed_in(visitor)
    assert visitor.another().log_in("john_patient").account == visitor.account


def test_deactivation_ends_every_session_at_once(visitor: Visitor, database: Database):
    visitor.register("john_patient")
    jane = visitor.another().register("jane_patient")
    deactivate(database, visitor)
    assert not is_signed_in(visitor)
    assert is_signed_in(jane)
    answer = visitor.another().post("/auth/login", username="john_patient", password=PASSWORD)
    assert code_of(answer) == (401, "invalid_credentials")


@pytest.mark.parametrize(
    ("change", "survives"),
    [
        ({"is_active": False}, False),
        ({"role": "doctor"}, False),
        ({"role": "patient"}, True),
        ({"is_approved": True}, True),
    ],
)
def test_what_an_admin_changes_ends_the_sessions_when_it_must(
    clinic: Clinic, change: dict[str, object], survives: bool
):
    assert clinic.jane.delete(f"/appointments/{clinic.other_visit}").status_code == 200
    assert clinic.admin.patch(f"/users/{clinic.jane.id}", **change).status_code == 200
    assert is_signed_in(clinic.jane) == survives


def test_the_cookie_on_plain_http(visitor: Visitor):
    visitor.register("john_patient")
    answer = visitor.another().post("/auth/login", username="john_patient", password=PASSWORD)
    kept = {"path": "/", "httponly": True, "samesite": "lax"}
    assert attributes(answer) == {"name": "session", "max-age": "43200", **kept}
    assert attributes(visitor.post("/auth/logout")) == {"name": "session", "max-age": "0", **kept}


def test_the_cookie_on_https(visitor_with):
    visitor = visitor_with(public_url="https://clinic.example").register("john_patient")
    answer = visitor.another().post("/auth/login", username="john_patient", password=PASSWORD)
    kept = {"path": "/", "httponly": True, "samesite": "lax", "secure": True}
    assert attributes(answer) == {"name": "__Host-session", "max-age": "43200", **kept}
    left = attributes(visitor.post("/auth/logout"))
    assert left == {"name": "__Host-session", "max-age": "0", **kept}


def test_on_https_a_cookie_without_the_prefix_proves_nothing(visitor_with):
    visitor = visitor_with(public_url="https://clinic.example").register("john_patient")
    token = visitor.client.cookies["__Host-session"]
    assert is_signed_in(visitor)
    assert not is_signed_in(with_token(visitor, token))


@pytest.mark.parametrize("token", ["", "x", "A" * 43, "A" * 4000, "é", "' OR 1=1 --"])
def test_an_unknown_token_is_nobody(visitor: Visitor, token: str):
    answer = visitor.call("GET", "/auth/me", headers={"Cookie": f"session={token}".encode()})
    assert code_of(answer) == NOT_SIGNED_IN


def test_a_login_beyond_the_limit_ends_the_oldest_session(visitor_with):
    first = visitor_with(sessions_per_account=2).register("john_patient")
    jane = first.another().register("jane_patient")
    second = first.another().log_in("john_patient")
    assert (is_signed_in(first), is_signed_in(second)) == (True, True)
    third = first.another().log_in("john_patient")
    assert [is_signed_in(one) for one in (first, second, third, jane)] == [False, True, True, True]
    assert len(third.get("/auth/sessions").json()) == 2


def test_a_login_in_the_same_browser_ends_no_other_session(visitor_with):
    first = visitor_with(sessions_per_account=2).register("john_patient")
    second = first.another().log_in("john_patient")
    second.log_in("john_patient")
    assert (is_signed_in(first), is_signed_in(second)) == (True, True)


def test_the_oldest_is_the_one_that_was_opened_first_whatever_the_clock(
    visitor_with, clock: FakeClock
):
    first = visitor_with(sessions_per_account=1).register("john_patient")
    clock.advance(minutes=-30)
    second = first.another().log_in("john_patient")
    assert (is_signed_in(first), is_signed_in(second)) == (False, True)


def test_ten_sessions_are_kept_by_default(visitor: Visitor):
    visitor.register("john_patient")
    others = [visitor.another().log_in("john_patient") for _ in range(10)]
    assert not is_signed_in(visitor)
    assert [is_signed_in(one) for one in others] == [True] * 10


def test_an_admin_sees_how_many_sessions_a_person_has_and_ends_them(
    clinic: Clinic, clock: FakeClock
):
    path = f"/users/{clinic.jane.id}/sessions"
    clock.advance(minutes=5)
    elsewhere = clinic.jane.another().log_in("jane_patient")
    assert clinic.admin.get(path).json() == {"count": 2, "last_seen_at": "2026-11-23T08:05:00Z"}

    assert clinic.admin.delete(path).status_code == 204

    assert (is_signed_in(clinic.jane), is_signed_in(elsewhere)) == (False, False)
    assert is_signed_in(clinic.john)
    assert clinic.admin.get(path).json() == {"count": 0, "last_seen_at": None}
    seen = [
        (row["action"], row["resource_id"], row["patient_id"], row["outcome"])
        for row in clinic.admin.get("/audit/", actor_id=clinic.admin.id, limit=3).json()
        if row["action"].startswith("login.")
    ]
    assert ("login.end-all", clinic.jane.id, clinic.jane.id, "ok") in seen
    assert clinic.jane.log_in("jane_patient").id == clinic.jane.id


def test_sessions_that_are_over_do_not_count(clinic: Clinic, clock: FakeClock):
    clock.advance(minutes=61)
    clinic.admin.log_in("front_desk")
    assert clinic.admin.get(f"/users/{clinic.jane.id}/sessions").json()["count"] == 0


def test_of_nobody_there_are_no_sessions(clinic: Clinic):
    for method in ("GET", "DELETE"):
        answer = clinic.admin.call(method, "/users/999999/sessions")
        assert code_of(answer) == (404, "not_found")
