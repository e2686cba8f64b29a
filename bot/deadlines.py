"""What happens because time has passed: chats end, long texts go out with gaps, doubts are settled, old traces go."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from bot.errands import Errands
from bot.intake import Intake
from bot.limits import Limits
from bot.logs import event
from bot.metrics import Metrics
from bot.outgoing import Outgoing
from bot.ownership import Ownership
from bot.receipts import Receipts
from bot.rekeying import Rekeying
from bot.retention import Retention
from bot.undelivered import Undelivered
from bot.writer import Writer
from commands import pairing
from commands.desk import Desk, House
from commands.durations import MINUTE, SECOND
from commands.pairing import Reason
from storage import chats, doubts, inbox, outbox, pulse
from storage.engine import Engine, StorageError, Transaction, Unavailable
from storage.model import Chat, Millis

log = logging.getLogger("private_sms.deadlines")

TICK = 1 * SECOND
Work = Callable[[Transaction], Awaitable[bool]]
MOST_AT_ONCE = 100  # long texts in one look
LEASE = 1 * MINUTE  # of a claim: three times as long as Vonage may take to answer


class Deadlines:
    """Every deadline is a column: after a restart, what came due meanwhile is done first."""

    def __init__(
        self,
        *,
        engine: Engine,
        lines: Ownership,
        writer: Writer,
        intake: Intake,
        undelivered: Undelivered,
        receipts: Receipts,
        outgoing: Outgoing,
        house: House,
        limits: Limits,
        retention: Retention,
        errands: Errands,
        metrics: Metrics,
        doubt_after: Millis,
        clock: Callable[[], Millis],
    ) -> None:
        self._engine = engine
        self._lines = lines
        self._writer = writer
        self._intake = intake
        self._undelivered = undelivered
        self._receipts = receipts
        self._outgoing = outgoing
        self._house = house
        self._limits = limits
        self._retention = retention
        self._errands = errands
        self._metrics = metrics
        self._doubt_after = doubt_after
        self._clock = clock
        self._rekeying = Rekeying(engine, writer)
        self._swept_at: Millis = 0
        self._forgot_at: Millis = 0

    async def run(self) -> None:
        while True:
            await self.look()
            await asyncio.sleep(TICK / SECOND)

    async def look(self) -> None:
        """Read what is due, and write only if something is: an idle service leaves its disk alone."""
        try:
            now = self._clock()
            if self._writer.failing is not None:  # no text might come to show that it is over: /readyz keeps them away
                await self._writer.do(lambda tx: pulse.beat(tx, now))
            await self._rekeying.look()
            if now - self._forgot_at >= MINUTE:
                self._forgot_at = now
                self._limits.forget(now)
            if self._lines.on_duty():
                await self._look_for_all(now)
        except StorageError as error:
            log.error(event("deadlines wait", why=error))

    async def _look_for_all(self, now: Millis) -> None:
        """What one process does, of those that share a database."""
        if await self._due(now):
            await self._meet()
        await self._errands.look()
        if now - self._swept_at >= MINUTE:
            self._swept_at = now
            await self._try(self._sweep)
            await self._retention.look(self._try)

    async def _meet(self) -> None:
        """Each concern in a transaction of its own: a fault in one must not stop the others."""
        await self._try(self._end_chats)
        await self._try(self._end_doubts)
        for _ in range(MOST_AT_ONCE):
            if not await self._try(self._let_long_text_go, otherwise=self._keep_long_text):
                break

    async def _try(self, work: Work, otherwise: Work | None = None) -> bool:
        """Whether there was something to do."""
        try:
            return await self._writer.do(work)
        except Unavailable:
            raise
        except Exception as error:
            self._metrics.faults.labels("deadlines").inc()
            log.error(event("fault"), exc_info=error)
            return False if otherwise is None else await self._try(otherwise)

    async def _due(self, now: Millis) -> bool:
        reader = self._engine.reader
        doubt, claim = await doubts.oldest(reader), await doubts.oldest_claim(reader)
        ends = (
            await chats.next_end(reader, chat_ttl=self._house.chat_ttl),
            await inbox.next_due(reader),
            None if doubt is None else doubt + self._doubt_after,
            None if claim is None else claim + LEASE,
        )
        return any(end is not None and end <= now for end in ends)

    async def _end_doubts(self, tx: Transaction) -> bool:
        now = self._clock()
        if lost := await self._receipts.give_up(tx, before=now - LEASE, reason="no answer was recorded", now=now):
            log.error(event("claims without an answer", count=lost))
        dead = await doubts.end_doubt(tx, before=now - self._doubt_after, now=now)
        await self._undelivered.tell_writers(tx, dead, now)
        self._outgoing.wake.set()  # a doubt put back in the queue
        return bool(dead)

    async def _let_long_text_go(self, tx: Transaction) -> bool:
        now = self._clock()
        texts = await inbox.overdue(tx, now, limit=1)
        await self._intake.route_all(tx, texts, now)
        return bool(texts)

    async def _keep_long_text(self, tx: Transaction) -> bool:
        texts = await inbox.overdue(tx, self._clock(), limit=1)
        for text in texts:
            await self._intake.keep_after_fault(tx, text)
        return bool(texts)

    async def _end_chats(self, tx: Transaction) -> bool:
        now = self._clock()
        idle_since = None if self._house.chat_ttl is None else now - self._house.chat_ttl
        over = await chats.ended(tx, now, idle_since=idle_since)
        for chat in over:
            desk = Desk(tx=tx, house=self._house, admin=None, line=None, now=now)
            reason, key = _why(chat, now)
            await pairing.close(desk, chat, reason=reason, key=key)
            await self._outgoing.enqueue(tx, desk.outgoing, now)
            log.info(event("chat ended", chat=chat.id, reason=reason))
        return bool(over)

    async def _sweep(self, tx: Transaction) -> bool:
        now = self._clock()
        lost = await outbox.expire(tx, lines=list(self._lines.known()), now=now)
        await self._undelivered.tell_writers(tx, lost, now)
        return bool(lost)


def _why(chat: Chat, now: Millis) -> tuple[Reason, str]:
    expired = chat.expires_at is not None and chat.expires_at <= now
    return (Reason.TIME, "ended_time") if expired else (Reason.IDLE, "ended_idle")
