"""Where the API believes that a request comes from, and what it writes down."""

import pytest
from pydantic import ValidationError
from sqlalchemy import select

from app.core.config import Settings
from app.db.database import Database
from app.models.models import AuditRecord
from tests.people import PASSWORD, PEER, Visitor, code_of

PROXY = PEER[0]
NAMED = {
    "an address": ("203.0.113.9", "203.0.113.9"),
    "the last of a list": ("198.51.100.1, 203.0.113.9", "203.0.113.9"),
    "before another trusted proxy": ("198.51.100.1, 203.0.113.9, 10.1.2.3", "203.0.113.9"),
    "trusted proxies only": ("10.1.2.4, 10.1.2.3", "10.1.2.4"),
    "with a port": ("203.0.113.9:51234", "203.0.113.9"),
    "IPv6": ("2001:db8::9", "2001:db8::9"),
    "IPv6, long": ("2001:0DB8:0000:0000:0000:0000:0000:0009", "2001:db8::9"),
    "IPv6 with a port": ("[2001:db8::9]:51234", "2001:db8::9"),
    "IPv6 in brackets": ("[2001:db8::9]", "2001:db8::9"),
    "IPv6 with a zone": ("fe80::9%" + "x" * 1000, "fe80::9"),
    "IPv4 mapped to IPv6": ("::ffff:203.0.113.9", "203.0.113.9"),
    "a trusted proxy mapped to IPv6": ("203.0.113.9, ::ffff:10.1.2.3", "203.0.113.9"),
    "more proxies than there are": (", ".join(["203.0.113.9", *["10.1.2.3"] * 9]), "203.0.113.9"),
}
GARBAGE = {
    "nothing": ("", PROXY),
    "blanks": (" , ,", PROXY),
    "a name": ("unknown", PROXY),
    "long": ("9" * 60_000, PROXY),
    "long, of addresses": ("203.0.113.9" * 5000, PROXY),
    "too many proxies": (",".join(["203.0.113.9", *["10.1.2.3"] * 5000]), "10.1.2.3"),
    "a script": ("<script>alert(1)</script>", PROXY),
    "not ASCII": ("é.ß.³.¹", PROXY),
    "a number": ("3405803785", PROXY),
    "octal": ("0313.0.0161.011", PROXY),
    "a network": ("203.0.113.0/24", PROXY),
    "an empty bracket": ("[]:80", PROXY),
    "garbage after an address": ("203.0.113.9 x", PROXY),
    "garbage nearest": ("203.0.113.9, unknown", PROXY),
    "garbage behind a trusted proxy": ("203.0.113.9, unknown, 10.1.2.3", "10.1.2.3"),
    "quotes": ('"203.0.113.9"', PROXY),
    "two ports": ("203.0.113.9:80:80", PROXY),
}


def address_of(visitor: Visitor, database: Database, forwarded: str) -> str | None:
    """What the audit log says where a refused login came from."""
    answer = visitor.another().call(
        "POST",
        "/auth/login",
        json={"username": "nobody", "password": PASSWORD},
        headers={"X-Forwarded-For": forwarded.encode("latin-1")},
    )
    assert code_of(answer) == (401, "invalid_credentials")
    return recorded(database)


def recorded(database: Database) -> str | None:
    """The address in the newest record."""
    with database.reading() as session:
        last = select(AuditRecord.address).order_by(AuditRecord.id.desc())
        return session.scalars(last).first()


@pytest.fixture
def behind_proxies(visitor_with) -> Visitor:
    return visitor_with(trusted_proxies=(PROXY, "10.1.0.0/16"))


@pytest.mark.parametrize(("forwarded", "address"), NAMED.values(), ids=NAMED)
def test_a_trusted_proxy_names_the_browser(
    behind_proxies: Visitor, database: Database, forwarded: str, address: str
):
    assert address_of(behind_proxies, database, forwarded) == address


@pytest.mark.parametrize(("forwarded", "address"), GARBAGE.values(), ids=GARBAGE)
def test_garbage_names_nobody(
    behind_proxies: Visitor, database: Database, forwarded: str, address: str
):
    assert address_of(behind_proxies, database, forwarded) == address


@pytest.mark.parametrize("trusted", [(), ("10.1.2.3",)])
def test_nobody_else_is_believed(visitor_with, database: Database, trusted: tuple[str, ...]):
    visitor = visitor_with(trusted_proxies=trusted)
    assert address_of(visitor, database, "203.0.113.9") == PROXY


def test_several_headers_are_one_list(behind_proxies: Visitor, database: Database):
    behind_proxies.call(
        "POST",
        "/auth/login",
        json={"username": "nobody", "password": PASSWORD},
        headers=[("X-Forwarded-For", "203.0.113.9"), ("X-Forwarded-For", "10.1.2.3")],
    )
    assert recorded(database) == "203.0.113.9"


@pytest.mark.parametrize("value", ["*", "proxy", "10.0.0.0/33", "10.0.0.5/24", "10.0.0.5 x"])
def test_a_proxy_is_an_address_or_a_network(value: str):
    with pytest.raises(ValidationError, match="TRUSTED_PROXIES must list addresses"):
        Settings(_env_file=None, trusted_proxies=value)
