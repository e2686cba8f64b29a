"""Word to the process that sends on a line that something waits there: a hint only, beside its own looking."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection
from contextlib import suppress

from bot.logs import event
from storage.engine import Aside, StorageError
from storage.number import Number

log = logging.getLogger("private_sms.hints")

# PostgreSQL lets one transaction at a time commit that notifies: seldom, and never one that carries texts.
GAP = 0.02  # seconds
AGAIN = 1.0


class Hints:
    """`holds`: whether texts on this line are this process's to send. `wake`: it has something to send."""

    def __init__(self, aside: Aside, holds: Callable[[Number], bool], wake: Callable[[], None]) -> None:
        self._aside = aside
        self._holds = holds
        self._wake = wake
        self._waiting: set[Number] = set()
        self._committed = asyncio.Event()

    def note(self, lines: Collection[Number]) -> None:
        """Texts are being written that leave on these."""
        self._waiting |= {line for line in lines if not self._holds(line)}

    def committed(self) -> None:
        """What was noted is there to be read."""
        if self._waiting:
            self._committed.set()

    async def run(self) -> None:
        async with asyncio.TaskGroup() as both:
            both.create_task(self._tell())
            both.create_task(self._listen())

    async def _tell(self) -> None:
        while True:
            await self._committed.wait()
            self._committed.clear()
            lines, self._waiting = self._waiting, set()
            with suppress(StorageError):  # they look for themselves
                await self._aside.tell(" ".join(sorted(line.e164() for line in lines)))
            await asyncio.sleep(GAP)

    async def _listen(self) -> None:
        while True:
            try:
                await self._aside.listen(self._hear)
            except StorageError as error:
                log.debug(event("hints are not heard", why=error))
            await asyncio.sleep(AGAIN)

    def _hear(self, said: str) -> None:
        if any(self._holds(Number(line)) for line in said.split()):
            self._wake()
