"""What a person does with a page, and what is then to be read there.

A test's tab runs the whole page for every step, which closes a dialog: what is entered in a dialog
is entered and submitted in one step.
"""

from collections.abc import Iterable
from typing import Any

from streamlit.testing.v1 import AppTest

SLOW_MACHINE_SECONDS = 120


def press(tab: AppTest, label: str) -> AppTest:
    """Press the first button that reads `label`."""
    return next(one for one in tab.button if one.label == label).click().run()


def choose(tab: AppTest, label: str, option: Any) -> AppTest:
    return next(one for one in tab.selectbox if one.label == label).select(option).run()


def choose_time(tab: AppTest, time: str) -> AppTest:
    return pills(tab, "Free times").set_value(time).run()


def choose_date(tab: AppTest, day: Any) -> AppTest:
    return next(one for one in tab.date_input if one.label == "Date").set_value(day).run()


def write(tab: AppTest, label: str, text: str) -> AppTest:
    return next(one for one in tab.text_area if one.label == label).input(text).run()


def pills(tab: AppTest, label: str) -> Any:
    return next(one for one in tab.button_group if one.proto.label.startswith(label))


def offered_times(tab: AppTest) -> list[str]:
    return [
        option
        for one in tab.button_group
        if one.proto.label.startswith("Free times")
        for option in one.options
    ]


def buttons(tab: AppTest) -> list[str]:
    return [one.label for one in tab.button if one.label != "Log out"]


def headlines(tab: AppTest) -> list[str]:
    """The first lines of the cards on the page."""
    return [text for text in texts(tab.markdown) if text.startswith("**") and " · " in text]


def texts(elements: Iterable[Any]) -> list[str]:
    return [element.value for element in elements]
