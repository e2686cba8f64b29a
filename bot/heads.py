"""The head of a request, its first line and headers: how long it may take, and how large it may grow."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_BYTES = 80 * 1024  # a webhook by GET brings its text in the address: 64 KiB, and the headers
MOST_SECONDS = 10.0


class Impatient(HttpToolsProtocol):
    """Hangs up on a head that has no end. uvicorn waits for ever, and keeps all that comes."""

    seconds = MOST_SECONDS
    _awaited: asyncio.TimerHandle | None = None
    _size = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._await_head()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._await_head()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._size += len(data)
        if self._awaited and self._size > MOST_BYTES:
            self.transport.abort()

    def on_headers_complete(self) -> None:
        self._head_came()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_came()
        super().connection_lost(exc)

    def _await_head(self) -> None:
        self._head_came()
        self._size = 0
        self._awaited = self.loop.call_later(self.seconds, self.transport.abort)

    def _head_came(self) -> None:
        if self._awaited:
            self._awaited.cancel()
            self._awaited = None
