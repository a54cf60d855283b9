"""People, as an admin uses the page."""

from datetime import timedelta

import pytest
from streamlit.testing.v1 import AppTest

from app.core.security import token_digest
from app.domain.errors import DomainError, NotFound, OwnAccount, ServerBusy
from app.models.models import Appointment, Invitation, LoginSession, User
from frontend.tests.clinic import MONDAY_MORNING, Clinic
from frontend.tests.conftest import OpenPage
from frontend.tests.gateway import Gateway
from frontend.tests.page_driver import buttons, choose, press, texts
from frontend.tests.people import fill
from ui.api.errors import SENTENCES, UNREACHABLE
from ui.people.accounts import MOST_KEPT, STILL_BOOKED, TIMES_WOULD_CHANGE

PAGE = "people"
ACTIONS = ["Deactivate", "Change role", "Devices"]
FOR_A_DOCTOR = ["Deactivate", "Change role", "Time zone", "Devices"]


@pytest.fixture
def admin(clinic: Clinic) -> User:
    return clinic.add_user("front_desk", role="admin")


@pytest.fixture
def john(clinic: Clinic) -> User:
    return clinic.add_user("john_patient", full_name="John Doe", phone="+44 20 7946 0000")


@pytest.fixture
def waiting(clinic: Clinic) -> User:
    return clinic.add_user("dr_smith", role="doctor", specialty="Cardiology", is_approved=False)


@pytest.fixture
def tab(open_page: OpenPage, admin: User, john: User, waiting: User) -> AppTest:
    return open_page(PAGE, as_user=admin)


def names(tab: AppTest) -> list[str]:
    """The people on the page, from top to bottom."""
    return [text for text in texts(tab.markdown) if text.startswith("**")][1:]


def in_dialog(tab: AppTest, opener: str, label: str) -> AppTest:
    """Press a button in the dialog that `opener` opens."""
    return press(press(tab, opener), label)


def test_the_waiting_doctors_come_first(tab: AppTest):
    assert texts(tab.subheader) == ["Waiting for approval", "Everybody else"]
    assert names(tab) == ["**Dr Smith**", "**Front Desk**", "**John Doe**"]
    assert texts(tab.text) == [
        "dr_smith · dr_smith@example.com · Cardiology",
        "front_desk · front_desk@example.com",
        "john_patient · john_patient@example.com · 020 7946 0000",
    ]
    assert buttons(tab) == ["Invite a doctor", "Approve", *FOR_A_DOCTOR, *ACTIONS]
    assert texts(tab.caption) == ["This is you."]


def test_approving(clinic: Clinic, tab: AppTest, waiting: User):
    press(tab, "Approve")

    assert clinic.fresh(waiting).is_approved is True
    assert texts(tab.success) == ["Approved: patients can now book Dr Smith"]
    assert (texts(tab.subheader), "Approve" in buttons(tab)) == ([], False)


def test_deactivating_asks_first_and_ends_the_sessions(clinic: Clinic, tab: AppTest, john: User):
    clinic.add_session(john)
    fill(tab, "Search", "john")
    tab.run()
    press(tab, "Deactivate")
    assert texts(tab.markdown)[-2:] == [
        "Deactivate the account of John Doe?",
        (
            "Their sessions end at once on every device, and they cannot log in "
            "until the account is reactivated. Booked appointments have to be "
            "cancelled first."
        ),
    ]
    assert clinic.fresh(john).is_active is True

    press(tab, "Yes, deactivate it")

    assert (clinic.fresh(john).is_active, len(clinic.all(LoginSession))) == (False, 1)
    assert texts(tab.success) == ["Deactivated: John Doe"]
    assert buttons(tab) == ["Invite a doctor", "Reactivate", "Change role", "Devices"]


def test_a_person_is_logged_out_everywhere(clinic: Clinic, tab: AppTest, john: User):
    for _ in range(2):
        clinic.add_session(john)
    fill(tab, "Search", "john")
    press(tab.run(), "Devices")
    assert texts(tab.markdown)[-1] == (
        "John Doe is logged in on 2 devices, last used Mon 30 Nov 2026, 7:00. Log them out if a "
        "device was lost or left open. They can log in again with their password."
    )
    assert len(clinic.all(LoginSession)) == 3

    press(tab, "Log out everywhere")

    assert len(clinic.all(LoginSession)) == 1
    assert texts(tab.success) == ["Logged out everywhere: John Doe"]


def test_a_person_who_is_logged_in_nowhere(tab: AppTest, john: User):
    fill(tab, "Search", "john")
    press(tab.run(), "Devices")
    assert texts(tab.markdown)[-1] == f"{john.full_name} is not logged in anywhere."
    assert "Log out everywhere" not in buttons(tab)


