"""A person's browser, and whatever it complains about."""

import re
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, WebSocket

THIS_MACHINE = {"localhost", "127.0.0.1", None}  # None: blob: and data: have no host
# On a deep link Streamlit's page asks for itself below the link's own path first.
STREAMLIT_LOOKS_FOR_ITSELF = r"status of 404 .*/[a-z-]+/_stcore/(health|host-config)$"


class Visitor:
    """One browser with its cookies; a second tab is a second page of it.

    It remembers console errors (a breach of the content security policy is one), uncaught
    exceptions and requests to the rest of the internet. `tolerated` are patterns of the complaints
    that a test provokes.
    """

    def __init__(self, context: BrowserContext, url: str, tolerated: Iterable[str] = ()) -> None:
        self.context = context
        self.url = url
        self.tolerated: list[re.Pattern[str]] = []
        self.tolerate(STREAMLIT_LOOKS_FOR_ITSELF, *tolerated)
        self.complaints: list[str] = []
        context.on("console", self._hear)
        context.on("weberror", lambda error: self._complain(f"uncaught: {error.error}"))
        context.on("request", self._see)
        self.page = context.new_page()
        self.sockets: list[WebSocket] = []
        self.page.on("websocket", self._connect)

    def tolerate(self, *patterns: str) -> None:
        """Hear no complaints like these from now on."""
        self.tolerated += map(re.compile, patterns)

    def open(self, path: str = "/", page: Page | None = None) -> None:
        (page or self.page).goto(self.url + path)

    def new_tab(self, path: str = "/") -> Page:
        page = self.context.new_page()
        self.open(path, page)
        return page

    def wait_for_refresh(self) -> None:
        """Wait until the page, left alone, has asked for news by itself."""
        self.sockets[-1].wait_for_event("framesent")

    def photograph(self, folder: Path, name: str) -> None:
        """Keep what every tab shows, for the eye and as a screen reader has it."""
        for number, page in enumerate(self.context.pages):
            page.screenshot(path=folder / f"{name}-{number}.png", full_page=True)
            snapshot = page.locator("body").aria_snapshot()
            (folder / f"{name}-{number}.yaml").write_text(snapshot)

    def _connect(self, socket: WebSocket) -> None:
        self.sockets.append(socket)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._complain(f"console: {message.text} {message.location['url']}".rstrip())

    def _see(self, request: Request) -> None:
        if urlsplit(request.url).hostname not in THIS_MACHINE:
            self._complain(f"left the machine: {request.url}")

    def _complain(self, complaint: str) -> None:
        if not any(pattern.search(complaint) for pattern in self.tolerated):
            self.complaints.append(complaint)
