"""Accounts that change while a password is checked, or while another administrator acts."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Thread
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.config import PasswordPolicy
from app.core.database import open_url
from app.core.security import PasswordHasher
from app.crud import crud_user
from app.db.database import Database
from app.domain.errors import (
    AppointmentsAffected,
    DomainError,
    InvalidCredentials,
    NotFound,
    NotSignedIn,
    WrongPresentPassword,
)
from app.domain.people import COMMAND_LINE, Actor, Role
from app.models.models import LoginSession, User
from app.services import booking, logins, staff
from app.services.booking import WantedTime
from app.services.logins import LoginRequest, NewLogin, SessionLimits, SignedIn
from app.services.passwords import PasswordRules
from tests.databases import Databases
from tests.integration.diaries import WITHOUT_LIMITS, add_hours, add_person

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
OLD, NEW, OTHER = "the old password", "the new password", "another password"
LIMITS = SessionLimits(idle=timedelta(hours=1), absolute=timedelta(hours=12), parallel=10)
HASHER = PasswordHasher(4)
WAIT_SECONDS = 30


class Interrupted(PasswordHasher):
    """Something else happens after the first password check, before its result is used."""

    def __init__(self, cost: int, meanwhile: Callable[[], object]) -> None:
        super().__init__(cost)
        self._meanwhile: list[Callable[[], object]] = [meanwhile]

    def verify(self, password: str, hashed: str | None) -> bool:
        fits = super().verify(password, hashed)
        while self._meanwhile:
            self._meanwhile.pop()()
        return fits


@dataclass(frozen=True)
class Account:
    database: Database
    id: int
    username: str

    def log_in(self, password: str, hasher: PasswordHasher = HASHER) -> NewLogin:
        with self.database.reading() as reading, self.database.writing() as writing:
            return self._log_in(reading, writing, password, hasher)

    def _log_in(
        self, reading: Session, writing: Session, password: str, hasher: PasswordHasher = HASHER
    ) -> NewLogin:
        return logins.log_in(
            reading,
            writing,
            LoginRequest(self.username, COMMAND_LINE),
            hasher=hasher,
            limits=LIMITS,
            now=NOW,
            password=password,
            replaced=None,
        )

    def change_password(
        self, who: SignedIn, old: str, new: str, hasher: PasswordHasher = HASHER
    ) -> NewLogin:
        with self.database.reading() as reading, self.database.writing() as writing:
            return logins.change_password(
                reading,
                writing,
                who,
                hasher=hasher,
                rules=PasswordRules(PasswordPolicy.DOCUMENT),
                limits=LIMITS,
                now=NOW,
                current_password=old,
                new_password=new,
            )

    def set(self, **changes: Any) -> None:
        with self.database.writing() as session:
            crud_user.update_user(session, self.id, changes=changes)

    def sessions(self) -> list[int]:
        with self.database.reading() as session:
            return list(session.scalars(select(LoginSession.id).order_by(LoginSession.id)))

    def fits(self, password: str) -> bool:
        with self.database.reading() as session:
            stored = crud_user.get_user(session, user_id=self.id).hashed_password
        return HASHER.verify(password, stored)


@pytest.fixture
def account(database: Database) -> Account:
    return new_account(database)


def new_account(database: Database, role: Role = Role.PATIENT) -> Account:
    with database.writing() as session:
        actor = add_person(session, role, now=NOW)
        changes = {"hashed_password": HASHER.hash(OLD)}
        user = crud_user.update_user(session, actor.id, changes=changes)
    return Account(database, user.id, user.username)


def without_second_look(monkeypatch: pytest.MonkeyPatch, account: Account) -> None:
    """The control: the writing transaction goes on with what was read before the hash."""
    with account.database.reading() as session:
        user = crud_user.get_user(session, user_id=account.id)
        known = SimpleNamespace(
            id=user.id,
            role=user.role,
            is_active=True,
            username_key=user.username_key,
            hashed_password=user.hashed_password,
        )
    monkeypatch.setattr(crud_user, "lock_user", lambda *_, **__: known)


def outcome(work: Callable[[], object]) -> type[DomainError] | None:
    try:
        work()
    except DomainError as refusal:
        return type(refusal)
    return None


@pytest.mark.parametrize("cost", [4, 5], ids=["plain", "rehash"])
@pytest.mark.parametrize("looks_again", [True, False], ids=["", "control"])
def test_a_login_with_a_password_that_changes_meanwhile(
    account: Account, monkeypatch: pytest.MonkeyPatch, cost: int, looks_again: bool
) -> None:
    if not looks_again:
        without_second_look(monkeypatch, account)
    opened = account.log_in(OLD)
    renewed: list[NewLogin] = []
    hasher = Interrupted(
        cost, lambda: renewed.append(account.change_password(opened.who, OLD, NEW))
    )

    refused = outcome(lambda: account.log_in(OLD, hasher))

    kept = [renewed[0].who.login.id]
    if looks_again:
        assert (refused, account.sessions()) == (InvalidCredentials, kept)
        assert (account.fits(OLD), account.fits(NEW)) == (False, True)
    else:  # the old password has a session; its rehash, where there is one, even comes back
        assert (refused, len(account.sessions())) == (None, 2)
        assert account.fits(OLD) is (cost == 5)


@pytest.mark.parametrize("looks_again", [True, False], ids=["", "control"])
def test_one_of_two_password_changes_with_the_same_old_one(
    account: Account, monkeypatch: pytest.MonkeyPatch, looks_again: bool
) -> None:
    if not looks_again:
        without_second_look(monkeypatch, account)
    first, second = account.log_in(OLD).who, account.log_in(OLD).who
    hasher = Interrupted(4, lambda: account.change_password(first, OLD, NEW))

    refused = outcome(lambda: account.change_password(second, OLD, OTHER, hasher))

    expected = (WrongPresentPassword, True) if looks_again else (None, False)
    assert (refused, account.fits(NEW)) == expected


def test_a_login_whose_hash_another_login_renews_meanwhile_succeeds(account: Account) -> None:
    hasher = Interrupted(5, lambda: account.log_in(OLD, PasswordHasher(5)))
    assert outcome(lambda: account.log_in(OLD, hasher)) is None
    assert (len(account.sessions()), account.fits(OLD)) == (2, True)


@pytest.mark.parametrize("looks_again", [True, False], ids=["", "control"])
def test_an_account_that_is_deactivated_meanwhile_gets_no_session(
    account: Account, monkeypatch: pytest.MonkeyPatch, looks_again: bool
) -> None:
    if not looks_again:
        without_second_look(monkeypatch, account)
    hasher = Interrupted(4, lambda: account.set(is_active=False))
    refused = outcome(lambda: account.log_in(OLD, hasher))
    expected = (InvalidCredentials, 0) if looks_again else (None, 1)
    assert (refused, len(account.sessions())) == expected


def test_a_deactivated_person_changes_no_password(account: Account) -> None:
    who = account.log_in(OLD).who
    hasher = Interrupted(4, lambda: account.set(is_active=False))
    assert outcome(lambda: account.change_password(who, OLD, NEW, hasher)) is NotSignedIn
    assert (account.fits(OLD), account.fits(NEW)) == (True, False)


def sessions_after_a_change_during_a_login(database: Database) -> tuple[int, int]:
    """How many sessions there are, and how many should be, when both meet in their writes."""
    account = new_account(database)
    who = account.log_in(OLD).who
    renewed: list[NewLogin] = []
    change = Thread(target=lambda: renewed.append(account.change_password(who, OLD, NEW)))
    with database.reading() as reading, database.writing() as writing:
        account._log_in(reading, writing, OLD)
        change.start()
        change.join(0.5)
    change.join(WAIT_SECONDS)
    return len(account.sessions()), len(renewed)


def test_a_password_change_ends_the_session_that_is_being_opened(database: Database) -> None:
    assert sessions_after_a_change_during_a_login(database) == (1, 1)


def test_without_the_lock_that_session_stays(
    postgres_databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control. SQLite has one writer at a time, whatever is locked."""
    monkeypatch.setattr(
        crud_user, "lock_user", lambda session, *, user_id, shared: session.get(User, user_id)
    )
    database = open_url(postgres_databases.create())
    assert sessions_after_a_change_during_a_login(database) == (2, 1)
    database.close()


