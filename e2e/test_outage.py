"""The backend is down for a while: people read a sentence, and go on where they were."""

from e2e import actions
from e2e.clinic import Clinic
from e2e.system import System
from e2e.visitor import Visitor

UNREACHABLE = "The clinic's server cannot be reached at the moment. Please try again in a minute."


def test_logging_in_while_the_backend_is_down(
    visitor: Visitor, system: System, clinic: Clinic
) -> None:
    patient = clinic.register("patient", "Jane Roe")
    visitor.open()
    system.backend.stop()
    try:
        actions.log_in(visitor.page, patient.username)
        actions.expect_notice(visitor.page, UNREACHABLE)
    finally:
        system.backend.start()

    visitor.page.get_by_role("button", name="Log in").click()

    actions.expect_page(visitor.page, "Book Appointment")


def test_a_refresh_while_the_backend_is_down_keeps_the_login(
    visitor: Visitor, system: System, clinic: Clinic
) -> None:
    patient = clinic.register("patient", "Jane Roe")
    visitor.open("/my-appointments")
    actions.log_in(visitor.page, patient.username)
    actions.expect_page(visitor.page, "My Appointments")
    system.backend.stop()
    try:
        visitor.page.reload()
        actions.expect_notice(visitor.page, UNREACHABLE)
    finally:
        system.backend.start()

    visitor.page.get_by_role("button", name="Try again").click()

    actions.expect_page(visitor.page, "My Appointments")
