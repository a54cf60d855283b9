"""What every page needs of the browser: texts that stay true, and one way to write dates."""

from pathlib import Path

import streamlit as st

from ui.config import settings

_browser = st.components.v2.component(
    "clinic.browser", js=(Path(__file__).parent / "browser.js").read_text("utf-8")
)


def mount() -> None:
    _browser(key="browser", data={"locale": settings().conventions.tag}, height="content")
