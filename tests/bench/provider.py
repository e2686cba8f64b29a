"""A provider that answers at once and remembers what it took, as a process of its own."""

from __future__ import annotations

import asyncio
import time

import uvloop

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
ACCEPTED = (
    b'{"message-count":"1","messages":[{"to":"447700900999","message-id":"%016X","status":"0",'
    b'"remaining-balance":"37.43563628","message-price":"0.04120000","network":"23420"}]}'
)
BARRED = b'{"message-count":"1","messages":[{"status":"8","error-text":"Partner account barred"}]}'


class Ledger:
    def __init__(self) -> None:
        self.taken: list[bytes] = []
        self.ids = 0
        self.barred = False

    def take(self, form: bytes) -> bytes:
        if self.barred:
            return BARRED
        self.taken.append(b"%d\t%b\n" % (time.perf_counter_ns(), form))
        self.ids += 1
        return ACCEPTED % self.ids

    def told(self, path: bytes) -> bytes:
        """The benchmark's own questions and orders."""
        match path:
            case b"/taken":
                taken, self.taken = self.taken, []
                return b"".join(taken)
            case b"/count":
                return b"%d" % len(self.taken)
            case _:
                self.barred = path == b"/barred"
                return b""


class Provider(asyncio.Protocol):
    """HTTP/1.1 with keep-alive, as far as aiohttp and urllib speak it."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._received = b""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, blank, rest = self._received.partition(b"\r\n\r\n")
        if not blank:
            return
        length = _length(head)
        if len(rest) < length:
            return
        self._received = b""
        body = self._ledger.take(rest) if head.startswith(b"POST") else self._ledger.told(head.split(None, 2)[1])
        self._transport.write(HEAD % len(body) + body)


def _length(head: bytes) -> int:
    found = head.partition(b"Content-Length: ")[2]
    return int(found.partition(b"\r\n")[0]) if found else 0


async def serve() -> None:
    ledger = Ledger()
    server = await asyncio.get_running_loop().create_server(lambda: Provider(ledger), "127.0.0.1", 0)
    print(f"listens on http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve())
