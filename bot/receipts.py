"""What Vonage says later of a text: recorded, and what follows from it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from bot.logs import event
from bot.metrics import Metrics
from bot.outgoing import Outgoing
from commands.desk import House
from storage import people, receipts
from storage.engine import Transaction
from storage.model import Kind, Millis, Outbound, Receipt, Seat, State

log = logging.getLogger("private_sms.receipts")


class Receipts:
    def __init__(self, *, house: House, outgoing: Outgoing, metrics: Metrics, clock: Callable[[], Millis]) -> None:
        self._house = house
        self._outgoing = outgoing
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
                await people.opt_out(tx, fate.recipient, source="receipt", now=now)
        failed = [
            fate.sender
            for fate in fates
            if fate.state is State.UNDELIVERED and fate.kind is Kind.RELAY and fate.sender is not None
        ]
        await self._outgoing.enqueue(tx, await not_delivered(tx, self._house, failed), now)


async def not_delivered(tx: Transaction, house: House, senders: Sequence[Seat]) -> list[Outbound]:
    """The notice for each of these whose text did not arrive; none for those who want no texts."""
    if not senders:
        return []
    gone = await people.opted_out(tx, {sender.number for sender in senders})
    words = house.text("not_delivered")
    return [Outbound(sender.line, sender.number, words, Kind.NOTICE) for sender in senders if sender.number not in gone]
