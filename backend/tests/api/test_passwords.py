"""Passwords: what is accepted, what a login costs, and what happens when many log in."""

from collections.abc import Callable

import bcrypt
import pytest
from sqlalchemy import text

from app.core.config import PasswordPolicy
from app.db.database import Database
from app.domain.errors import InvalidInput
from app.services.passwords import PasswordRules, check_password
from tests.api.clinic import Clinic, deactivate
from tests.people import PASSWORD, Visitor, code_of

INVALID_CREDENTIALS = (401, "invalid_credentials")
INVALID = (422, "invalid_input")


@pytest.fixture
def hashes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of bcrypt's functions, as often as they are called."""
    calls: list[str] = []
    for name in ("hashpw", "checkpw"):
        monkeypatch.setattr(bcrypt, name, noting(calls, name))
    return calls


def noting(calls: list[str], name: str) -> Callable[[bytes, bytes], object]:
    original = getattr(bcrypt, name)

    def call(password: bytes, salt: bytes) -> object:
        calls.append(name)
        return original(password, salt)

    return call


def log_in(visitor: Visitor, password: str, username: str = "john_patient"):
    return visitor.another().post("/auth/login", username=username, password=password)


def store_hash(database: Database, hashed: str) -> None:
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE users SET hashed_password = :hashed"), {"hashed": hashed})


def stored_hash(database: Database) -> str:
    with database.engine.connect() as connection:
        return str(connection.scalar(text("SELECT hashed_password FROM users")))


@pytest.mark.parametrize(
    "password", ["x" * 72, "é" * 36, "with spaces at the end  ", "密码密码密码密码"]
)
def test_a_password_is_kept_as_it_was_typed(visitor: Visitor, password: str):
    visitor.register("john_patient", password=password)
    assert log_in(visitor, password).status_code == 200
    assert code_of(log_in(visitor, password.strip()[:-1])) == INVALID_CREDENTIALS


@pytest.mark.parametrize("tail", ["y", "é", "y" * 900])
def test_a_login_of_over_72_bytes_is_wrong_like_any_other(visitor: Visitor, tail: str):
    """The library reads 72 bytes: a longer password is neither shortened nor an error."""
    visitor.register("john_patient", password="x" * 72)
    over_long, wrong = log_in(visitor, "x" * 72 + tail), log_in(visitor, "wrong password")
    assert code_of(over_long) == INVALID_CREDENTIALS
    assert over_long.json() == wrong.json()
    assert log_in(visitor, "x" * 72).status_code == 200


def test_nobody_learns_which_of_the_two_was_wrong(clinic: Clinic):
    answers = [
        log_in(clinic.anonymous, "wrong password"),
        log_in(clinic.anonymous, PASSWORD, username="nobody"),
        log_in(clinic.anonymous, PASSWORD, username="dr_josé"),
    ]
    assert [code_of(answer) for answer in answers] == [INVALID_CREDENTIALS] * 3
    assert [answer.json() for answer in answers] == [answers[0].json()] * 3


@pytest.mark.parametrize(
    ("username", "password", "status"),
    [
        ("john_patient", PASSWORD, 200),
        ("john_patient", "wrong password", 401),
        ("nobody", PASSWORD, 401),
        ("nobody", "x" * 100, 401),
        ("john_patient", "x" * 100, 401),
        ("jane_patient", PASSWORD, 401),
    ],
    ids=["right", "wrong", "unknown", "unknown, over-long", "over-long", "deactivated"],
)
def test_a_login_costs_exactly_one_hash(
    clinic: Clinic,
    database: Database,
    hashes: list[str],
    username: str,
    password: str,
    status: int,
):
    deactivate(database, clinic.jane)
    assert log_in(clinic.anonymous, password, username).status_code == status
    assert hashes == ["checkpw"]


def test_the_first_login_of_a_new_process_costs_one_hash_too(visitor_with, hashes: list[str]):
    assert code_of(log_in(visitor_with(), PASSWORD, "nobody")) == INVALID_CREDENTIALS
    assert hashes == ["checkpw"]