def active_admins(database: Database) -> int:
    with database.reading() as session:
        found = session.scalars(select(User.id).where(User.role == Role.ADMIN, User.is_active))
        return len(found.all())


@pytest.mark.parametrize("changes", [{"role": Role.PATIENT}, {"is_active": False}])
@pytest.mark.parametrize("looks_again", [True, False], ids=["", "control"])
def test_two_admins_who_act_against_each_other_at_once(
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    changes: dict[str, Any],
    looks_again: bool,
) -> None:
    if not looks_again:
        monkeypatch.setattr(staff, "_check_is_still_admin", lambda *_: None)
    with database.writing() as session:
        one, two = (add_person(session, Role.ADMIN, now=NOW) for _ in range(2))

    def act(session: Session, actor: Actor, target: Actor) -> None:
        staff.change_account(session, actor, user_id=target.id, changes=changes, now=NOW)

    outcomes: list[type[DomainError] | None] = []

    def strike_back() -> None:
        with database.writing() as session:
            outcomes.append(outcome(lambda: act(session, two, one)))

    other = Thread(target=strike_back)
    with database.writing() as session:
        act(session, one, two)
        other.start()
        other.join(0.5)
    other.join(WAIT_SECONDS)

    expected = (1, [NotSignedIn]) if looks_again else (0, [None])
    assert (active_admins(database), outcomes) == expected


