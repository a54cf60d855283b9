"""The frontend's ASGI entry: `streamlit run app.py`, or any ASGI server with `app:app`."""

import streamlit as st

from ui import config, server

config.refuse_unusable_settings()
app = st.App(
    server.SCRIPT,
    routes=server.routes(),
    middleware=server.middleware(),
    on_script_error=server.on_script_error,
)