def test_an_unknown_user_costs_a_hash_of_todays_cost(visitor_with, monkeypatch: pytest.MonkeyPatch):
    salts: list[bytes] = []
    check = bcrypt.checkpw
    monkeypatch.setattr(
        bcrypt, "checkpw", lambda password, salt: salts.append(salt[:7]) or check(password, salt)
    )
    log_in(visitor_with(bcrypt_cost=5), PASSWORD, "nobody")
    assert salts == [b"$2b$05$"]


@pytest.mark.parametrize(
    "malformed",
    ["", "password123", "$2b$04$", "$2b$99$" + "." * 53, "$2b$04$" + "!" * 53, "$1$abc$def"],
)
def test_a_malformed_stored_hash_is_a_wrong_password(
    visitor: Visitor, database: Database, hashes: list[str], malformed: str
):
    visitor.register("john_patient")
    store_hash(database, malformed)
    hashes.clear()
    assert code_of(log_in(visitor, PASSWORD)) == INVALID_CREDENTIALS
    assert hashes == ["checkpw"]


def test_a_login_hashes_anew_when_the_cost_has_risen(
    visitor: Visitor, visitor_with, database: Database
):
    visitor.register("john_patient")
    old = stored_hash(database)
    dearer = visitor_with(bcrypt_cost=5)

    assert code_of(log_in(dearer, "wrong password")) == INVALID_CREDENTIALS
    assert stored_hash(database) == old
    assert log_in(dearer, PASSWORD).status_code == 200
    new = stored_hash(database)
    assert (old[:7], new[:7]) == ("$2b$04$", "$2b$05$")
    assert bcrypt.checkpw(PASSWORD.encode(), new.encode())

    assert log_in(dearer, PASSWORD).status_code == 200
    assert log_in(visitor, PASSWORD).status_code == 200
    assert stored_hash(database) == new


def test_after_a_change_only_the_new_password_fits(visitor: Visitor):
    visitor.register("john_patient")
    changed = visitor.post("/auth/password", current_password=PASSWORD, new_password="x" * 72)
    assert changed.status_code == 200
    assert code_of(log_in(visitor, PASSWORD)) == INVALID_CREDENTIALS
    assert log_in(visitor, "x" * 72).status_code == 200


def test_a_refused_new_password_is_named_as_the_form_names_it(visitor: Visitor):
    visitor.register("john_patient")
    answer = visitor.post("/auth/password", current_password=PASSWORD, new_password="short")
    assert code_of(answer) == INVALID
    assert answer.json()["errors"] == [
        {"field": "new_password", "message": "Use a password of 7 characters or more."}
    ]


@pytest.mark.parametrize(
    ("policy", "accepted", "refused"),
    [
        (PasswordPolicy.DOCUMENT, ["test123", "password123", "       "], ["test12", ""]),
        (
            PasswordPolicy.ASVS,
            ["gnu-8-kx", "zéíówúxèì"],
            ["gnu-7-k", "password", "Password123", "        ", "\u2800" * 8, "e\u0301" * 4],
        ),
        (
            PasswordPolicy.NIST,
            ["correct horse b", "purple otter 42"],
            ["correct horse ", "123456789qwerty", "x" * 15, "Password1234567!"],
        ),
    ],
)
def test_each_policy_has_its_length_and_its_list(
    policy: PasswordPolicy, accepted: list[str], refused: list[str]
):
    for password in accepted:
        check_password(password, PasswordRules(policy), names=())
    for password in refused:
        with pytest.raises(InvalidInput):
            check_password(password, PasswordRules(policy), names=())


def test_names_of_the_account_and_the_clinic_make_no_password(visitor_with):
    visitor = visitor_with(password_policy=PasswordPolicy.ASVS, clinic_name="Sonnenhof Praxis")
    person = {
        "username": "otto_w",
        "email": "o.weidenmann@example.com",
        "full_name": "Otto Weidenmann",
        "role": "patient",
    }
    said = "Do not use your name, user name, e-mail address or the name of the clinic."
    for password in ("otto_w-1234", "Weidenmann!24", "o.weidenmann@example.com", "SonnenhofPraxis"):
        refused = visitor.post("/auth/register", **person, password=password)
        assert refused.json()["errors"] == [{"field": "password", "message": said}]

    strong = "gnu-8-kx"
    assert visitor.post("/auth/register", **person, password=strong).status_code == 201
    visitor.log_in("otto_w", strong)
    refused = visitor.post("/auth/password", current_password=strong, new_password="Weidenmann!24")
    assert refused.json()["errors"] == [{"field": "new_password", "message": said}]


