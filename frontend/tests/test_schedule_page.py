"""Schedule Management, as a doctor uses it."""

from datetime import time

import pytest
from streamlit.testing.v1 import AppTest

from frontend.tests.conftest import OpenPage
from frontend.tests.fake_api import FakeApi
from frontend.tests.fake_clinic import MONDAY_MORNING, Json
from frontend.tests.fake_refusals import RefusedError
from frontend.tests.page_driver import buttons, headlines, pills, press, texts
from ui.api.errors import SENTENCES, UNREACHABLE

PAGE = "schedule-management"
MONDAY, WEDNESDAY, FRIDAY = 0, 2, 4


@pytest.fixture
def doctor(api: FakeApi) -> Json:
    return api.add_user("dr_smith", role="doctor", full_name="Dr. John Smith")


@pytest.fixture
def tab(api: FakeApi, doctor: Json, open_page: OpenPage) -> AppTest:
    """The page of a doctor who works on Mondays from 9:00 to 17:00."""
    api.add_schedule(doctor, MONDAY)
    return open_page(PAGE, as_user=doctor)


def add(tab: AppTest, days: list[int]) -> AppTest:
    pills(tab, "Days of the week").set_value(days)
    return press(tab, "Add Schedule")


def set_end(tab: AppTest, end: time, *, form: int = 0) -> None:
    [one for one in tab.time_input if one.label == "End time"][form].set_value(end)


def rows(api: FakeApi) -> list[tuple[int, str, str, int, bool]]:
    return [
        (
            row["day_of_week"],
            row["start_time"],
            row["end_time"],
            row["slot_duration"],
            row["is_active"],
        )
        for row in api.schedules.values()
    ]


def test_without_hours_there_is_a_sentence(doctor: Json, open_page: OpenPage):
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


def test_hours_are_added_to_several_days_at_once(api: FakeApi, tab: AppTest):
    set_end(tab, time(13))
    tab.number_input[0].set_value(20)
    add(tab, [WEDNESDAY, FRIDAY])
    assert rows(api)[1:] == [
        (WEDNESDAY, "09:00", "13:00", 20, True),
        (FRIDAY, "09:00", "13:00", 20, True),
    ]
    assert texts(tab.success) == ["Added: Wednesday and Friday 9:00–13:00 in slots of 20 minutes"]
    assert pills(tab, "Days of the week").value == []


def test_hours_may_end_at_midnight(api: FakeApi, tab: AppTest):
    set_end(tab, time(0))
    add(tab, [FRIDAY])
    assert rows(api)[1:] == [(FRIDAY, "09:00", "24:00", 30, True)]


def test_a_day_is_asked_for(api: FakeApi, tab: AppTest):
    add(tab, [])
    assert texts(tab.error) == ["Please choose at least one day of the week."]
    assert len(rows(api)) == 1


def test_an_overlap_on_one_day_leaves_the_others_added(api: FakeApi, tab: AppTest):
    add(tab, [MONDAY, FRIDAY])
    assert texts(tab.success) == ["Added: Friday 9:00–17:00 in slots of 30 minutes"]
    assert texts(tab.error) == [f"Monday: {SENTENCES['schedule_overlaps']}"]
    assert pills(tab, "Days of the week").value == [MONDAY]
    assert [row[0] for row in rows(api)] == [MONDAY, FRIDAY]


def test_an_outage_while_adding_keeps_the_days(api: FakeApi, tab: AppTest):
    api.down = True
    add(tab, [WEDNESDAY, FRIDAY])
    assert texts(tab.error) == [f"Wednesday and Friday: {UNREACHABLE}", UNREACHABLE]
    assert pills(tab, "Days of the week").value == [WEDNESDAY, FRIDAY]
    api.down = False
    press(tab, "Try again")
    assert headlines(tab) == ["**Monday 9:00–17:00** · 30 minutes"]


def test_hours_are_edited(api: FakeApi, tab: AppTest):
    press(tab, "Edit")
    next(one for one in tab.selectbox if one.label == "Day").select(FRIDAY)
    set_end(tab, time(13), form=1)
    press(tab, "Save")
    assert rows(api) == [(FRIDAY, "09:00", "13:00", 30, True)]
    assert texts(tab.success) == ["Saved: Friday 9:00–13:00 in slots of 30 minutes"]
    assert buttons(tab) == ["Add Schedule", "Edit", "Deactivate", "Delete"]


def test_hours_are_switched_off_and_on_again(api: FakeApi, tab: AppTest):
    press(tab, "Deactivate")
    assert texts(tab.success) == ["Monday 9:00–17:00 is now inactive"]
    assert rows(api) == [(MONDAY, "09:00", "17:00", 30, False)]
    press(tab, "Activate")
    assert texts(tab.success) == ["Monday 9:00–17:00 is now active"]
    assert rows(api) == [(MONDAY, "09:00", "17:00", 30, True)]


def test_deleting_asks_first(api: FakeApi, tab: AppTest):
    press(tab, "Delete")
    press(tab, "Keep it")
    assert len(rows(api)) == 1
    press(tab, "Delete")
    press(tab, "Yes, delete it")
    assert rows(api) == []
    assert texts(tab.success) == ["Deleted: Monday 9:00–17:00"]


def test_appointments_in_the_way_are_named(api: FakeApi, doctor: Json, tab: AppTest):
    patient = api.add_user("ann", full_name="Ann *Other*")
    api.add_appointment(doctor, patient, MONDAY_MORNING.replace(hour=9))
    press(tab, "Delete")
    press(tab, "Yes, delete it")
    affected = r"- Monday 30 November 2026, 9:00: Ann \*Other\* with Dr. John Smith"
    assert texts(tab.error) == [f"{SENTENCES['appointments_affected']}\n\n{affected}"]
    assert len(rows(api)) == 1


@pytest.mark.parametrize("code", ["schedule_overlaps", "appointments_affected"])
def test_a_refused_edit_is_a_sentence(api: FakeApi, tab: AppTest, code: str):
    api.refusals["PUT", "/schedules/1"] = RefusedError(code)
    press(tab, "Edit")
    press(tab, "Save")
    assert texts(tab.error) == [SENTENCES[code]]
    assert rows(api) == [(MONDAY, "09:00", "17:00", 30, True)]


def test_wrong_hours_are_explained(api: FakeApi, tab: AppTest):
    message = "must be after the start"
    api.refusals["POST", "/schedules/"] = RefusedError(
        "invalid_input", errors=[{"field": "end_time", "message": message}]
    )
    add(tab, [FRIDAY])
    assert texts(tab.error) == [f"Friday: Please check the end time: {message}."]
