"""Single-use tickets."""

import sys
from dataclasses import dataclass

import pytest

from ui.login.tickets import LIFETIME_SECONDS, MOST_TICKETS, LoginCookies, TicketStore, pinned_store

COOKIES = LoginCookies("token", "device")


@dataclass
class Clock:
    seconds: float = 1000

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(clock: Clock) -> TicketStore:
    return TicketStore(clock)


def test_a_ticket_is_good_once(store: TicketStore):
    ticket = store.issue(COOKIES, "browser")

    assert [store.redeem(ticket, "browser") for _ in range(2)] == [COOKIES, None]


def test_a_ticket_is_good_for_half_a_minute(store: TicketStore, clock: Clock):
    in_time, too_late = (store.issue(COOKIES, "browser") for _ in range(2))

    clock.seconds += LIFETIME_SECONDS - 0.1
    assert store.redeem(in_time, "browser") == COOKIES
    clock.seconds += 0.1
    assert store.redeem(too_late, "browser") is None


def test_of_too_many_tickets_the_oldest_are_forgotten(store: TicketStore):
    first, second, *_, last = [store.issue(COOKIES, "browser") for _ in range(MOST_TICKETS + 1)]

    assert store.redeem(first, "browser") is None
    assert [store.redeem(ticket, "browser") for ticket in (second, last)] == [COOKIES] * 2


@pytest.mark.parametrize("thief", ["another browser", "", "bröwser"])
def test_a_ticket_is_good_in_its_own_browser_only(store: TicketStore, thief: str):
    ticket = store.issue(COOKIES, "browser")

    assert store.redeem(ticket, thief) is None
    assert store.redeem(ticket, "browser") is None


def test_a_ticket_without_a_browser_is_never_good(store: TicketStore):
    assert store.redeem(store.issue(COOKIES, ""), "") is None


def test_an_unknown_ticket_is_not_good(store: TicketStore):
    store.issue(COOKIES, "browser")

    assert store.redeem("made up", "browser") is None


def test_tickets_cannot_be_guessed_from_one_another(store: TicketStore):
    tickets = {store.issue(COOKIES, "browser") for _ in range(100)}

    assert (len(tickets), {len(ticket) for ticket in tickets}) == (100, {43})


def test_old_tickets_are_forgotten(store: TicketStore, clock: Clock):
    store.issue(COOKIES, "browser")
    clock.seconds += LIFETIME_SECONDS

    store.issue(COOKIES, "browser")

    assert len(store._tickets) == 1


def test_the_store_outlives_a_reload_of_its_module(monkeypatch: pytest.MonkeyPatch):
    before = pinned_store()
    monkeypatch.delitem(sys.modules, "ui.login.tickets")

    from ui.login.tickets import pinned_store as reloaded  # noqa: PLC0415 - the reload is the test

    assert reloaded() is before
