"""What migrations make of the people whom a clinic has."""

from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime

import pytest
from alembic import command
from sqlalchemy import column, insert, select, table

from app.core.database import open_url
from app.crud import crud_user
from app.db import schema
from app.db.columns import Instant
from app.db.database import Database
from app.domain.people import identity_key
from tests.databases import Databases

COLUMNS = (
    *("id", "username", "username_key", "email", "email_key", "full_name", "hashed_password"),
    *("role", "is_active", "is_approved", "phone", "specialty", "timezone"),
)
USERS = table("users", *map(column, COLUMNS), column("created_at", Instant()))


def person(user_id: int, username: str, full_name: str, **more: str | None) -> dict[str, object]:
    return {
        "id": user_id,
        "username": username,
        "username_key": username.casefold(),
        "email": f"{username}@example.com",
        "email_key": f"{username}@example.com".casefold(),
        "full_name": full_name,
        "hashed_password": "none",
        "role": "doctor",
        "is_active": True,
        "is_approved": True,
        "phone": None,
        "specialty": None,
        "timezone": "UTC",
        "created_at": datetime(2026, 1, 1, tzinfo=UTC),
    } | more


@pytest.fixture
def migrated(databases: Databases):
    """Opens a database in which there were people before `revision` came."""
    url = databases.create_blank()

    def migrate(before: str, people: Sequence[dict[str, object]]) -> Database:
        command.upgrade(schema.migration_config(url), before)
        with closing(open_url(url)) as old, old.engine.begin() as connection:
            connection.execute(insert(USERS), people)
        command.upgrade(schema.migration_config(url), "head")
        return open_url(url)

    return migrate


def test_names_are_searched_and_sorted_as_those_of_new_people(migrated):
    people = [
        person(1, "dr_zoe", "Dr. Zoe Zander", specialty="Général"),
        person(2, "dr_anna", "dr. anna Dahl"),
        person(3, "dr_asa", "Åsa Berg"),
        person(4, "dr_jorg", "Jörg Müller"),
    ]
    with closing(migrated("0010", people)) as database, database.reading() as session:
        listed = crud_user.list_doctors(session)
        found = crud_user.list_users(
            session,
            ids=None,
            role=None,
            is_active=None,
            is_approved=None,
            name="mueller JORG",
            after=0,
            limit=10,
        )
        assert [doctor.id for doctor in listed] == [2, 3, 4, 1]
        assert [user.id for user in found] == [4]
        assert [doctor.specialty_key for doctor in listed] == [None, None, None, "general"]


def test_names_that_look_alike_get_one_key_unless_another_has_it(migrated):
    people = [
        person(1, "an\u200bna", "Anna"),
        person(2, "be\u200brta", "Another Berta"),
        person(3, "berta", "Berta"),
    ]
    with closing(migrated("0010", people)) as database, database.reading() as session:
        keys = session.execute(select(USERS.c.username_key).order_by(USERS.c.id)).scalars().all()
        assert keys == ["anna", "be\u200brta", "berta"]
        anna = crud_user.find_user_by_login(session, key=identity_key("an\u200bna"))
        berta = crud_user.find_user_by_login(session, key=identity_key("berta"))
        assert (anna and anna.id, berta and berta.id) == (1, 3)


def test_phones_become_e164_where_they_are_numbers(migrated, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CLINIC_COUNTRY", "GB")
    typed = ["+44 20 7946 0001", "020 7946 0002", "555-1234-5678-9012-3456", None]
    people = [
        person(number, f"person_{number}", "Anna", phone=phone)
        for number, phone in enumerate(typed, start=1)
    ]
    with closing(migrated("0013", people)) as database, database.reading() as session:
        phones = session.scalars(select(USERS.c.phone).order_by(USERS.c.id)).all()
    assert phones == ["+442079460001", "+442079460002", "555-1234-5678-9012-3456", None]
