"""The front desk decides who may use the clinic, and reads later who decided what."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from e2e import actions
from e2e.clinic import Clinic, Person
from e2e.conftest import RESULTS, NewVisitor
from e2e.system import System


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """A demo clinic of its own, where doctors have to be approved."""
    folder = tmp_path_factory.mktemp("office")
    system = System(folder, RESULTS / "office", f"sqlite:///{folder / 'clinic.db'}")
    system.environment["DOCTOR_REGISTRATION"] = "approval"
    try:
        system.start()
        system.clinic("demo-data")
        yield system
    finally:
        system.stop()


@pytest.fixture
def doctor(clinic: Clinic) -> Person:
    return clinic.register("doctor", "Dr. Nora Waite")


@pytest.fixture
def admin(new_visitor: NewVisitor) -> Page:
    """The front desk, on the page of the accounts."""
    visitor = new_visitor()
    visitor.open()
    actions.log_in(visitor.page, "admin", "demo-password")
    actions.expect_page(visitor.page, "People")
    return visitor.page


def record(page: Page, what: str) -> list[str]:
    """The newest line of the audit log about `what`, without the time."""
    row = page.get_by_role("row").filter(has_text=what).first
    expect(row).to_be_visible()
    return row.get_by_role("cell").all_inner_texts()[1:]


def test_a_doctor_is_approved_and_later_deactivated(
    doctor: Person, admin: Page, new_visitor: NewVisitor
) -> None:
    visitor = new_visitor()
    visitor.open()
    actions.log_in(visitor.page, doctor.username)
    actions.expect_notice(
        visitor.page,
        "The clinic has yet to approve your account. "
        "Until then patients see neither you nor your working hours.",
    )

    admin.get_by_role("button", name="Approve").click()
    actions.expect_notice(admin, f"Approved: patients can now book {doctor.full_name}")
    visitor.page.reload()
    actions.expect_page(visitor.page, "Appointments")
    expect(visitor.page.get_by_text("The clinic has yet to approve")).to_be_hidden()

    actions.write(admin, "Search", doctor.full_name)
    admin.keyboard.press("Enter")
    deactivate = admin.get_by_role("button", name="Deactivate")
    expect(deactivate).to_have_count(1)
    deactivate.click()
    admin.get_by_role("button", name="Yes, deactivate it").click()
    actions.expect_notice(admin, f"Deactivated: {doctor.full_name}")
    visitor.page.get_by_role("link", name="Schedule Management").click()
    actions.expect_notice(visitor.page, "You have been signed out. Please log in again.")
    actions.expect_login(visitor.page)

    actions.go_to(admin, "Audit Log")
    change = f"Change an account: {doctor.full_name}"
    assert [record(admin, f"{change} (deactivated)"), record(admin, f"{change} (approved)")] == [
        ["Front Desk (admin)", f"{change} ({field})", "", "Done"]
        for field in ("deactivated", "approved")
    ]


def test_an_invitation_is_put_away_and_revoked(admin: Page) -> None:
    admin.get_by_role("button", name="Invite a doctor").click()
    dialog = admin.get_by_role("dialog")
    dialog.get_by_role("button", name="Create an invitation").click()
    expect(dialog.get_by_text("It is shown only this once")).to_be_visible()
    dialog.get_by_role("button", name="Done").click()
    expect(dialog).to_be_hidden()

    admin.get_by_text("Open invitations (1)").click()
    expect(admin.get_by_text("Created by Front Desk")).to_be_visible()
    admin.get_by_role("button", name="Revoke").click()
    actions.expect_notice(admin, "Revoked: nobody can register with invitation 1")
    expect(admin.get_by_text("Open invitations")).to_be_hidden()
