"""Audit Log, as an admin uses the page, and one's own part of it on the account page."""

import re
from datetime import date, timedelta
from html import unescape

import pytest
from streamlit.testing.v1 import AppTest

from app.domain.errors import DomainError, Forbidden, Unavailable
from app.models.models import User
from frontend.tests.clinic import Clinic
from frontend.tests.conftest import OpenPage
from frontend.tests.gateway import Gateway
from frontend.tests.page_driver import buttons, choose, press, texts
from frontend.tests.people import fill
from ui.api.errors import SENTENCES, UNREACHABLE

PAGE = "audit-log"
NOW = "Mon 30 Nov 2026, 7:00"


@pytest.fixture
def admin(clinic: Clinic) -> User:
    return clinic.add_user("front_desk", role="admin")


@pytest.fixture
def john(clinic: Clinic) -> User:
    return clinic.add_user("john_patient", full_name="John Doe")


@pytest.fixture
def smith(clinic: Clinic) -> User:
    return clinic.add_user("dr_smith", role="doctor", full_name="Dr. John Smith")


def rows(tab: AppTest) -> list[list[str]]:
    """The cells of the records, row by row."""
    html = "".join(one.proto.body for one in tab.get("html") if "records" in one.proto.body)
    bodies = [row for row in re.findall(r"<tr[^>]*>(.*?)</tr>", html) if "<td" in row]
    return [[unescape(cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", one)] for one in bodies]


def subheaders(tab: AppTest) -> list[str]:
    return texts(tab.subheader)


def test_the_newest_comes_first_in_plain_words(
    clinic: Clinic, admin: User, john: User, smith: User, open_page: OpenPage
):
    clinic.add_record(None, "account.create", resource_id=smith.id)
    clinic.add_record(
        admin, "account.administer", resource_id=smith.id, fields=("is_approved", "role")
    )
    clinic.add_record(john, "appointment.book", patient_id=john.id, fields=("starts_at", "status"))
    clinic.add_record(None, "login.open", resource_id=john.id, outcome="invalid_credentials")
    clinic.add_record(smith, "brew-coffee", outcome="out_of_beans")

    tab = open_page(PAGE, as_user=admin)

    smith_is_refused = [NOW, "Dr. John Smith (doctor)", "brew-coffee", "", "Refused: out of beans"]
    assert rows(tab) == [
        smith_is_refused,
        [NOW, "Not logged in", "Log in: John Doe", "", "Refused: wrong username or password"],
        [NOW, "John Doe (patient)", "Book an appointment", "John Doe", "Done"],
        [
            NOW,
            "Front Desk (admin)",
            "Change an account: Dr. John Smith (approval and role)",
            "",
            "Done",
        ],
        [NOW, "Not logged in", "Create an account: Dr. John Smith", "", "Done"],
    ]


def test_a_look_at_a_diary_names_its_days_and_patients(
    clinic: Clinic, admin: User, john: User, smith: User, open_page: OpenPage
):
    jane = clinic.add_user("jane_patient", full_name="Jane Doe")
    crowd = [clinic.add_user(f"patient_{number:02}").id for number in range(21)]
    for fields, seen in (
        ("", crowd),
        ("from=2026-11-30,until=2026-12-06", [john.id, jane.id]),
        ("from=2026-11-30", [john.id]),
        ("from=2026-11-30,until=2026-11-30", [john.id]),
    ):
        clinic.add_record(
            smith, "diary.read", fields=filter(None, fields.split(",")), patient_ids=frozenset(seen)
        )

    told = [(what, patients) for _, _, what, patients, _ in rows(open_page(PAGE, as_user=admin))]

    assert told[:3] == [
        ("Look at a diary: Mon 30 Nov 2026", "John Doe"),
        ("Look at a diary: from Mon 30 Nov 2026", "John Doe"),
        (
            "Look at a diary: from Mon 30 Nov 2026 until Sun 6 Dec 2026",
            "John Doe and Jane Doe",
        ),
    ]
    assert told[3][0] == "Look at a diary"
    assert told[3][1].endswith("Patient 18, Patient 19 and 1 other")


@pytest.mark.parametrize(
    ("action", "number", "fields", "shown"),
    [
        ("account.administer", 3, "role=admin", "Change an account: Dr. John Smith (role admin)"),
        (
            "account.administer",
            3,
            "is_active=false,is_approved=true",
            "Change an account: Dr. John Smith (deactivated and approved)",
        ),
        (
            "account.create",
            3,
            "invitation=7,role=doctor",
            "Create an account: Dr. John Smith (invitation 7 and role doctor)",
        ),
        ("schedule.change", 1, "is_active=true", "Change working hours (activated)"),
        ("doctor.invite", 7, "", "Invite a doctor (7)"),
        ("invitation.revoke", 7, "", "End an invitation (7)"),
    ],
)
def test_a_record_says_which_role_state_or_invitation(
    clinic: Clinic,
    admin: User,
    john: User,
    smith: User,
    open_page: OpenPage,
    action: str,
    number: int,
    fields: str,
    shown: str,
):
    assert (john.id, smith.id) == (2, 3)
    clinic.add_record(admin, action, resource_id=number, fields=filter(None, fields.split(",")))
    assert rows(open_page(PAGE, as_user=admin))[0][2] == shown


def test_names_are_asked_for_once(
    clinic: Clinic, gateway: Gateway, admin: User, john: User, open_page: OpenPage
):
    clinic.add_record(john, "login.open")
    clinic.add_record(admin, "login.open")

    open_page(PAGE, as_user=admin).run()

    (request,) = (one for one in gateway.requests if one.url.path == "/api/v1/users/")
    assert request.url.params.get_list("id") == sorted(str(one.id) for one in (admin, john))


def test_an_unknown_account_has_a_number(clinic: Clinic, admin: User, open_page: OpenPage):
    ghost = clinic.add_user("ghost", role="admin")
    clinic.add_record(ghost, "login.open")
    clinic.remove(ghost)

    assert rows(open_page(PAGE, as_user=admin))[0][1] == f"account {ghost.id} (admin)"


def test_an_empty_log_is_said(admin: User, open_page: OpenPage):
    assert texts(open_page(PAGE, as_user=admin).info) == [
        "There is nothing of this kind in the log."
    ]


def test_filters_are_asked_of_the_api(
    clinic: Clinic, gateway: Gateway, admin: User, john: User, open_page: OpenPage
):
    clinic.change(admin, timezone="Europe/Berlin")
    tab = open_page(PAGE, as_user=admin)
    choose(tab, "Action", "appointment.read")
    choose(tab, "Outcome", "ok")
    tab.date_input[0].set_value(date(2026, 11, 29)).run()
    tab.date_input[1].set_value(date(2026, 11, 30)).run()
    for label in ("Done by", "Data of patient"):
        fill(tab, label, "john")
        tab.run()

    assert gateway.queries("/audit/")[-1] == {
        "action": "appointment.read",
        "outcome": "ok",
        "since": "2026-11-28T23:00:00Z",
        "until": "2026-11-30T23:00:00Z",
        "actor_id": str(john.id),
        "patient_id": str(john.id),
        "limit": "26",
    }
    assert texts(tab.text) == ["john_patient · john_patient@example.com"] * 2


def test_a_person_is_chosen_among_those_found(
    clinic: Clinic, admin: User, john: User, smith: User, open_page: OpenPage
):
    for person in (john, smith):
        clinic.add_record(person, "login.open")
    tab = open_page(PAGE, as_user=admin)
    fill(tab, "Done by", "john")
    logged_in = [row[1] for row in rows(tab.run()) if row[2] == "Log in"]
    assert logged_in == ["Dr. John Smith (doctor)", "John Doe (patient)"]

    choose(tab, "Done by found", smith.id)

    assert [row[1] for row in rows(tab)] == ["Dr. John Smith (doctor)"]
    fill(tab, "Done by", "jon")
    assert texts(tab.run().warning) == ["No account matches “jon”. Check the spelling."]


def test_a_long_log_comes_in_pages(clinic: Clinic, admin: User, open_page: OpenPage):
    for minute in range(26):
        clinic.add_record(admin, "login.open" if minute else "account.list")
    tab = open_page(PAGE, as_user=admin)
    assert (len(rows(tab)), texts(tab.caption)[0]) == (25, "Page 1")

    press(tab, "Next page")

    assert [row[2] for row in rows(tab)] == ["List accounts"]
    assert len(rows(press(tab, "Previous page"))) == 25


@pytest.mark.parametrize("refusal", [Unavailable(), Forbidden()])
def test_a_refusal_is_a_sentence(
    gateway: Gateway, admin: User, open_page: OpenPage, refusal: DomainError
):
    gateway.refusals["GET", "/audit/"] = refusal

    assert texts(open_page(PAGE, as_user=admin).error) == [SENTENCES[refusal.code]]


def test_an_outage_is_a_sentence(gateway: Gateway, admin: User, open_page: OpenPage):
    tab = open_page(PAGE, as_user=admin)
    gateway.down = True

    press(tab, "Refresh")

    assert (texts(tab.error), buttons(tab)[-1:]) == ([UNREACHABLE], ["Try again"])


def test_names_are_never_html(clinic: Clinic, admin: User, open_page: OpenPage):
    eve = clinic.add_user("eve", full_name="<img src=x onerror=alert(1)>")
    clinic.add_record(eve, "login.open", patient_id=eve.id)

    tab = open_page(PAGE, as_user=admin)

    assert rows(tab)[0][3] == "<img src=x onerror=alert(1)>"
    assert [one for one in tab.get("html") if "<img" in one.proto.body] == []


def test_patients_see_who_has_seen_their_data(
    clinic: Clinic, admin: User, john: User, smith: User, open_page: OpenPage
):
    gone = clinic.add_user("dr_gone", role="doctor", is_active=False)
    for actor in (smith, gone, admin, john):
        clinic.add_record(actor, "appointment.read", patient_id=john.id)
    clinic.add_record(john, "login.open")

    tab = open_page("account", as_user=john)

    assert rows(tab) == [
        [NOW, who, "Look at an appointment", "Done"]
        for who in ("You", "The clinic's office", "A doctor", "Dr. John Smith")
    ]


def test_doctors_see_what_they_have_done(
    clinic: Clinic, john: User, smith: User, open_page: OpenPage
):
    for minute in range(11):
        clinic.now += timedelta(minutes=1)
        clinic.add_record(smith, "patient.read", patient_id=john.id, resource_id=minute)
    clinic.add_record(john, "patient.read", patient_id=john.id)
    tab = open_page("account", as_user=smith)
    assert rows(tab)[0] == ["Mon 30 Nov 2026, 7:11", "You", "Look at contact data", "Done"]

    press(tab, "Next page")

    assert rows(tab) == [["Mon 30 Nov 2026, 7:01", "You", "Look at contact data", "Done"]]


def test_a_doctor_who_is_a_patient_elsewhere_sees_both(
    clinic: Clinic, smith: User, open_page: OpenPage
):
    other = clinic.add_user("dr_jones", role="doctor", full_name="Dr. Jane Jones")
    clinic.add_record(smith, "login.open")
    assert subheaders(open_page("account", as_user=smith))[-1] == "What I have done and seen"

    for _ in range(11):
        clinic.add_record(other, "appointment.read", patient_id=smith.id)
    tab = open_page("account", as_user=smith)
    assert subheaders(tab)[-2:] == ["Who has seen my data", "What I have done and seen"]
    seen, done = [NOW, "Dr. Jane Jones", "Look at an appointment", "Done"], rows(tab)[-1]
    assert rows(tab) == [seen] * 10 + [[NOW, "You", "Log in", "Done"]]

    press(tab, "Next page")
    assert rows(tab) == [seen, done]


def test_a_doctor_who_is_nobodys_patient_sees_their_deeds_alone(smith: User, open_page: OpenPage):
    assert "Who has seen my data" not in subheaders(open_page("account", as_user=smith))


def test_nothing_seen_yet_is_said(john: User, open_page: OpenPage):
    tab = open_page("account", as_user=john)

    assert texts(tab.caption)[-1] == "There is nothing to show yet."


def test_admins_have_the_whole_log_instead(gateway: Gateway, admin: User, open_page: OpenPage):
    open_page("account", as_user=admin)

    assert gateway.queries("/audit/") == []
