"""Fixes in the browser for every page: translated texts stay current, dates have one format."""

from pathlib import Path

import streamlit as st

from ui.config import settings

_browser = st.components.v2.component(
    "clinic.browser", js=(Path(__file__).parent / "browser.js").read_text("utf-8")
)


def mount() -> None:
    _browser(key="browser", data={"locale": settings().conventions.tag}, height="content")
