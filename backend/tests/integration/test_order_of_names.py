"""Names come in the order of the clinic's language, alike on both engines."""

import random
from contextlib import closing

import pytest

from app.commands.opened_database import migrate_database
from app.core.config import Settings
from app.core.database import open_database
from app.crud import crud_user
from app.db.database import LANGUAGE, Database
from app.domain.names import search_key
from app.domain.people import Role
from app.services import directory
from tests.conftest import MONDAY_MORNING
from tests.integration.diaries import add_person

NAMES = ["Zoe Zander", "Åsa Berg", "dr. anna Dahl", "Örjan Ek", "Bo Alm"]
IN_ENGLISH = ["dr. anna Dahl", "Åsa Berg", "Bo Alm", "Örjan Ek", "Zoe Zander"]
IN_SWEDISH = ["dr. anna Dahl", "Bo Alm", "Zoe Zander", "Åsa Berg", "Örjan Ek"]
LETTERS = "abcdhinosuyzåäöæøčñşßłþ\u0301 иійґєяλ李ひא"


def add_doctors(database: Database, names: list[str]) -> None:
    with database.writing() as session:
        for name in names:
            doctor = add_person(session, Role.DOCTOR, now=MONDAY_MORNING)
            crud_user.update_user(session, doctor.id, changes={"full_name": name})


def listed(database: Database) -> list[str]:
    with database.reading() as session:
        return [doctor.full_name for doctor in directory.list_doctors(session)]


def test_the_order_follows_the_setting(database: Database):
    add_doctors(database, NAMES)
    assert listed(database) == IN_ENGLISH

    database.info[LANGUAGE] = "sv"
    assert listed(database) == IN_ENGLISH  # the control: keys are stored
    with database.writing() as session:
        assert directory.renew_order(session) == len(NAMES)
    assert listed(database) == IN_SWEDISH
    with database.writing() as session:
        assert directory.renew_order(session) == 0


def test_the_command_that_migrates_follows_a_changed_setting(database_url: str, database: Database):
    add_doctors(database, NAMES)
    settings = Settings(_env_file=None, database_url=database_url, clinic_locale="sv_SE")
    migrate_database(settings)
    assert listed(database) == IN_SWEDISH


def test_a_new_name_follows_the_setting_at_once(database: Database):
    database.info[LANGUAGE] = "sv"
    add_doctors(database, NAMES)
    assert listed(database) == IN_SWEDISH


@pytest.mark.parametrize(
    ("locale", "language"),
    [("sv_SE", "sv"), ("en-GB", "en"), ("sr_Latn_RS", "sr"), ("DE_at", "de")],
)
def test_the_setting_names_the_language(database_url: str, locale: str, language: str):
    settings = Settings(_env_file=None, database_url=database_url, clinic_locale=locale)
    with closing(open_database(settings)) as database:
        assert database.info[LANGUAGE] == language


@pytest.mark.parametrize("language", ["en", "sv", "da", "cs", "uk"])
def test_the_database_sorts_as_the_keys(database: Database, language: str):
    database.info[LANGUAGE] = language
    chosen = random.Random(language)  # noqa: S311 - the same names in every run
    names = ["x" + "".join(chosen.choices(LETTERS, k=chosen.randint(1, 6))) for _ in range(300)]
    add_doctors(database, names)

    def key(name: str) -> str:
        mail = "nobody@example.com"
        found = search_key(full_name=name, username="nobody", email=mail, language=language)
        return found.partition("\t")[0]

    keys = [key(name) for name in listed(database)]
    assert keys == sorted(key(name) for name in names)
