"""The single writer: whatever waits to be written goes into one transaction, and is answered after its commit.

Durability costs a disk flush for each commit, not for each text: while one commit runs, the next batch gathers, so no
timer is needed. And since only this task ever holds a transaction, no request's cancellation can leave one open.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from bot.logs import event
from storage.engine import Conflict, Engine, NotAlone, StorageError, Transaction, Unavailable

log = logging.getLogger("private_sms.writer")

T = TypeVar("T")
Item = TypeVar("Item")
Handler = Callable[[Transaction, list[Any]], Awaitable[Sequence[Any]]]

MOST_AT_ONCE = 512  # bounds the time one transaction holds up the acknowledgements of the texts in it
MOST_WAITING = 20_000
MOST_TRIES = 3  # of a transaction that others got in the way of; then it goes alone


@dataclass(slots=True, eq=False)
class Entry:
    handler: Handler
    item: Any
    alone: bool  # or else beside the other processes' transactions, as long as it can
    answer: asyncio.Future[Any] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def settle(self, result: Any) -> None:
        if not self.answer.done():  # the request may have gone away meanwhile
            self.answer.set_result(result)

    def fail(self, error: Exception) -> None:
        if not self.answer.done():
            self.answer.set_exception(error)
            self.answer.exception()  # whoever asked may have gone away; that is no fault worth a warning


class Writer:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._waiting: list[Entry] = []
        self._wake = asyncio.Event()
        self._stopping = False
        self.committed: Callable[[], None] = lambda: None  # called after each commit
        self.failing: str | None = None  # why the last transaction could not be committed

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def batched(
        self, handler: Callable[[Transaction, list[Item]], Awaitable[Sequence[T]]]
    ) -> Callable[[Item], Awaitable[T]]:
        """A function that hands one item to `handler`, together with all others that wait, and returns its result.

        It returns after the commit. Raises Unavailable when nothing can be stored just now.
        """

        async def submit(item: Item) -> T:
            return await self._submit(Entry(handler, item, alone=False))  # type: ignore[no-any-return]

        return submit

    async def do(self, work: Callable[[Transaction], Awaitable[T]], *, alone: bool = True) -> T:
        """Run `work` in its place in the order; its own exceptions come back here, and undo it alone.

        `alone`: no other process writes meanwhile. Otherwise `work` may be run again, alone, when it asks for that.
        """

        async def handler(tx: Transaction, items: list[None]) -> list[T]:
            return [await work(tx)]

        return await self._submit(Entry(handler, None, alone))  # type: ignore[no-any-return]

    async def _submit(self, entry: Entry) -> Any:
        if self._stopping or len(self._waiting) >= MOST_WAITING:
            raise Unavailable("the service is stopping" if self._stopping else "too much is waiting to be stored")
        self._waiting.append(entry)
        self._wake.set()
        return await entry.answer

    async def run(self) -> None:
        """Until `stop`, and then until nothing waits."""
        while self._waiting or not self._stopping:
            await self._wake.wait()
            batch, self._waiting = self._waiting[:MOST_AT_ONCE], self._waiting[MOST_AT_ONCE:]
            if not self._waiting and not self._stopping:
                self._wake.clear()
            if batch:
                await self._write(batch)

    def stop(self) -> None:
        self._stopping = True
        self._wake.set()

    async def _write(self, batch: list[Entry]) -> None:
        try:
            results, wrote = await self._attempt(batch)
        except Unavailable as error:
            self._refuse(batch, error)
        except Exception as error:  # a bug in deciding one must not stop the others
            await self._one_by_one(batch, error)
        else:
            if wrote:
                self.failing = None
            self.committed()
            for entry, result in results:
                entry.settle(result)

    async def _attempt(self, batch: list[Entry]) -> tuple[list[tuple[Entry, Any]], bool]:
        """What each results in, and whether anything was written. With other processes there may be several tries."""
        alone, tries = any(entry.alone for entry in batch), 0
        while True:
            try:
                async with self._engine.transaction(alone=alone) as tx:
                    results = await _perform(tx, batch)
                    wrote = tx.wrote
                return results, wrote
            except NotAlone:
                alone = True
            except Conflict:
                tries += 1
                alone = tries >= MOST_TRIES  # where nobody is in the way
                if tries > MOST_TRIES:
                    raise

    async def _one_by_one(self, batch: list[Entry], error: Exception) -> None:
        if len(batch) == 1:
            if isinstance(error, StorageError):
                self.failing = str(error)  # until something can be written again
            batch[0].fail(error)
            return
        for entry in batch:
            await self._write([entry])

    def _refuse(self, batch: list[Entry], error: Unavailable) -> None:
        if self.failing is None:
            log.error(event("cannot store", why=error))
        self.failing = str(error)
        for entry in batch:
            entry.fail(error)


async def _perform(tx: Transaction, batch: list[Entry]) -> list[tuple[Entry, Any]]:
    """Entries of one kind go to their handler together, kinds in the order of their first entry."""
    kinds: dict[Handler, list[Entry]] = {}
    for entry in batch:
        kinds.setdefault(entry.handler, []).append(entry)
    results: list[tuple[Entry, Any]] = []
    for handler, entries in kinds.items():
        results += zip(entries, await handler(tx, [entry.item for entry in entries]), strict=True)
    return results
