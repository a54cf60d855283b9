"""A server that does not wait for silent clients, reads no endless heads, and drops no request."""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

REQUEST_DEADLINE_SECONDS = 9.0
LARGEST_HEAD = 65_536  # bytes of the request line and the headers, after a first packet
DRAIN_SECONDS = 0.5
HEAD_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-length: 0\r\nconnection: close\r\n\r\n"
)


class GuardedProtocol(HttpToolsProtocol):
    """Closes a connection on which a request does not become whole in time, or has no end.

    uvicorn keeps a connection open for ever that sends nothing, or one byte a minute; 500 of
    those must not keep others out. The wait between two requests is uvicorn's own keep-alive.
    It also closes idle connections as soon as the server stops; here they are served for a
    moment longer, so that a request that is on its way gets its answer.
    """

    _deadline: asyncio.TimerHandle | None = None
    _is_in_head = False
    _head_size = 0
    _is_draining = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._set_deadline()

    def data_received(self, data: bytes) -> None:
        was_in_head = self._is_in_head
        super().data_received(data)
        if was_in_head and self._is_in_head:
            self._head_size += len(data)
            if self._head_size > LARGEST_HEAD:
                self.transport.write(HEAD_TOO_LARGE)
                self.transport.close()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._is_in_head = True
        self._head_size = 0
        if self._deadline is None:
            self._set_deadline()

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self._is_in_head = False
        if self._is_draining:
            self.cycle.keep_alive = False

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._cancel_deadline()

    def connection_lost(self, exc: Exception | None) -> None:
        self._cancel_deadline()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        self._is_draining = True
        is_idle = getattr(self.cycle, "response_complete", True)  # there is none before a request
        if is_idle:
            self.loop.call_later(DRAIN_SECONDS, super().shutdown)
        else:
            super().shutdown()

    def _set_deadline(self) -> None:
        self._deadline = self.loop.call_later(REQUEST_DEADLINE_SECONDS, self.transport.abort)

    def _cancel_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