def test_what_is_left_as_it_is_stays(clinic: Clinic, tab: AppTest, waiting: User):
    in_dialog(tab, "Deactivate", "Leave it as it is")

    assert (clinic.fresh(waiting).is_active, texts(tab.success)) == (True, [])


def test_reactivating(clinic: Clinic, tab: AppTest, john: User):
    clinic.change(john, is_active=False)
    choose(tab, "State", "Deactivated")

    in_dialog(tab, "Reactivate", "Yes, reactivate it")

    assert (clinic.fresh(john).is_active, texts(tab.success)) == (True, ["Reactivated: John Doe"])
    assert texts(tab.info) == [
        "No account matches. Search for something else, or show all roles and states."
    ]


def test_changing_the_role(clinic: Clinic, tab: AppTest, john: User):
    fill(tab, "Search", "john")
    press(tab.run(), "Change role")
    tab.selectbox[-1].select("doctor")
    press(tab, "Change the role")

    assert (clinic.fresh(john).role, texts(tab.success)) == ("doctor", ["John Doe is a doctor now"])


def test_changing_the_time_zone(clinic: Clinic, tab: AppTest, waiting: User):
    press(tab, "Time zone")
    assert tab.selectbox[-1].value == waiting.timezone
    tab.selectbox[-1].select("Europe/Paris")
    press(tab, "Change the time zone")

    assert (clinic.fresh(waiting).timezone, texts(tab.success)) == (
        "Europe/Paris",
        ["The time zone of Dr Smith is Europe/Paris now"],
    )


def test_a_role_has_to_be_chosen(clinic: Clinic, tab: AppTest, waiting: User):
    in_dialog(tab, "Change role", "Change the role")

    assert (clinic.fresh(waiting).role, texts(tab.error)) == (
        "doctor",
        ["Please choose the new role first."],
    )


IN_THE_WAY = f"""{STILL_BOOKED}

- Monday 30 November 2026, 9:00: John Doe with Dr Smith"""


@pytest.fixture
def booked(clinic: Clinic, waiting: User, john: User) -> Appointment:
    return clinic.add_appointment(waiting, john, MONDAY_MORNING.replace(hour=9))


def test_a_doctor_with_booked_patients_stays_a_doctor(
    clinic: Clinic, tab: AppTest, waiting: User, booked: Appointment
):
    press(tab, "Change role")
    tab.selectbox[-1].select("patient")
    press(tab, "Change the role")

    assert (texts(tab.error), clinic.fresh(waiting).role) == ([IN_THE_WAY], "doctor")


def test_a_time_zone_that_would_change_booked_times_is_refused(
    clinic: Clinic, tab: AppTest, waiting: User, booked: Appointment
):
    press(tab, "Time zone")
    tab.selectbox[-1].select("Europe/Paris")
    press(tab, "Change the time zone")

    expected = IN_THE_WAY.replace(STILL_BOOKED, TIMES_WOULD_CHANGE)
    assert (texts(tab.error), clinic.fresh(waiting).timezone) == ([expected], waiting.timezone)


@pytest.mark.parametrize("who", ["john", "smith"])
def test_who_has_booked_appointments_is_not_deactivated(
    clinic: Clinic, tab: AppTest, john: User, waiting: User, booked: Appointment, who: str
):
    user = {"john": john, "smith": waiting}[who]
    fill(tab, "Search", who)
    in_dialog(tab.run(), "Deactivate", "Yes, deactivate it")
    assert (texts(tab.error), clinic.fresh(user).is_active) == ([IN_THE_WAY], True)

    clinic.change(booked, status="cancelled")
    in_dialog(tab, "Deactivate", "Yes, deactivate it")
    assert (texts(tab.error), clinic.fresh(user).is_active) == ([], False)


@pytest.mark.parametrize("refusal", [OwnAccount(), NotFound(), ServerBusy()])
def test_a_refusal_is_a_sentence(
    gateway: Gateway, tab: AppTest, waiting: User, refusal: DomainError
):
    gateway.refusals["PATCH", f"/users/{waiting.id}"] = refusal

    press(tab, "Approve")

    assert texts(tab.error) == [SENTENCES[refusal.code]]


@pytest.mark.parametrize(
    ("label", "option", "found"),
    [
        ("Role", "patient", ["**John Doe**"]),
        ("Role", "doctor", ["**Dr Smith**"]),
        ("State", "Waiting for approval", ["**Dr Smith**"]),
        ("State", "Active", ["**Front Desk**", "**John Doe**"]),
        ("State", "Deactivated", []),
    ],
)
def test_filters(tab: AppTest, label: str, option: str, found: list[str]):
    assert names(choose(tab, label, option)) == found


