"""Virtual time: whatever is due next happens next, and nobody waits for it."""

from __future__ import annotations

import asyncio
import heapq
from collections import deque
from collections.abc import Callable, Coroutine, Generator
from contextvars import Context, copy_context
from itertools import count
from math import ceil
from types import coroutine
from typing import Any, cast

from storage.model import Millis

ROUNDING = 1e-3  # of a millisecond: what is lost when an hour of this century is a float


class Timeline:
    """The one clock of a simulated world, and what is to happen in it when."""

    def __init__(self, start: Millis) -> None:
        self.now = start
        self._due: list[tuple[Millis, int, Callable[[], None]]] = []
        self._numbers = count()

    def clock(self) -> Millis:
        return self.now

    def after(self, wait: Millis, act: Callable[[], None]) -> None:
        heapq.heappush(self._due, (self.now + wait, next(self._numbers), act))

    @property
    def next_at(self) -> Millis | None:
        return self._due[0][0] if self._due else None

    def go_on(self) -> None:
        """To what is due next, which then happens."""
        at, _, act = heapq.heappop(self._due)
        self.now = max(self.now, at)
        act()


class Turn:
    """A callback whose turn comes at once: a handle as light as it can be, for there are thousands in each world."""

    __slots__ = ("_arguments", "_callback", "_cancelled", "_run")

    def __init__(self, callback: Callable[..., object], arguments: tuple[object, ...], context: Context | None) -> None:
        self._callback = callback
        self._arguments = arguments
        self._run = (context or copy_context()).run
        self._cancelled = False

    def cancel(self) -> None:
        self._cancelled = True

    def cancelled(self) -> bool:
        return self._cancelled

    def take(self, loop: VirtualLoop) -> None:
        if self._cancelled:
            return
        try:
            self._run(self._callback, *self._arguments)
        except Exception as error:
            loop.call_exception_handler({"message": f"Exception in callback {self._callback}", "exception": error})


class VirtualLoop(asyncio.BaseEventLoop):
    """Runs one life of the process. When it is `over` nothing of it runs any more, at whatever await it was."""

    def __init__(self, timeline: Timeline) -> None:
        super().__init__()
        self.over = False
        self.tasks: list[asyncio.Task[Any]] = []
        self.faults: list[str] = []
        self._timeline = timeline
        self._queue: deque[Turn] = deque()
        self._timers: list[tuple[Millis, int, asyncio.TimerHandle]] = []
        self._numbers = count()

    def live(self) -> None:
        """Until somebody says that it is over."""
        queue = self._queue
        asyncio.events._set_running_loop(self)
        try:
            while not self.over:
                if queue:
                    queue.popleft().take(self)
                else:
                    self._wait()
        finally:
            asyncio.events._set_running_loop(None)

    def _wait(self) -> None:
        at = self._timeline.next_at
        if not self._timers or (at is not None and at <= self._timers[0][0]):
            self._timeline.go_on()
            return
        due, _, timer = heapq.heappop(self._timers)
        if not timer.cancelled():
            self._timeline.now = max(self._timeline.now, due)
            timer._run()

    def time(self) -> float:
        return self._timeline.now / 1000

    def call_soon(
        self, callback: Callable[..., object], *args: object, context: Context | None = None
    ) -> asyncio.Handle:
        turn = Turn(callback, args, context)
        self._queue.append(turn)
        return cast(asyncio.Handle, turn)

    def call_at(
        self, when: float, callback: Callable[..., object], *args: object, context: Context | None = None
    ) -> asyncio.TimerHandle:
        timer = asyncio.TimerHandle(when, callback, args, self, context)
        heapq.heappush(self._timers, (ceil(when * 1000 - ROUNDING), next(self._numbers), timer))
        return timer

    def call_later(
        self, delay: float, callback: Callable[..., object], *args: object, context: Context | None = None
    ) -> asyncio.TimerHandle:
        return self.call_at(self.time() + delay, callback, *args, context=context)

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        pass  # it is dropped when its time comes

    def create_task(self, coro: Any, *, name: Any = None, context: Any = None) -> asyncio.Task[Any]:
        task: asyncio.Task[Any] = asyncio.Task(coro, loop=self, name=name, context=context)
        self.tasks.append(task)
        return task

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        if not self.over:
            self.faults.append(f"{context['message']}: {context.get('exception')!r}")

    def bury(self, end: BaseException) -> None:
        """Let go of what was abandoned: `end` is thrown into it until it gives in. The world must be closed to it."""
        asyncio.events._set_running_loop(self)
        try:
            for task in self.tasks:
                if not task.done():
                    _end(task.get_coro(), end)
        finally:
            asyncio.events._set_running_loop(None)
            self.close()


def _end(life: Any, end: BaseException) -> None:
    while True:
        try:
            life.throw(end)
        except BaseException:
            return


@coroutine
def turn() -> Generator[None, None, None]:
    """Let the others have theirs."""
    yield


def forever() -> Coroutine[Any, Any, None]:
    return _never()


async def _never() -> None:
    await asyncio.get_running_loop().create_future()
