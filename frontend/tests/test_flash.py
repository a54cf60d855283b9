"""News of a change: told once, kept for a moment, and not replaced by a second click."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from frontend.tests.page_driver import SLOW_MACHINE_SECONDS, press, texts
from ui.api.errors import SENTENCES
from ui.login import session
from ui.widgets import flash

PAGE = Path(__file__).with_name("page_with_a_change.py")


@pytest.fixture
def tab(monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """The page of somebody who is logged in; a refusal of a session that is over is not told."""
    monkeypatch.setattr(session, "is_over", lambda: False)
    return AppTest.from_file(PAGE, default_timeout=SLOW_MACHINE_SECONDS).run()


def test_a_second_click_neither_repeats_the_change_nor_hides_the_news(tab: AppTest):
    press(tab, "Change")
    press(tab, "Change")
    assert (texts(tab.success), texts(tab.error)) == (["It is done"], [])
    assert tab.session_state.changes == 1


def test_another_change_is_told_instead(tab: AppTest):
    press(tab, "Change")
    press(tab, "Change again")
    assert (texts(tab.success), texts(tab.error)) == ([], [SENTENCES["illegal_transition"]])


def test_news_go_with_what_is_done_later(tab: AppTest, monkeypatch: pytest.MonkeyPatch):
    press(tab, "Change")
    monkeypatch.setattr(flash, "LINGER_SECONDS", -1.0)
    assert texts(tab.run().success) == []
