"""The script: it runs from top to bottom for every click of every tab."""

from functools import partial
from pathlib import Path

import streamlit as st

from ui import navigation
from ui.api.errors import ApiFailure
from ui.config import settings
from ui.login import cookie_bridge, idle_warning, session
from ui.widgets import browser

PAGE_ICON = "🩺"
STYLE = Path(__file__).parent / "style.css"


def main() -> None:
    person = None
    try:
        person = session.current()
    except ApiFailure as failure:
        page = navigation.one_page_everywhere(partial(show_outage, failure))
    else:
        if person:
            session.note_activity()
        page = navigation.choose_page(person)
    st.set_page_config(
        page_title=f"{page.title} · {settings().clinic_name}", page_icon=PAGE_ICON, layout="wide"
    )
    st.html(STYLE)
    top, body, foot = st.container(), st.container(), st.container()
    with foot:
        cookie_bridge.mount()
        browser.mount()
        if person and not session.cookie_order():
            idle_warning.mount("page")
    with body:
        page.run()
    # Last, as a page that leads on to another one ends the run, and the warning is for that one.
    if warning := session.take_warning():
        top.warning(warning)


def show_outage(failure: ApiFailure) -> None:
    st.title("We will be right back")
    st.info(failure.sentence)
    st.button("Try again", type="primary")


main()
