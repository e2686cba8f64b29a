"""What happens because time has passed: chats end, long texts go out with gaps, doubts are settled, old traces go."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from bot.intake import Intake
from bot.logs import event
from bot.outgoing import Outgoing
from bot.pace import SenderLimit
from bot.undelivered import Undelivered
from bot.writer import Writer
from commands import pairing
from commands.desk import Desk, House
from commands.durations import DAY, HOUR, MINUTE, SECOND
from commands.pairing import Reason
from storage import chats, inbox, outbox
from storage.engine import Engine, StorageError, Transaction
from storage.model import Chat, Millis

log = logging.getLogger("private_sms.deadlines")

TICK = 1 * SECOND
OUTBOX_LIFE = 24 * HOUR  # a text that could not leave in a day would only puzzle whoever gets it
MEMORY_OF_IDS = 30 * DAY  # Vonage sends a webhook again for up to three days; a replay may come later


class Deadlines:
    """Every deadline is a column: after a restart, what came due meanwhile is done first."""

    def __init__(
        self,
        *,
        engine: Engine,
        writer: Writer,
        intake: Intake,
        undelivered: Undelivered,
        outgoing: Outgoing,
        house: House,
        limit: SenderLimit,
        doubt_after: Millis,
        clock: Callable[[], Millis],
    ) -> None:
        self._engine = engine
        self._writer = writer
        self._intake = intake
        self._undelivered = undelivered
        self._outgoing = outgoing
        self._house = house
        self._limit = limit
        self._doubt_after = doubt_after
        self._clock = clock
        self._swept_at: Millis = 0

    async def run(self) -> None:
        while True:
            try:
                await self.look()
            except StorageError as error:
                log.error(event("deadlines wait", error=type(error).__name__))
            await asyncio.sleep(TICK / SECOND)

    async def look(self) -> None:
        """Read what is due, and write only if something is: an idle service leaves its disk alone."""
        now = self._clock()
        if await self._due(now):
            await self._writer.do(self._meet)
        if now - self._swept_at >= MINUTE:
            self._swept_at = now
            self._limit.forget(now)
            await self._writer.do(self._sweep)

    async def _due(self, now: Millis) -> bool:
        reader = self._engine.reader
        doubt = await outbox.next_doubt(reader)
        ends = (
            await chats.next_end(reader, chat_ttl=self._house.chat_ttl),
            await inbox.next_due(reader),
            None if doubt is None else doubt + self._doubt_after,
        )
        return any(end is not None and end <= now for end in ends)

    async def _meet(self, tx: Transaction) -> None:
        now = self._clock()
        await self._end_chats(tx, now)
        await self._intake.route_all(tx, await inbox.overdue(tx, now), now)
        dead = await outbox.end_doubt(tx, before=now - self._doubt_after, now=now)
        await self._undelivered.tell_writers(tx, dead, now)
        self._outgoing.wake.set()  # a doubt put back in the queue

    async def _end_chats(self, tx: Transaction, now: Millis) -> None:
        idle_since = None if self._house.chat_ttl is None else now - self._house.chat_ttl
        for chat in await chats.ended(tx, now, idle_since=idle_since):
            desk = Desk(tx=tx, house=self._house, admin=None, line=None, now=now)
            reason, key = _why(chat, now)
            await pairing.close(desk, chat, reason=reason, key=key)
            await self._outgoing.enqueue(tx, desk.outgoing, now)
            log.info(event("chat ended", chat=chat.id, reason=reason))

    async def _sweep(self, tx: Transaction) -> None:
        now = self._clock()
        lost = await outbox.expire(tx, created_before=now - OUTBOX_LIFE, lines=self._house.lines, now=now)
        await self._undelivered.tell_writers(tx, lost, now)
        await inbox.forget(tx, before=now - MEMORY_OF_IDS)


def _why(chat: Chat, now: Millis) -> tuple[Reason, str]:
    expired = chat.expires_at is not None and chat.expires_at <= now
    return (Reason.TIME, "ended_time") if expired else (Reason.IDLE, "ended_idle")