COMPOSED, DECOMPOSED = "caf\u00e9-lumi\u00e8re", "cafe\u0301-lumie\u0300re"


@pytest.mark.parametrize(("chosen", "typed"), [(COMPOSED, DECOMPOSED), (DECOMPOSED, COMPOSED)])
def test_composed_and_decomposed_are_one_password(visitor: Visitor, chosen: str, typed: str):
    visitor.register("john_patient", password=chosen)
    assert log_in(visitor, typed).status_code == 200
    assert code_of(log_in(visitor, "cafe-lumiere")) == INVALID_CREDENTIALS
    changed = visitor.post("/auth/password", current_password=typed, new_password=f"{typed}!")
    assert changed.status_code == 200
    assert log_in(visitor, f"{chosen}!").status_code == 200


def test_a_hash_of_what_was_typed_before_passwords_had_one_form_still_fits(
    visitor: Visitor, database: Database
):
    visitor.register("john_patient")
    store_hash(database, bcrypt.hashpw(DECOMPOSED.encode(), bcrypt.gensalt(4)).decode())

    assert code_of(log_in(visitor, COMPOSED)) == INVALID_CREDENTIALS
    assert log_in(visitor, DECOMPOSED).status_code == 200
    renewed = stored_hash(database)
    assert bcrypt.checkpw(COMPOSED.encode(), renewed.encode())
    assert log_in(visitor, COMPOSED).status_code == 200
    assert log_in(visitor, DECOMPOSED).status_code == 200
    assert stored_hash(database) == renewed


@pytest.mark.parametrize("username", ["john_patient", "nobody"])
def test_a_login_in_another_form_costs_two_hashes_whether_there_is_an_account_or_not(
    visitor: Visitor, hashes: list[str], username: str
):
    visitor.register("john_patient")
    hashes.clear()
    assert code_of(log_in(visitor, DECOMPOSED, username)) == INVALID_CREDENTIALS
    assert hashes == ["checkpw"] * 2


def test_the_limit_of_72_bytes_is_that_of_the_form_that_is_hashed(visitor: Visitor):
    visitor.register("john_patient", password="e\u0301" * 36)
    assert log_in(visitor, "\u00e9" * 36).status_code == 200


@pytest.mark.parametrize(
    ("policy", "too_weak"),
    [
        (PasswordPolicy.DOCUMENT, "test12"),
        (PasswordPolicy.ASVS, "password123"),
        (PasswordPolicy.NIST, "fourteen chars"),
    ],
)
def test_the_policy_holds_at_registration_and_at_a_change(
    visitor_with, policy: PasswordPolicy, too_weak: str
):
    visitor = visitor_with(password_policy=policy)
    person = {"username": "john_patient", "email": "j@example.com", "full_name": "John"}
    refused = visitor.post("/auth/register", **person, password=too_weak, role="patient")
    assert code_of(refused) == INVALID

    strong = "a long enough sentence"
    visitor.register("john_patient", password=strong)
    refused = visitor.post("/auth/password", current_password=strong, new_password=too_weak)
    assert code_of(refused) == INVALID
    assert log_in(visitor, strong).status_code == 200


def test_a_full_queue_of_hashes_asks_to_come_back(visitor: Visitor, visitor_with):
    john = visitor_with(hashing_queue=1).register("john_patient")
    places = john.client.app.state.resources.hashing._places
    places |= {True: 0, False: 0}

    refused = [
        log_in(john, PASSWORD),
        john.another().post(
            "/auth/register",
            username="jane_patient",
            email="jane@example.com",
            full_name="Jane",
            password=PASSWORD,
            role="patient",
        ),
        john.post("/auth/password", current_password=PASSWORD, new_password="another one"),
    ]
    assert [code_of(answer) for answer in refused] == [(503, "server_busy")] * 3
    assert [answer.headers["retry-after"] for answer in refused] == ["5"] * 3
    assert john.get("/appointments/my").status_code == 200

    places |= {True: 1, False: 1}
    assert log_in(john, PASSWORD).status_code == 200
    assert code_of(log_in(john, "another one")) == INVALID_CREDENTIALS
