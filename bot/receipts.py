"""What Vonage says later of a text: recorded, and what follows from it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence

from bot.logs import event
from bot.metrics import Metrics
from bot.undelivered import Undelivered
from commands.gsm import segments
from storage import doubts, outbox, receipts
from storage.engine import Transaction
from storage.model import Claim, Kind, Millis, Receipt, State
from storage.number import Number
from storage.outbox import Doubtful

OPTED_OUT = "9"  # err-code: the recipient opted out at the carrier
FAILED = ("failed", "rejected", "expired")

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
        await self._note_opt_outs(tx, batch, now)
        for receipt in batch:
            known = receipt.status if receipt.status in receipts.RANKS else "other"
            self._metrics.receipts.labels(known).inc()
        await self.follow(tx, noted.fates, now)
        return [None] * len(batch)

    async def _note_opt_outs(self, tx: Transaction, batch: Sequence[Receipt], now: Millis) -> None:
        """From the receipt itself, whatever has become of the text it speaks of: the carrier knows best."""
        for receipt in batch:
            if receipt.err_code == OPTED_OUT and receipt.status in FAILED and receipt.recipient is not None:
                await self._undelivered.opt_out(tx, receipt.recipient, source="receipt", now=now)

    async def give_up(self, tx: Transaction, *, before: Millis | None, reason: str, now: Millis) -> int:
        """Claims that nobody waits for any more are in doubt, unless a receipt has come already. Returns how many."""
        return await self._doubt(tx, await doubts.unanswered(tx, before=before), reason, now)

    async def _doubt(self, tx: Transaction, lost: Sequence[Claim], reason: str, now: Millis) -> int:
        await outbox.doubt(tx, [Doubtful(each, reason, parts=segments(each.text).count) for each in lost], now)
        await self.follow(tx, await receipts.conclude(tx, [each.id for each in lost], now), now)
        return len(lost)

    async def take_over(self, tx: Transaction) -> int:
        """At start: what an earlier run was sending. Returns how many."""
        now = self._clock()
        lost = await self.give_up(tx, before=None, reason="the service stopped while sending", now=now)
        await doubts.give_heads(tx, now)
        return lost

    async def take_over_lines(self, tx: Transaction, lines: Collection[Number], owner: str) -> int:
        """Where other processes serve, too: what a former owner of these lines was sending. Returns how many."""
        now = self._clock()
        lost = await doubts.left_behind(tx, lines=lines, owner=owner)
        await self._doubt(tx, lost, "the process that was sending it is gone", now)
        await doubts.give_heads(tx, now)
        return len(lost)

    async def follow(self, tx: Transaction, fates: Sequence[receipts.Fate], now: Millis) -> None:
        """Tell those whose text did not arrive."""
        for fate in fates:
            log.info(event("receipt", text=fate.outbound, state=fate.state.value, chat=fate.chat))
        failed = [
            fate.sender
            for fate in fates
            if fate.state is State.UNDELIVERED and fate.kind is Kind.RELAY and fate.sender is not None
        ]
        await self._undelivered.tell(tx, failed, now)
