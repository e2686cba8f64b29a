"""A request below HTTP: how long its head and the whole may take, how large the head may grow, who may connect."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from bot.connections import Connections

MOST_BYTES = 80 * 1024  # a webhook by GET brings its text in the address: 64 KiB, and the headers
MOST_SECONDS = 10.0
# Of head and body together. Whoever reads the body allows it 10 s, and has then time to say so; this is for the bodies
# that nobody reads, and for those that began when the head was late already.
MOST_SECONDS_IN_ALL = 12.0

TOO_MANY = (
    b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: 25\r\n"
    b"x-content-type-options: nosniff\r\ncache-control: no-store\r\nreferrer-policy: no-referrer\r\n"
    b"retry-after: 5\r\nconnection: close\r\n\r\ntoo many from one address"
)


class Impatient(HttpToolsProtocol):
    """Hangs up on a request that has no end. uvicorn waits for ever, and keeps all that comes."""

    seconds = MOST_SECONDS
    seconds_in_all = MOST_SECONDS_IN_ALL
    _awaited: asyncio.TimerHandle | None = None
    _end: asyncio.TimerHandle | None = None
    _size = 0
    _counted = False

    def __init__(self, *given: Any, connections_of: Connections | None = None, **named: Any) -> None:
        super().__init__(*given, **named)
        self._connections = connections_of or Connections()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._counted = self._connections.take(self._host)
        if not self._counted:
            transport.write(TOO_MANY)
            transport.close()
            return
        self._await_head()

    @property
    def _host(self) -> str:
        return self.client[0] if self.client else ""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._await_head()
        self._whole_came()
        self._end = self.loop.call_later(self.seconds_in_all, self.transport.abort)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._size += len(data)
        if self._awaited and self._size > MOST_BYTES:
            self.transport.abort()

    def on_headers_complete(self) -> None:
        self._head_came()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._whole_came()
        super().on_message_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_came()
        self._whole_came()
        if self._counted:
            self._connections.leave(self._host)
        super().connection_lost(exc)

    def _await_head(self) -> None:
        self._head_came()
        self._size = 0
        self._awaited = self.loop.call_later(self.seconds, self.transport.abort)

    def _head_came(self) -> None:
        if self._awaited:
            self._awaited.cancel()
            self._awaited = None

    def _whole_came(self) -> None:
        if self._end:
            self._end.cancel()
            self._end = None
