"""What a person does with a page, and the events that the browser sends by itself."""

import json
from collections.abc import Iterable
from typing import Any

from streamlit.components.v2.bidi_component.main import _make_trigger_id
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Block

from frontend.tests.clinic import PASSWORD


def fill(tab: AppTest | Block, label: str, text: str) -> None:
    next(field for field in tab.text_input if field.label == label).set_value(text)


def press(tab: AppTest, label: str) -> AppTest:
    return next(button for button in tab.button if button.label == label).click().run()


def log_in(tab: AppTest, username: str, password: str = PASSWORD) -> AppTest:
    """Log in, and let the browser keep the login."""
    fill(tab, "Username", username)
    fill(tab, "Password", password)
    press(tab, "Log in")
    return browser_answers(tab, "kept") if cookie_order(tab)["operation"] else tab


def cookie_order(tab: AppTest) -> dict[str, Any]:
    """What the browser has to do with its session cookie."""
    order: dict[str, Any] = json.loads(_component(tab, "clinic.session_bridge").json)
    return order


def idle_seconds(tab: AppTest) -> int:
    """The seconds after which the timer in the browser runs the idle warning again."""
    seconds: int = json.loads(_component(tab, "clinic.idle_timer").json)["seconds"]
    return seconds


def browser_answers(tab: AppTest, outcome: str) -> AppTest:
    """Let the bridge report that the cookie was `kept` or `lost`."""
    return _report(tab, "clinic.session_bridge", outcome, cookie_order(tab)["ticket"])


def click_event(tab: AppTest, event_id: Any) -> AppTest:
    """Click an event of the calendar."""
    return _report(tab, "clinic.calendar", "pick", {"kind": "event", "id": str(event_id)})


def texts(elements: Iterable[Any]) -> list[str]:
    return [element.value for element in elements]


def labels(elements: Iterable[Any]) -> list[str]:
    return [element.label for element in elements]


def _report(tab: AppTest, component: str, event: str, value: Any) -> AppTest:
    """Let a component of the page report an event, as its script does in the browser."""
    states = tab._tree.get_widget_states()
    states.widgets.add(
        id=_make_trigger_id(_component(tab, component).id, "events"),
        json_trigger_value=json.dumps([{"event": event, "value": value}]),
    )
    return tab._run(states)


def _component(tab: AppTest, name: str) -> Any:
    components = (node.proto for node in tab.get("bidi_component"))
    return next(one for one in components if one.component_name == name)