def test_a_deactivation_ends_the_session_that_was_being_opened(database: Database) -> None:
    account = new_account(database)
    with database.writing() as session:
        admin = add_person(session, Role.ADMIN, now=NOW)

    def deactivate() -> None:
        with database.writing() as session:
            staff.change_account(
                session, admin, user_id=account.id, changes={"is_active": False}, now=NOW
            )

    other = Thread(target=deactivate)
    with database.reading() as reading, database.writing() as writing:
        account._log_in(reading, writing, OLD)
        other.start()
        other.join(0.5)
    other.join(WAIT_SECONDS)
    assert account.sessions() == []


def outcomes_of_leaving_while_booking(database: Database, *, booking_first: bool) -> list[Any]:
    """What came of the one that began first, and of the other one."""
    with database.writing() as session:
        admin, doctor, patient = (
            add_person(session, role, now=NOW) for role in (Role.ADMIN, Role.DOCTOR, Role.PATIENT)
        )
        add_hours(
            session, doctor, now=NOW, day_of_week=0, start_time=540, end_time=600, slot_duration=30
        )

    def book(session: Session) -> None:
        booking.book(
            session,
            patient,
            doctor_id=doctor.id,
            patient_id=None,
            wanted=WantedTime(NOW.date(), 540, None),
            reason="Regular checkup",
            limits=WITHOUT_LIMITS,
            now=NOW,
        )

    def leave(session: Session) -> None:
        staff.change_account(
            session, admin, user_id=patient.id, changes={"is_active": False}, now=NOW
        )

    outcomes: list[type[DomainError] | None] = []
    first, second = (book, leave) if booking_first else (leave, book)

    def run_second() -> None:
        with database.writing() as session:
            outcomes.append(outcome(lambda: second(session)))

    other = Thread(target=run_second)
    with database.writing() as session:
        outcomes.append(outcome(lambda: first(session)))
        other.start()
        other.join(0.5)
    other.join(WAIT_SECONDS)
    return outcomes


def test_a_patient_who_leaves_while_a_booking_is_open(database: Database) -> None:
    for booking_first, expected in ((True, AppointmentsAffected), (False, NotFound)):
        outcomes = outcomes_of_leaving_while_booking(database, booking_first=booking_first)
        assert outcomes == [None, expected]


def test_without_the_lock_of_bookings_a_patient_leaves_a_visit_behind(
    postgres_databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control, where writers do not wait for each other anyway."""
    monkeypatch.setattr(crud_user, "lock_bookings", lambda *_, **__: None)
    database = open_url(postgres_databases.create())
    assert outcomes_of_leaving_while_booking(database, booking_first=True) == [None, None]
    database.close()
