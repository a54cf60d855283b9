"""The script: it runs from top to bottom for every click of every tab."""

from functools import partial

import streamlit as st

from ui import navigation, session
from ui.api.errors import ApiFailure
from ui.components import session_bridge
from ui.config import settings

PAGE_ICON = "🩺"


def main() -> None:
    try:
        person = session.current()
    except ApiFailure as failure:
        page = navigation.one_page_everywhere(partial(show_outage, failure))
    else:
        page = navigation.choose_page(person)
    st.set_page_config(
        page_title=f"{page.title} · {settings().clinic_name}", page_icon=PAGE_ICON, layout="wide"
    )
    body, foot = st.container(), st.container()
    with foot:
        session_bridge.mount()
    with body:
        show_warning()
        page.run()


def show_warning() -> None:
    sentence = session.take_warning()
    if sentence:
        st.warning(sentence)


def show_outage(failure: ApiFailure) -> None:
    st.title("We will be right back")
    st.info(failure.sentence)
    st.button("Try again", type="primary")


main()
