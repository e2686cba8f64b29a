"""Servers in the test's own process: any app on a free port, a client for the emulator, a service that records."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import parse_qsl

import aiohttp
import uvicorn
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.emulator.hangup import Tangible
from bot.emulator.profile import Profile
from bot.server import address, listen


class QuietServer(uvicorn.Server):
    """Leaves the signals to pytest, for several of these come and go in one process; and stops at once."""

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(
            uvicorn.Config(
                app, http=Tangible, log_level="error", access_log=False, timeout_graceful_shutdown=1, lifespan="auto"
            )
        )
        self._told_to_stop = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def main_loop(self) -> None:
        await self.on_tick(0)
        await self._told_to_stop.wait()

    def stop(self) -> None:
        self._told_to_stop.set()


@asynccontextmanager
async def serving(app: ASGIApp) -> AsyncIterator[str]:
    server, listener = QuietServer(app), listen("127.0.0.1", 0)
    running = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield address(listener)  # it listens already: a request waits for the start
    finally:
        server.stop()
        await running
        listener.close()


@dataclass(frozen=True, slots=True)
class Emulated:
    """A running emulator, as a test texts with it."""

    url: str
    http: aiohttp.ClientSession

    async def send(self, phone: str, to: str, text: str) -> dict[str, Any]:
        async with self.http.post(f"{self.url}/phones/{phone}/send", json={"to": to, "text": text}) as response:
            assert response.status == 201, await response.text()
            return dict(await response.json())

    async def received(self, phone: str, count: int = 0, wait: float = 5) -> list[str]:
        """The texts that came to this phone, once there are so many."""
        asked = {"direction": "received", "count": str(count), "wait": str(wait)}
        async with self.http.get(f"{self.url}/phones/{phone}/messages", params=asked) as response:
            return [message["text"] for message in await response.json()]

    async def messages(self, phone: str) -> list[dict[str, Any]]:
        async with self.http.get(f"{self.url}/phones/{phone}/messages") as response:
            return list(await response.json())

    async def wire(self) -> list[dict[str, Any]]:
        async with self.http.get(f"{self.url}/wire") as response:
            return list(await response.json())


class StartEmulator(Protocol):
    async def __call__(self, profile: Profile = ..., **options: Any) -> Emulated: ...


@dataclass(frozen=True, slots=True)
class Got:
    method: str
    path: str
    content_type: str
    parameters: dict[str, str]


@dataclass
class Service:
    url: str = ""
    got: list[Got] = field(default_factory=list)
    answers: deque[int] = field(default_factory=deque)  # 204 when it is empty
    pause: float = 0  # seconds before each answer
    busiest: int = 0  # the most requests it had at one time
    _busy: int = 0
    arrived: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return  # nothing to start: the server carries on without
        request = Request(scope, receive)
        body, kind = (await request.body()).decode(), request.headers.get("content-type", "")
        pairs = (
            json.loads(body)
            if "json" in kind or body.startswith("{")
            else dict(parse_qsl(body or request.url.query, keep_blank_values=True))
        )
        async with self.arrived:
            self.got.append(Got(request.method, request.url.path, kind, pairs))
            self.arrived.notify_all()
        self._busy += 1
        self.busiest = max(self.busiest, self._busy)
        await asyncio.sleep(self.pause)
        self._busy -= 1
        status = self.answers.popleft() if self.answers else 204
        await Response(status_code=status, headers={"Location": "/elsewhere"})(scope, receive, send)

    async def hears(self, count: int) -> list[Got]:
        """What came, once there is so much."""
        async with asyncio.timeout(5), self.arrived:
            await self.arrived.wait_for(lambda: len(self.got) >= count)
        return self.got
