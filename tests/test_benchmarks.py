"""What the benchmarks send, and how they sum up what they measured."""

import subprocess
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import func, select

from app.core.database import open_url
from app.db.transactions import execute
from app.domain.booking_limits import BookingLimits
from app.models.models import Appointment, DiaryRevision
from app.services.slot_search import search_slots
from benchmarks import growth, questions, report
from benchmarks.crowds import as_waits
from benchmarks.dataset import SignedIn, today
from benchmarks.load import Requests
from benchmarks.paths import forget_answers

PERSON = SignedIn(7, "token")
SLOT = {"doctor_id": 1, "appointment_date": "2026-11-30", "appointment_time": "09:00"}


def test_no_search_is_asked_twice() -> None:
    searches = questions.distinct_searches({1: {0, 2}, 2: range(7)}, days=28)
    assert len(set(searches)) == len(searches) > 90


def test_only_days_of_work_are_searched() -> None:
    days = questions.working_days({1: {0, 2}, 2: {5}}, days=1)
    assert {(doctor, day.weekday()) for doctor, day in days} == {(1, 0), (1, 2), (2, 5)}


def test_a_search_is_a_whole_request() -> None:
    request = questions.get(questions.slots_path(5, date(2026, 11, 30), days=28))
    assert request == (
        b"GET /api/v1/schedules/doctor/5/available-slots?start_date=2026-11-30&end_date=2026-12-27"
        b" HTTP/1.1\r\nHost: clinic.example\r\n\r\n"
    )


def test_every_booking_has_a_key_of_its_own() -> None:
    once, again = (questions.booking(PERSON, SLOT) for _ in range(2))
    assert once.count(b"Idempotency-Key: ") == 1
    assert once != again


def test_each_doctor_has_a_patient_of_their_own() -> None:
    slots = [{**SLOT, "doctor_id": doctor} for doctor in (1, 2, 1)]
    people = [SignedIn(7, "one"), SignedIn(8, "two")]
    tokens = [
        request.partition(b"session=")[2][:3] for request in questions.bookings(people, slots)
    ]
    assert tokens == [b"one", b"two", b"one"]


def test_requests_are_used_up_before_one_is_sent_again(tmp_path: Path) -> None:
    requests = Requests([b"one", b"two"] * 50, tmp_path / "requests")
    requests.note_sent(40, seconds=1)
    assert requests.suffice_for(seconds=1)
    assert not requests.suffice_for(seconds=2)
    requests.note_sent(80, seconds=1)
    assert not requests.suffice_for(seconds=1)
    requests.rewind()
    assert requests.suffice_for(seconds=1)


def test_percentiles() -> None:
    waits = as_waits("all", "SQLite", [number / 1000 for number in range(101)])
    assert (waits.p50, waits.p95, waits.p99) == (50, 95, 99)


def test_a_clinic_of_any_size_is_half_full(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/clinic.db"
    growth.make_clinic(url, doctors=2, appointments=200)
    tomorrow = today() + timedelta(days=1)
    with closing(open_url(url)) as database, database.reading() as session:
        booked = session.scalar(select(func.count(Appointment.id)))
        found = search_slots(
            partial(execute, session),
            doctor_id=1,
            first_day=tomorrow,
            last_day=tomorrow,
            limits=BookingLimits(horizon_days=365, open_visits=10),
            now=datetime.now(UTC),
        )
    assert found is not None
    assert (booked, len(found.slots)) == (200, 16)


def test_forgetting_gives_every_diary_another_revision(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/clinic.db"
    growth.make_clinic(url, doctors=2, appointments=10)

    def revisions() -> dict[int, int]:
        with closing(open_url(url)) as database, database.reading() as session:
            found = session.scalars(select(DiaryRevision))
            return {diary.user_id: diary.revision for diary in found}

    before = revisions()
    forget_answers(url)
    after = revisions()

    assert before.keys() == after.keys() >= {1, 2}
    assert [user for user in before if before[user] == after[user]] == []


def test_a_table() -> None:
    assert report.table(("what", "figure"), [("memory", "1 MB")]) == (
        "| what | figure |\n| --- | --- |\n| memory | 1 MB |"
    )


def test_a_part_that_is_measured_anew_replaces_its_old_figures_alone() -> None:
    page = ""
    for title, figure in (("One", "old"), ("Two", "kept"), ("Three", "kept"), ("One", "new")):
        page = report.page(page, report.section(title, report.table((title,), [(figure,)])))
    parts = page.split("\n## ")[1:]
    assert [part.splitlines()[0] for part in parts] == ["One", "Two", "Three"]
    assert [part.splitlines()[-1] for part in parts] == ["| new |", "| kept |", "| kept |"]
    assert page.count("# Results") == 1


def test_new_figures_do_not_make_a_commit_another_one(tmp_path: Path) -> None:
    figures, code = tmp_path / "figures", tmp_path / "code"

    def git(*arguments: str) -> str:
        return subprocess.check_output(("git", *arguments), cwd=tmp_path, text=True).strip()

    def commit_after_a_change_of(file: Path) -> str:
        file.write_text("new")
        return report.commit_of(tmp_path, besides=figures)

    git("init", "--quiet")
    for setting in ("user.name A", "user.email a@example.com", "commit.gpgsign false"):
        git("config", *setting.split())
    for file in (figures, code):
        file.write_text("old")
    git("add", ".")
    git("commit", "--quiet", "--message", "One")
    commit = git("rev-parse", "--short", "HEAD")

    assert commit_after_a_change_of(figures) == commit
    assert commit_after_a_change_of(code) == f"{commit}-dirty"
