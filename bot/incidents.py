"""What befell the service's security, on its way to the audit log: noted at once, written when the writer can."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from bot.writer import Writer
from commands.durations import MINUTE
from storage import audit
from storage.engine import StorageError, Transaction
from storage.model import Millis

# The same again within this time is not written: nobody shall fill the disk by failing.
ONCE_IN = 10 * MINUTE


class Incidents:
    def __init__(self, writer: Writer, clock: Callable[[], Millis]) -> None:
        self._writer = writer
        self._clock = clock
        self._noted: dict[str, Millis] = {}
        self._writing: set[asyncio.Task[None]] = set()

    def note(self, what: str, *, who: str) -> None:
        """`what`: one of a few sentences of ours; `who`: a part of the service."""
        now = self._clock()
        if 0 <= now - self._noted.get(what, now - ONCE_IN) < ONCE_IN:
            return
        self._noted[what] = now
        task = asyncio.get_running_loop().create_task(self._write(what, who, now))
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)

    async def _write(self, what: str, who: str, now: Millis) -> None:
        async def record(tx: Transaction) -> None:
            await audit.record(tx, audit.Kind.SECURITY, what, who=who, outcome="refused", now=now)

        with suppress(StorageError):  # a store that takes nothing is reported elsewhere
            await self._writer.do(record)
