"""Serves the user interface behind the same guarded protocol as the API."""

import argparse
import socket
import sys
from contextlib import suppress
from typing import Final
from urllib.parse import urlsplit

import uvicorn
from starlette.types import ASGIApp
from streamlit import config as streamlit_config

from ui.config import UNUSABLE, settings
from ui.server.listening import listening_sockets
from ui.server.protocol import GuardedProtocol

LARGEST_MESSAGE: Final = 262_144  # bytes that a browser sends at once: the fields of one page
PING_SECONDS: Final = 20  # a browser that does not answer within as many again has gone
STOP_SECONDS: Final = 3  # for the requests under way, as at the API


def serve(app: ASGIApp) -> None:
    """Serve the application on FRONTEND_HOST and FRONTEND_PORT until the process is stopped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reload", action="store_true", help="run a page again when it changes")
    if parser.parse_args().reload:
        _watch_the_code()
    _name_own_address()
    config = uvicorn.Config(
        app,
        http=GuardedProtocol,
        ws="websockets-sansio",
        ws_max_size=LARGEST_MESSAGE,
        ws_ping_interval=PING_SECONDS,
        ws_ping_timeout=PING_SECONDS,
        ws_per_message_deflate=False,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=STOP_SECONDS,
    )
    with suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(_bind(settings().frontend_host, settings().frontend_port))


def _bind(host: str, port: int) -> list[socket.socket]:
    try:
        return listening_sockets(host, port)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        sys.stderr.write(
            f"FRONTEND_HOST={host} with FRONTEND_PORT={port} cannot be used ({reason}). End the"
            " program that uses the port, or set an address of this machine and a free port.\n"
        )
        sys.exit(UNUSABLE)


def _watch_the_code() -> None:
    """Overrule the project's configuration, as variables do with `streamlit run` only."""
    streamlit_config.set_option("server.fileWatcherType", "auto")
    streamlit_config.set_option("server.runOnSave", True)  # noqa: FBT003 - its signature


def _name_own_address() -> None:
    """Set Streamlit's option for the public address.

    Without it, a websocket with another Host makes Streamlit request this machine's address from a
    server on the internet, which blocks all sessions. `ui.server.Guard` decides which origins may
    connect.
    """
    host = urlsplit(settings().public_url or "").hostname
    if host:
        streamlit_config.set_option("browser.serverAddress", host)
