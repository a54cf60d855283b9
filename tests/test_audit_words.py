"""Every action that the API writes into the audit log has words on the pages, and no other has."""

import re
from pathlib import Path

from ui.components.audit_text import ACTIONS

APP = Path(__file__).parents[1] / "backend" / "app"
ACTION = re.compile(r'"([a-z]+\.[a-z-]+)"')


def test_every_action_has_words() -> None:
    sources = [*(APP / "services").glob("*.py"), *(APP / "api").rglob("*.py")]
    written = {name for source in sources for name in ACTION.findall(source.read_text())}
    assert written == set(ACTIONS)
