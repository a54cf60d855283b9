"""What a person does with a page, and what the browser does unasked."""

import json
from collections.abc import Iterable
from typing import Any

from streamlit.components.v2.bidi_component.main import _make_trigger_id
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Block

from tests.fake_clinic import PASSWORD


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
    """What the page asks the browser to do with its session cookie."""
    order: dict[str, Any] = json.loads(_bridge(tab).json)
    return order


def browser_answers(tab: AppTest, outcome: str) -> AppTest:
    """Let the bridge report that the cookie was `kept` or `lost`."""
    states = tab._tree.get_widget_states()
    payload = [{"event": outcome, "value": cookie_order(tab)["ticket"]}]
    states.widgets.add(
        id=_make_trigger_id(_bridge(tab).id, "events"), json_trigger_value=json.dumps(payload)
    )
    return tab._run(states)


def texts(elements: Iterable[Any]) -> list[str]:
    return [element.value for element in elements]


def labels(elements: Iterable[Any]) -> list[str]:
    return [element.label for element in elements]


def _bridge(tab: AppTest) -> Any:
    components = (node.proto for node in tab.get("bidi_component"))
    return next(one for one in components if one.component_name == "clinic.session_bridge")
