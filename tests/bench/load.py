"""The load: requests over keep-alive connections, as cheaply as Python can, so that the service has the machine."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import uvloop

T = TypeVar("T")
ACKNOWLEDGED = b"HTTP/1.1 204"


class NotAcknowledged(Exception):
    """A webhook was answered with anything but 204."""


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """When each request was due and when its answer was there, in seconds of the clock all processes share."""

    due: list[float]
    at: list[float]

    @property
    def waits(self) -> list[float]:
        return [at - due for due, at in zip(self.due, self.at, strict=True)]

    @property
    def a_second(self) -> float:
        return len(self.at) / (max(self.at) - min(self.due))


class Caller(asyncio.Protocol):
    """One connection, one request at a time."""

    def __init__(self, on_answer: Callable[[Caller], None], on_failure: Callable[[str], None]) -> None:
        self._on_answer = on_answer
        self._on_failure = on_failure
        self._answer = b""
        self.index = 0  # of the request under way

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.transport = transport

    def call(self, index: int, request: bytes) -> None:
        self.index = index
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._answer += data
        if not self._answer.startswith(ACKNOWLEDGED):
            self._on_failure(self._answer.decode("utf-8", "replace"))
        elif self._answer.endswith(b"\r\n\r\n"):  # a 204 has no body
            self._answer = b""
            self._on_answer(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._on_failure("the connection was closed")


class Load:
    """Requests and what became of them, over `connections`."""

    def __init__(self, requests: Sequence[bytes]) -> None:
        self.requests = requests
        self.due = [0.0] * len(requests)
        self.at = [0.0] * len(requests)
        self._left = len(requests)
        self._done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def connect(
        self, ports: Sequence[int], connections: int, on_answer: Callable[[Caller], None]
    ) -> list[Caller]:
        def caller() -> Caller:
            return Caller(on_answer, self._fail)

        loop = asyncio.get_running_loop()
        return [
            (await loop.create_connection(caller, "127.0.0.1", ports[each % len(ports)]))[1]
            for each in range(connections)
        ]

    def note(self, index: int) -> None:
        self.at[index] = time.perf_counter()
        self._left -= 1
        if not self._left and not self._done.done():
            self._done.set_result(None)

    async def finish(self, callers: Sequence[Caller]) -> Acknowledged:
        await self._done
        for caller in callers:
            caller.transport.abort()
        return Acknowledged(self.due, self.at)

    def _fail(self, answer: str) -> None:
        if not self._done.done():
            self._done.set_exception(NotAcknowledged(answer))


async def _as_fast_as_answered(ports: Sequence[int], requests: Sequence[bytes], lanes: Sequence[int]) -> Acknowledged:
    load = Load(requests)
    waiting: list[deque[int]] = [deque() for _ in range(max(lanes) + 1)]
    for index, lane in enumerate(lanes):
        waiting[lane].append(index)
    own: dict[Caller, deque[int]] = {}

    def call(caller: Caller) -> None:
        if own[caller]:
            index = own[caller].popleft()
            load.due[index] = time.perf_counter()
            caller.call(index, load.requests[index])

    def answered(caller: Caller) -> None:
        load.note(caller.index)
        call(caller)

    callers = await load.connect(ports, len(waiting), answered)
    own.update(zip(callers, waiting, strict=True))
    for caller in callers:
        call(caller)
    return await load.finish(callers)


async def _after_pauses(
    port: int, requests: Sequence[bytes], pauses: Sequence[float], connections: int
) -> Acknowledged:
    load = Load(requests)
    waiting: deque[int] = deque()
    free: deque[Caller] = deque()  # by turns: the service hangs up on connections that say nothing

    def call(caller: Caller) -> None:
        if waiting:
            index = waiting.popleft()
            caller.call(index, load.requests[index])
        else:
            free.append(caller)

    def answered(caller: Caller) -> None:
        load.note(caller.index)
        call(caller)

    callers = await load.connect([port], connections, answered)
    free.extend(callers)
    due = time.perf_counter()
    for index, pause in enumerate(pauses):
        due += pause
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        # Not when it leaves: where the service stalls, those behind have waited as well.
        load.due[index] = min(due, time.perf_counter())
        waiting.append(index)
        if free:
            call(free.popleft())
    return await load.finish(callers)


def as_fast_as_answered(ports: Sequence[int], requests: Sequence[bytes], lanes: Sequence[int]) -> Acknowledged:
    """A connection for each lane; each sends its next request when the one before is answered."""
    return _run(_as_fast_as_answered(ports, requests, lanes))


def after_pauses(port: int, requests: Sequence[bytes], pauses: Sequence[float], connections: int) -> Acknowledged:
    """One request after each pause, whatever the answers do."""
    return _run(_after_pauses(port, requests, pauses, connections))


def _run(work: Coroutine[Any, Any, T]) -> T:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)