def test_nobody_waits(open_page: OpenPage, admin: User):
    tab = choose(open_page(PAGE, as_user=admin), "State", "Waiting for approval")

    assert texts(tab.info) == ["Nobody is waiting for approval."]


def test_many_people_come_in_pages(clinic: Clinic, admin: User, open_page: OpenPage):
    people = [clinic.add_user(f"patient_{number:02}") for number in range(21)]
    tab = open_page(PAGE, as_user=admin)
    assert len(names(tab)) == 20

    press(tab, "Next page")

    assert names(tab) == [f"**{one.full_name}**" for one in people[19:]]
    assert texts(tab.caption) == ["Page 2"]
    assert len(names(press(tab, "Previous page"))) == 20
    choose(press(tab, "Next page"), "Role", "patient")
    assert texts(tab.caption) == ["Page 1"]


def test_a_moment_of_clicks_is_one_look_at_the_accounts(
    clinic: Clinic, gateway: Gateway, tab: AppTest
):
    tab.run()
    press(tab, "Deactivate")
    assert looks(gateway) == 2
    clinic.now += timedelta(seconds=30)
    tab.run()
    assert looks(gateway) == 4


def test_a_sessions_memory_does_not_grow_with_its_searches(tab: AppTest):
    for number in range(MOST_KEPT + 2):
        fill(tab, "Search", f"name {number}")
        tab.run()
    assert len(tab.session_state["clinic.accounts"]) <= MOST_KEPT + 1


def test_an_invitation_is_shown_once(clinic: Clinic, tab: AppTest):
    press(tab, "Invite a doctor")
    assert clinic.all(Invitation) == []

    press(tab, "Create an invitation")

    [invitation], [code] = clinic.all(Invitation), texts(tab.code)
    assert invitation.token_digest == token_digest(code)
    assert texts(tab.markdown)[-1] == (
        "Hand it to the doctor in person or by a message that nobody else reads. The doctor opens "
        "http://localhost:8501, chooses “Register” and “Doctor” and enters it as the "
        "invitation code. It works once, until Mon 14 Dec 2026, 7:00."
    )
    assert texts(press(tab, "Done").code) == []
    press(tab, "Invite a doctor")
    assert texts(tab.code) == []


def test_open_invitations_are_listed_and_revoked(clinic: Clinic, admin: User, open_page: OpenPage):
    other = clinic.add_user("eve", full_name="**Eve**", role="admin")
    for author in (admin, other):
        clinic.add_invitation(author)
    tab = open_page(PAGE, as_user=admin)
    assert [one.label for one in tab.expander] == ["Open invitations (2)"]
    assert [text for text in texts(tab.markdown) if "Invitation" in text] == [
        f"**Invitation {number}**  \nCreated by {author}, works until Mon 14 Dec 2026, 7:00"
        for number, author in ((2, r"\*\*Eve\*\*"), (1, "Front Desk"))
    ]

    press(tab, "Revoke")

    assert [one.id for one in clinic.all(Invitation) if one.ended_at is None] == [1]
    assert texts(tab.success) == ["Revoked: nobody can register with invitation 2"]
    assert [one.label for one in tab.expander] == ["Open invitations (1)"]


def test_an_invitation_that_was_used_meanwhile_says_so(
    clinic: Clinic, admin: User, open_page: OpenPage
):
    invitation = clinic.add_invitation(admin)
    tab = open_page(PAGE, as_user=admin)
    clinic.change(invitation, ended_at=clinic.now)

    press(tab, "Revoke")

    assert (texts(tab.error), len(tab.expander)) == ([SENTENCES["not_found"]], 0)


def test_an_invitation_that_fails_says_why(gateway: Gateway, tab: AppTest):
    gateway.refusals["POST", "/users/invitations"] = ServerBusy()

    in_dialog(tab, "Invite a doctor", "Create an invitation")

    assert texts(tab.error) == [SENTENCES["server_busy"]]


def test_an_outage_is_a_sentence(gateway: Gateway, tab: AppTest):
    gateway.down = True

    choose(tab, "Role", "patient")

    assert (texts(tab.error), buttons(tab)[-1:]) == ([UNREACHABLE], ["Try again"])


def test_names_are_never_markdown(clinic: Clinic, admin: User, open_page: OpenPage):
    clinic.add_user("eve", full_name="**Eve** <b>X</b>")

    tab = open_page(PAGE, as_user=admin)

    assert names(tab)[0] == r"**\*\*Eve\*\* \<b\>X\</b\>**"


def looks(gateway: Gateway) -> int:
    return len([one for one in gateway.requests if one.url.path == "/api/v1/users/"])
