"""Schedule Management, as a doctor uses it."""

from datetime import time

import pytest
from streamlit.testing.v1 import AppTest

from app.models.models import Schedule, User
from frontend.tests.clinic import MONDAY_MORNING, Clinic, clock_time
from frontend.tests.conftest import OpenPage
from frontend.tests.gateway import Gateway
from frontend.tests.page_driver import buttons, headlines, pills, press, texts
from ui.api.errors import SENTENCES, UNREACHABLE

PAGE = "schedule-management"
MONDAY, WEDNESDAY, FRIDAY = 0, 2, 4


@pytest.fixture
def doctor(clinic: Clinic) -> User:
    return clinic.add_user("dr_smith", role="doctor", full_name="Dr. John Smith")


@pytest.fixture
def tab(clinic: Clinic, doctor: User, open_page: OpenPage) -> AppTest:
    """The page of a doctor who works on Mondays from 9:00 to 17:00."""
    clinic.add_schedule(doctor, MONDAY)
    return open_page(PAGE, as_user=doctor)


def add(tab: AppTest, days: list[int]) -> AppTest:
    pills(tab, "Days of the week").set_value(days)
    return press(tab, "Add Schedule")


def set_end(tab: AppTest, end: time, *, form: int = 0) -> None:
    [one for one in tab.time_input if one.label == "End time"][form].set_value(end)


def rows(clinic: Clinic) -> list[tuple[int, str, str, int, bool]]:
    return [
        (
            row.day_of_week,
            clock_time(row.start_time),
            clock_time(row.end_time),
            row.slot_duration,
            row.is_active,
        )
        for row in clinic.all(Schedule)
    ]


def test_without_hours_there_is_a_sentence(doctor: User, open_page: OpenPage):
    tab = open_page(PAGE, as_user=doctor)
    [sentence] = texts(tab.info)
    assert sentence == (
        "You have no working hours yet, so patients cannot book you. "
        "Choose the days and the times above, then “Add Schedule”."
    )
    assert texts(tab.subheader) == ["Add New Schedule"]


def test_hours_stand_as_a_list_with_what_can_be_done(tab: AppTest):
    assert headlines(tab) == ["**Monday 9:00–17:00** · 30 minutes"]
    assert buttons(tab) == ["Add Schedule", "Edit", "Deactivate", "Delete"]


def test_hours_are_added_to_several_days_at_once(clinic: Clinic, tab: AppTest):
    set_end(tab, time(13))
    tab.number_input[0].set_value(20)
    add(tab, [WEDNESDAY, FRIDAY])
    assert rows(clinic)[1:] == [
        (WEDNESDAY, "09:00", "13:00", 20, True),
        (FRIDAY, "09:00", "13:00", 20, True),
    ]
    assert texts(tab.success) == ["Added: Wednesday and Friday 9:00–13:00 in slots of 20 minutes"]
    assert pills(tab, "Days of the week").value == []


def test_hours_may_end_at_midnight(clinic: Clinic, tab: AppTest):
    set_end(tab, time(0))
    add(tab, [FRIDAY])
    assert rows(clinic)[1:] == [(FRIDAY, "09:00", "24:00", 30, True)]


def test_a_day_is_asked_for(clinic: Clinic, tab: AppTest):
    add(tab, [])
    assert texts(tab.error) == ["Please choose at least one day of the week."]
    assert len(rows(clinic)) == 1


def test_an_overlap_on_one_day_leaves_the_others_added(clinic: Clinic, tab: AppTest):
    add(tab, [MONDAY, FRIDAY])
    assert texts(tab.success) == ["Added: Friday 9:00–17:00 in slots of 30 minutes"]
    assert texts(tab.error) == [f"Monday: {SENTENCES['schedule_overlaps']}"]
    assert pills(tab, "Days of the week").value == [MONDAY]
    assert [row[0] for row in rows(clinic)] == [MONDAY, FRIDAY]


def test_an_outage_while_adding_keeps_the_days(gateway: Gateway, tab: AppTest):
    gateway.down = True
    add(tab, [WEDNESDAY, FRIDAY])
    assert texts(tab.error) == [f"Wednesday and Friday: {UNREACHABLE}", UNREACHABLE]
    assert pills(tab, "Days of the week").value == [WEDNESDAY, FRIDAY]
    gateway.down = False
    press(tab, "Try again")
    assert headlines(tab) == ["**Monday 9:00–17:00** · 30 minutes"]


def test_hours_are_edited(clinic: Clinic, tab: AppTest):
    press(tab, "Edit")
    next(one for one in tab.selectbox if one.label == "Day").select(FRIDAY)
    set_end(tab, time(13), form=1)
    press(tab, "Save")
    assert rows(clinic) == [(FRIDAY, "09:00", "13:00", 30, True)]
    assert texts(tab.success) == ["Saved: Friday 9:00–13:00 in slots of 30 minutes"]
    assert buttons(tab) == ["Add Schedule", "Edit", "Deactivate", "Delete"]


def test_hours_are_switched_off_and_on_again(clinic: Clinic, tab: AppTest):
    press(tab, "Deactivate")
    assert texts(tab.success) == ["Monday 9:00–17:00 is now inactive"]
    assert rows(clinic) == [(MONDAY, "09:00", "17:00", 30, False)]
    press(tab, "Activate")
    assert texts(tab.success) == ["Monday 9:00–17:00 is now active"]
    assert rows(clinic) == [(MONDAY, "09:00", "17:00", 30, True)]


def test_deleting_asks_first(clinic: Clinic, tab: AppTest):
    press(tab, "Delete")
    press(tab, "Keep it")
    assert len(rows(clinic)) == 1
    press(tab, "Delete")
    press(tab, "Yes, delete it")
    assert rows(clinic) == []
    assert texts(tab.success) == ["Deleted: Monday 9:00–17:00"]


def test_appointments_in_the_way_are_named(clinic: Clinic, doctor: User, tab: AppTest):
    patient = clinic.add_user("ann", full_name="Ann *Other*")
    clinic.add_appointment(doctor, patient, MONDAY_MORNING.replace(hour=9))
    press(tab, "Delete")
    press(tab, "Yes, delete it")
    affected = r"- Monday 30 November 2026, 9:00: Ann \*Other\* with Dr. John Smith"
    assert texts(tab.error) == [f"{SENTENCES['appointments_affected']}\n\n{affected}"]
    assert len(rows(clinic)) == 1


def test_an_edit_that_overlaps_is_refused(clinic: Clinic, doctor: User, tab: AppTest):
    press(tab, "Edit")
    clinic.add_schedule(doctor, FRIDAY)
    next(one for one in tab.selectbox if one.label == "Day").select(FRIDAY)
    press(tab, "Save")
    assert texts(tab.error) == [SENTENCES["schedule_overlaps"]]
    assert rows(clinic)[0] == (MONDAY, "09:00", "17:00", 30, True)


def test_wrong_hours_are_explained(tab: AppTest):
    set_end(tab, time(8))
    add(tab, [FRIDAY])
    [sentence] = texts(tab.error)
    assert sentence == (
        "Friday: Please check the end time: The end must be after the start, on the same day."
    )
