"""Odd requests thrown at a service over raw sockets, each answer read and counted."""

from __future__ import annotations

import asyncio
from asyncio import StreamReader, StreamWriter
from collections import Counter
from contextlib import suppress

from tests.fuzz.odd import Oddity, Request

SOCKETS = 8
PATIENCE = 15.0  # seconds for an answer; a request that breaks off is hung up on sooner


class Thrower:
    """Keeps its connection as long as the service does."""

    def __init__(self, port: int, seed: int) -> None:
        self._port = port
        self._oddity = Oddity(seed)
        self._line: tuple[StreamReader, StreamWriter] | None = None
        self.answers: Counter[str] = Counter()  # by status; `none`: the line was closed without a word
        self.worst: list[tuple[str, bytes]] = []

    async def throw(self, times: int) -> None:
        for _ in range(times):
            request = self._oddity.next()
            answer = await self._asked(request)
            self.answers[answer] += 1
            if (answer.startswith("5") and answer != "503") or (answer == "none" and request.whole):
                self.worst.append((answer, request.sent[:2000]))
        self._hang_up()

    async def _asked(self, request: Request) -> str:
        try:
            reader, writer = self._line = self._line or await asyncio.open_connection("127.0.0.1", self._port)
            writer.write(request.sent)
            if not request.whole:
                writer.write_eof()
            async with asyncio.timeout(PATIENCE):
                status, keep = await _read(reader, request.method)
            if not keep or not request.whole:
                self._hang_up()
            return status
        except (ConnectionError, asyncio.IncompleteReadError, TimeoutError):
            self._hang_up()
            return "none"

    def _hang_up(self) -> None:
        if self._line is not None:
            with suppress(OSError):
                self._line[1].close()
            self._line = None


async def _read(reader: StreamReader, method: str) -> tuple[str, bool]:
    """The status, and whether the line stays."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    status = head.split(b" ", 2)[1].decode()
    length = int(head.partition(b"\r\ncontent-length: ")[2].partition(b"\r\n")[0] or 0)
    if method != "HEAD":
        await reader.readexactly(length)
    return status, b"\r\nconnection: close" not in head


async def throw(port: int, times: int, seed: int) -> tuple[Counter[str], list[tuple[str, bytes]]]:
    """How often each status was answered; and the requests that were answered as none may be."""
    throwers = [Thrower(port, seed * SOCKETS + number) for number in range(SOCKETS)]
    await asyncio.gather(*(each.throw(times // SOCKETS) for each in throwers))
    answers: Counter[str] = sum((each.answers for each in throwers), Counter())
    return answers, [each for thrower in throwers for each in thrower.worst]
