"""A database that cannot be used for now: 503 on every path, and all goes on when it can."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import text

from app.core.config import Settings
from app.core.database import open_url
from app.main import create_app
from tests.api.clinic import MONDAY, Clinic, book, open_clinic
from tests.conftest import MONDAY_MORNING, FakeClock
from tests.databases import Databases
from tests.people import PASSWORD, Visitor

UNAVAILABLE = (503, "unavailable")
PAGE = 4096


class Site(NamedTuple):
    """A clinic whose server is down, and how to start it."""

    url: str
    file: Path
    clinic: Clinic
    settings: Settings

    @contextmanager
    def serving(self) -> Iterator[Clinic]:
        """The people with clients of a server that has just started."""
        clock = FakeClock(MONDAY_MORNING + timedelta(minutes=5))
        app = create_app(self.settings, clock)
        with TestClient(app, base_url="http://testserver") as client:

            def moved(person: Visitor) -> Visitor:
                there = Visitor(client).another()
                there.client.cookies.update(person.client.cookies)
                there.csrf_token, there.account = person.csrf_token, person.account
                return there

            people = {
                name: moved(value) if isinstance(value, Visitor) else value
                for name, value in vars(self.clinic).items()
            }
            yield Clinic(**people)


def furnished(url: str) -> Site:
    settings = Settings(
        _env_file=None,
        database_url=url,
        clinic_timezone="Europe/London",
        bcrypt_cost=4,
        log_level="CRITICAL",
    )
    app = create_app(settings, FakeClock(MONDAY_MORNING))
    with (
        closing(open_url(url)) as database,
        TestClient(app, base_url="http://testserver") as client,
    ):
        clinic = open_clinic(Visitor(client), database)
    return Site(url, Path(url.removeprefix("sqlite:///")), clinic, settings)


@pytest.fixture(scope="module")
def site(sqlite_databases: Databases) -> Site:
    return furnished(sqlite_databases.create())


def every_path(clinic: Clinic) -> Iterator[Callable[[], Response]]:
    """A request of each kind: those of the fast routes, plain ones, reads and writes."""
    smith, john, admin, nobody = clinic.smith, clinic.john, clinic.admin, clinic.anonymous
    free = f"/schedules/doctor/{smith.id}/available-slots"
    for days in ({"end_date": MONDAY}, {"end_date": MONDAY, "further": "1"}):
        yield lambda days=days: nobody.get(free, start_date=MONDAY, **days)
    for path in ("/users/doctors", "/schedules/first-slots", f"/schedules/doctor/{smith.id}"):
        yield lambda path=path: nobody.get(path)
    for path in ("/auth/me", "/auth/sessions", "/users/me", "/appointments/my", "/audit/"):
        yield lambda path=path: john.get(path)
    yield lambda: john.get(f"/appointments/{clinic.visit}")
    yield lambda: smith.get(f"/appointments/doctor/{smith.id}", appointment_date=MONDAY)
    yield lambda: smith.get("/schedules/my")
    yield lambda: admin.get("/users/")
    yield lambda: book(john, smith, time="11:00")
    yield lambda: john.put(f"/appointments/{clinic.visit}", status="cancelled")
    yield lambda: john.patch("/users/me", full_name="John Doe")
    yield lambda: smith.put(f"/schedules/{clinic.hours}", slot_duration=30)
    yield lambda: admin.patch(f"/users/{clinic.jane.id}", is_active=True)
    yield lambda: nobody.post("/auth/login", username="jane_patient", password=PASSWORD)
    stranger = nobody.another()
    yield lambda: stranger.post("/auth/login", username="nobody", password=PASSWORD)
    yield lambda: john.post("/auth/logout")


def outcome(answer: Response) -> tuple[int, str]:
    body = answer.json() if answer.content else None
    return answer.status_code, body.get("code", "") if isinstance(body, dict) else ""


def test_every_path_works_while_the_file_is_sound(site: Site, tmp_path: Path):
    """The control of what follows."""
    with copied(site, tmp_path, lambda content: content).serving() as clinic:
        outcomes = [outcome(query()) for query in every_path(clinic)]
    assert {status for status, _ in outcomes} <= {200, 201, 204, 401}
    assert {code for _, code in outcomes} == {"", "invalid_credentials"}


def copied(site: Site, folder: Path, change: Callable[[bytearray], bytes]) -> Site:
    """The same clinic with another file."""
    file = folder / "clinic.db"
    shutil.copyfile(site.file, file)
    file.write_bytes(change(bytearray(file.read_bytes())))
    url = f"sqlite:///{file}"
    settings = site.settings.model_copy(update={"database_url": url})
    return site._replace(url=url, file=file, settings=settings)


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"no database at all" * 1000,
        lambda content: content[:PAGE] + bytes(len(content) - PAGE),
        lambda content: content[: 3 * PAGE],
        lambda content: content[:50],
    ],
    ids=["no database", "zeros", "cut off", "a part of the header"],
)
def test_a_damaged_file_is_told_on_every_path(site: Site, tmp_path: Path, damage):
    with copied(site, tmp_path, damage).serving() as clinic:
        outcomes = {outcome(query()) for query in every_path(clinic)}
        assert outcome(clinic.anonymous.client.get("/readyz")) == UNAVAILABLE
        assert clinic.anonymous.client.get("/livez").status_code == 200
    assert outcomes == {UNAVAILABLE}


def test_a_damaged_page_is_never_called_a_bug(site: Site, tmp_path: Path):
    told = 0
    for page in range(1, site.file.stat().st_size // PAGE, 3):
        filler = (b"\0", b"\xff")[page % 2]

        def damage(content: bytearray, page: int = page, filler: bytes = filler) -> bytes:
            content[page * PAGE : (page + 1) * PAGE] = filler * PAGE
            return bytes(content)

        with copied(site, tmp_path, damage).serving() as clinic:
            outcomes = [outcome(query()) for query in every_path(clinic)]
        assert {one for one in outcomes if one[0] >= 500} <= {UNAVAILABLE}
        told += UNAVAILABLE in outcomes
    assert told > 0


def test_a_file_that_may_not_be_written_is_taken_up_when_it_may(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Whoever runs the tests may be root, whom no mode keeps from anything."""
    place = copied(site, tmp_path, lambda content: content)
    may_write = os.access
    with place.serving() as clinic:
        monkeypatch.setattr(
            os, "access", lambda path, mode: path != place.file and may_write(path, mode)
        )
        outcomes = {outcome(query()) for query in every_path(clinic)}
        assert sorted(part.name for part in tmp_path.iterdir()) == ["clinic.db"]
        assert outcomes == {UNAVAILABLE}
        monkeypatch.undo()
        outcomes = {outcome(query()) for query in every_path(clinic)}
        assert {code for _, code in outcomes} == {"", "invalid_credentials"}


def test_a_postgresql_that_takes_no_changes_is_taken_up_when_it_does(
    postgres_databases: Databases,
):
    site = furnished(postgres_databases.create())
    set_read_only(site, "on")
    with site.serving() as clinic:
        assert outcome(book(clinic.john, clinic.smith, time="11:00")) == UNAVAILABLE
        assert outcome(clinic.john.patch("/users/me", full_name="John Doe")) == UNAVAILABLE
        assert clinic.john.get("/appointments/my").status_code == 200
        set_read_only(site, "off")
        assert outcome(book(clinic.john, clinic.smith, time="11:00")) == (201, "")
        assert outcome(clinic.john.patch("/users/me", full_name="John Doe")) == (200, "")


def set_read_only(site: Site, value: str) -> None:
    with closing(open_url(site.url)) as database, database.engine.connect() as connection:
        connection.execute(text("SET transaction_read_only = off"))
        name = connection.execute(text("SELECT quote_ident(current_database())")).scalar()
        setting = f"ALTER DATABASE {name} SET default_transaction_read_only = {value}"
        connection.execute(text(setting))
        connection.commit()
