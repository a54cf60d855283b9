"""The frontend's ASGI application. `python app.py` serves it."""

import streamlit as st

from ui import config, server
from ui.server.serve import serve

config.refuse_unusable_settings()
app = st.App(
    server.SCRIPT,
    routes=server.routes(),
    middleware=server.middleware(),
    on_script_error=server.on_script_error,
)

if __name__ == "__main__":
    serve(app)
