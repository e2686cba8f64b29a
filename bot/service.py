"""What runs behind the routes: the tasks that start together, stop in order, and are never missed when they fall."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from bot.logs import event
from bot.receipts import Receipts
from bot.writer import Writer
from storage import leases, messages
from storage.engine import Engine, StorageError, Unusable
from storage.model import Millis

log = logging.getLogger("private_sms.service")

GRACE = 8.0  # seconds for the sends under way when told to stop; what is left then is in doubt at the next start
LAST_WORDS = 2.0  # seconds for a task that was cancelled: where the database does not answer, it may never end


class Runs(Protocol):
    async def run(self) -> None: ...


class Stops(Runs, Protocol):
    def stop(self) -> None:
        """`run` comes to its end as soon as nothing is under way."""
        ...


class Leaves(Runs, Protocol):
    async def leave(self) -> None:
        """When nothing is under way any more."""
        ...


class Closes(Protocol):
    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Beside:
    """What a process needs that serves beside others."""

    leases: Leaves
    hints: Runs


class Service:
    def __init__(
        self,
        *,
        engine: Engine,
        writer: Writer,
        delivery: Stops,
        deadlines: Runs,
        beside: Beside | None = None,
        receipts: Receipts,
        transport: Closes,
        clock: Callable[[], Millis],
        after_restore: bool = False,
    ) -> None:
        """`beside`: where other processes use the same database."""
        self._engine = engine
        self._writer = writer
        self._delivery = delivery
        self._deadlines = deadlines
        self._beside = beside
        self._receipts = receipts
        self._transport = transport
        self._clock = clock
        self._after_restore = after_restore
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._stopping = False

    def fallen(self) -> list[str]:
        """The tasks that have ended though nobody told them to."""
        return [] if self._stopping else [name for name, task in self._tasks.items() if task.done()]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Raises storage.engine.Unusable when the database cannot be used."""
        await self._engine.start()
        try:
            await self._start()
            yield
        finally:
            await self._stop()

    async def _start(self) -> None:
        self._run("writer", self._writer.run())
        await self._take_over()
        if self._beside is not None:
            self._run("leases", self._beside.leases.run())
            self._run("hints", self._beside.hints.run())
        self._run("delivery", self._delivery.run())
        self._run("deadlines", self._deadlines.run())
        log.info(event("started"))

    async def _take_over(self) -> None:
        """What an earlier run was sending is in doubt; of a restored backup, all that was unfinished is held."""
        if self._after_restore:
            if self._engine.aside is not None and await leases.others(self._engine.aside, ""):
                raise Unusable("other processes use the database, whose texts would be held too: stop them first")
            held = await self._writer.do(lambda tx: messages.hold_all(tx, self._clock()))
            log.warning(event("texts held after a restore, see FAILED", count=held))
        elif self._beside is not None:
            return  # what others are sending is theirs; what a dead one was comes with its lines
        elif in_doubt := await self._writer.do(self._receipts.take_over):
            log.warning(event("texts in doubt since the last run", count=in_doubt))

    def _run(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        self._tasks[name] = asyncio.create_task(work, name=name)
        self._tasks[name].add_done_callback(self._note_end)

    def _note_end(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            log.critical(event("task fell", task=task.get_name()), exc_info=error)

    async def _stop(self) -> None:
        """Nothing new is claimed, what is under way is settled, what was taken is written: in that order."""
        self._stopping = True
        await self._ended("deadlines", 0)  # nobody may be reading any more when the database is closed
        self._delivery.stop()
        await self._ended("delivery", GRACE)
        await self._leave()
        self._writer.stop()
        await self._ended("writer", GRACE)
        await self._transport.close()
        await self._engine.close()
        log.info(event("stopped"))

    async def _leave(self) -> None:
        if self._beside is None:
            return
        for name in ("leases", "hints"):
            await self._ended(name, 0)
        try:
            await self._beside.leases.leave()
        except StorageError as error:  # the others wait until the leases are over
            log.warning(event("leases not given back", why=error))

    async def _ended(self, name: str, grace: float) -> None:
        if (task := self._tasks.get(name)) is None:
            return
        await asyncio.wait([task], timeout=grace)
        task.cancel()
        await asyncio.wait([task], timeout=LAST_WORDS)
