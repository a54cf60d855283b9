# Copied from backend/app/http/server_protocol.py by `make generate`.
"""A server that does not wait for silent clients, reads no endless heads, and drops no request.

The frontend serves with the same protocol: `make generate` copies this module there.
"""

import asyncio

from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

REQUEST_DEADLINE_SECONDS = 9.0
ANSWER_DEADLINE_SECONDS = 30.0  # for the client to read what the connection could not take at once
LARGEST_HEAD = 65_536  # bytes of a request that are not its body: request line, headers, trailers
DRAIN_SECONDS = 0.5
HEAD_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-length: 0\r\nconnection: close\r\n\r\n"
)


class HeadTooLargeError(Exception):
    """A request has more than `LARGEST_HEAD` bytes that are not its body."""


class GuardedProtocol(HttpToolsProtocol):
    """Closes a connection whose request is not complete in time or too large, or is not read.

    uvicorn keeps a connection open forever that sends nothing, or one byte a minute, or does not
    read its answer; 500 of those must not keep others out. The wait between two requests is
    uvicorn's own keep-alive.
    It also closes idle connections as soon as the server stops; here they are served for a
    moment longer, so that a request that is on its way gets its answer.
    """

    _deadline: asyncio.TimerHandle | None = None
    _answer_deadline: asyncio.TimerHandle | None = None
    _head_size = 0
    _packet_size = 0
    _is_head_too_large = False
    _is_draining = False
    _running: RequestResponseCycle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._set_deadline()

    def data_received(self, data: bytes) -> None:
        self._set_deadline()  # an empty line ends uvicorn's keep-alive, but begins no request
        self._packet_size = len(data)
        self._head_size += len(data)
        super().data_received(data)
        if self._head_size > LARGEST_HEAD and not self.transport.is_closing():
            self._refuse_head()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._set_deadline()

    def on_headers_complete(self) -> None:
        if self._packet_size > LARGEST_HEAD:  # a whole head in one packet is counted here only
            size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
            if size > LARGEST_HEAD:
                self._is_head_too_large = True
                raise HeadTooLargeError
        super().on_headers_complete()
        if self._is_draining and self.cycle is not None:
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        self._head_size -= len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._head_size = 0
        self._cancel_deadline()

    def send_400_response(self, msg: str) -> None:
        if self._is_head_too_large:
            self._refuse_head()
        else:
            super().send_400_response(msg)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._answer_deadline = self._abort_later(ANSWER_DEADLINE_SECONDS)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._cancel_answer_deadline()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.transport.is_closing():
            self._abort_later(ANSWER_DEADLINE_SECONDS)

    def timeout_keep_alive_handler(self) -> None:
        super().timeout_keep_alive_handler()
        self._abort_later(ANSWER_DEADLINE_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        self._cancel_deadline()
        self._cancel_answer_deadline()
        if self._running is not None:  # uvicorn tells the newest of several pipelined requests only
            self._running.disconnected = True
            self._running.message_event.set()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        self._is_draining = True
        is_idle = getattr(self.cycle, "response_complete", True)  # there is none before a request
        if is_idle:
            self.loop.call_later(DRAIN_SECONDS, super().shutdown)
        else:
            super().shutdown()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    def _refuse_head(self) -> None:
        self.transport.write(HEAD_TOO_LARGE)
        self.transport.close()

    def _set_deadline(self) -> None:
        if self._deadline is None:
            self._deadline = self._abort_later(REQUEST_DEADLINE_SECONDS)

    def _cancel_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _cancel_answer_deadline(self) -> None:
        if self._answer_deadline is not None:
            self._answer_deadline.cancel()
            self._answer_deadline = None

    def _abort_later(self, seconds: float) -> asyncio.TimerHandle:
        """Close the connection then, even with an answer that could not be sent."""
        return self.loop.call_later(seconds, self.transport.abort)
