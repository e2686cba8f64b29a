"""What Vonage says later of a text: recorded, and what follows from it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from bot.logs import event
from bot.metrics import Metrics
from bot.undelivered import Undelivered
from storage import receipts
from storage.engine import Transaction
from storage.model import Kind, Millis, Receipt, State

log = logging.getLogger("private_sms.receipts")


class Receipts:
    def __init__(self, *, undelivered: Undelivered, metrics: Metrics, clock: Callable[[], Millis]) -> None:
        self._undelivered = undelivered
        self._metrics = metrics
        self._clock = clock

    async def note(self, tx: Transaction, batch: list[Receipt]) -> Sequence[None]:
        now = self._clock()
        noted = await receipts.note(tx, batch, now)
        self._metrics.orphan_receipts.inc(noted.orphans)
        for receipt in batch:
            known = receipt.status if receipt.status in receipts.RANKS else "other"
            self._metrics.receipts.labels(known).inc()
        await self.follow(tx, noted.fates, now)
        return [None] * len(batch)

    async def follow(self, tx: Transaction, fates: Sequence[receipts.Fate], now: Millis) -> None:
        """Tell those whose text did not arrive, and record opt-outs that only the carrier knew of."""
        for fate in fates:
            log.info(event("receipt", text=fate.outbound, state=fate.state.value, chat=fate.chat))
            if fate.opted_out and fate.state is State.UNDELIVERED:
                await self._undelivered.opt_out(tx, fate.recipient, source="receipt", now=now)
        failed = [
            fate.sender
            for fate in fates
            if fate.state is State.UNDELIVERED and fate.kind is Kind.RELAY and fate.sender is not None
        ]
        await self._undelivered.tell(tx, failed, now)
