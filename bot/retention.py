"""What is old goes, a little each minute: see storage/retention.py. How long what is kept is the settings' to say."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from functools import partial

from bot.logs import event
from commands.durations import DAY, HOUR
from storage import blocks, inbox, locks, receipts, retention, senders
from storage.engine import Engine, Transaction
from storage.model import Millis

log = logging.getLogger("private_sms.retention")

# Of a thousand rows each, in a minute, of each kind: 5.76 million a day. A million texts a day are kept up with, and
# what piled up before is gone in days. A batch holds texts up for 10 to 20 ms.
BATCHES = 4
MEMORY_OF_IDS = 30 * DAY  # Vonage sends a webhook again for up to three days; a replay may come later
FLEETING = 2 * DAY  # what is asked about the last day

Forget = Callable[[Transaction], Awaitable[int]]
Attempt = Callable[[Callable[[Transaction], Awaitable[bool]]], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class Periods:
    """How long texts are kept, and how long who was in touch with whom."""

    texts: Millis = 30 * DAY
    chats: Millis = 90 * DAY


class Retention:
    def __init__(self, engine: Engine, periods: Periods, clock: Callable[[], Millis]) -> None:
        self._engine = engine
        self._periods = periods
        self._clock = clock
        self._removed = 0
        self._purged_at: Millis = 0

    async def look(self, attempt: Attempt) -> None:
        """Once a minute. Each batch is an `attempt`, in a transaction of its own: texts go between."""
        now = self._clock()
        for forget in self._due(now):
            for _ in range(BATCHES):
                if not await attempt(partial(self._forget, forget)):
                    break
        await attempt(partial(self._forget_traces, now=now))
        if self._removed and now - self._purged_at >= HOUR:
            await attempt(partial(self._forget, locks.forget_idle))
        if self._removed and now - self._purged_at >= HOUR and await self._engine.purge():
            log.info(event("what was old is gone", rows=self._removed))
            self._removed, self._purged_at = 0, now

    def _due(self, now: Millis) -> Iterator[Forget]:
        words, whole = now - self._periods.texts, now - self._periods.chats
        yield lambda tx: inbox.forget(tx, before=now - MEMORY_OF_IDS)
        yield lambda tx: receipts.forget_orphans(tx, before=max(whole, now - MEMORY_OF_IDS))
        yield lambda tx: retention.forget_words(tx, before=words)
        yield lambda tx: retention.forget_kept(tx, before=words)
        yield lambda tx: retention.forget_sent(tx, before=whole)
        yield lambda tx: retention.forget_chats(tx, before=whole)
        yield lambda tx: retention.forget_uses(tx, before=whole)

    async def _forget(self, forget: Forget, tx: Transaction) -> bool:
        """Whether there may be more."""
        count = await forget(tx)
        self._removed += count
        return count >= retention.ROWS

    async def _forget_traces(self, tx: Transaction, now: Millis) -> bool:
        await senders.forget(tx, now)
        await blocks.forget(tx, before=max(now - self._periods.chats, now - MEMORY_OF_IDS))
        await retention.forget_fleeting(tx, before=now - FLEETING)
        return False
