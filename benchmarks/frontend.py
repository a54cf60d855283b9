"""The rerun of a page while many people have theirs open, over Streamlit's own websockets."""

import asyncio
import sys
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

from benchmarks.crowds import Waits, as_waits
from benchmarks.dataset import SignedIn
from benchmarks.load import LoadFailedError
from benchmarks.paths import Stage
from benchmarks.quiet import undisturbed_once
from benchmarks.servers import COOKIE, PRODUCTION, ROOT, Server, clinic_server, free_port, serving

PEOPLE = 50
ROUNDS = 2
MOST_SECONDS = 60


def page_reruns(stage: Stage, folder: Path) -> Waits:
    """The patient's first page, run again by one person after the other."""
    with (
        serving(clinic_server(stage.url, folder)) as api,
        serving(frontend_server(api, folder)) as frontend,
    ):
        seconds = undisturbed_once(lambda: asyncio.run(_reruns(frontend, stage.newcomers[:PEOPLE])))
    return as_waits(f"a page's rerun with {PEOPLE} sessions open", stage.engine, seconds)


def frontend_server(api: Server, folder: Path) -> Server:
    """The frontend as in production."""
    port = free_port()
    return Server(
        [sys.executable, "app.py"],
        port=port,
        health="/healthz",
        log=folder / "frontend.log",
        environment={
            **PRODUCTION,
            "API_URL": api.url,
            "FRONTEND_PORT": str(port),
            "HOME": str(folder),
        },
        folder=ROOT / "frontend",
    )


async def _reruns(frontend: Server, people: Sequence[SignedIn]) -> list[float]:
    async with AsyncExitStack() as sockets:
        pages = [Page(await sockets.enter_async_context(_connect(frontend, who))) for who in people]
        for page in pages:
            await page.run()
        return [await page.run() for _ in range(ROUNDS) for page in pages]


class Page:
    """A page in somebody's browser, which says where it is as a browser does."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._state = ClientState()

    async def run(self) -> float:
        """Seconds until the script has run to its end. Raises LoadFailedError when it fails."""
        began = time.perf_counter()
        await self._socket.send(BackMsg(rerun_script=self._state).SerializeToString())
        async with asyncio.timeout(MOST_SECONDS):
            while not self._is_finished_by(await self._socket.recv(decode=False)):
                pass
        return time.perf_counter() - began

    def _is_finished_by(self, message: bytes) -> bool:
        answer = ForwardMsg.FromString(message)
        match answer.WhichOneof("type"):
            case "navigation":
                self._state.page_script_hash = answer.navigation.page_script_hash
            case "page_info_changed":
                self._state.query_string = answer.page_info_changed.query_string
            case "script_finished":
                if answer.script_finished == ForwardMsg.FINISHED_WITH_COMPILE_ERROR:
                    raise LoadFailedError("A page cannot be run.")
                return bool(answer.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY)
        return False


def _connect(frontend: Server, who: SignedIn) -> connect:
    return connect(
        PRODUCTION["PUBLIC_URL"].replace("https", "ws") + "/_stcore/stream",
        host="127.0.0.1",
        port=frontend.port,
        origin=PRODUCTION["PUBLIC_URL"],  # type: ignore[arg-type]
        subprotocols=["streamlit"],  # type: ignore[list-item]
        additional_headers={"Cookie": f"{COOKIE}={who.token}"},
        max_size=None,
        proxy=None,
    )
