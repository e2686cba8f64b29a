"""What follows when the loop breaker trips: the chat is paused, its writers and the admins are told, once."""

from __future__ import annotations

import logging

from bot.logs import event
from bot.outgoing import Outgoing
from bot.routing import Pause
from commands.desk import House
from commands.news import notices
from storage import admins, audit, chats, inbox
from storage.audit import Kind as Entry
from storage.engine import Transaction
from storage.inbox import Kept
from storage.model import Chat, Inbound, Kind, Millis, Outbound, Participant
from storage.outbox import PAUSED

log = logging.getLogger("private_sms.breaker")


class Breaker:
    def __init__(self, house: House, outgoing: Outgoing) -> None:
        self._house = house
        self._outgoing = outgoing

    async def trip(self, tx: Transaction, text: Inbound, pause: Pause, now: Millis) -> None:
        """The text that gave the loop away is kept, and with it whatever waits in that chat."""
        chat = await chats.find(tx, pause.chat)
        assert chat is not None
        await inbox.keep(tx, [Kept(text, PAUSED, chat.id)])
        held = await chats.pause(tx, chat.id, reason=pause.why, now=now)
        waiting = {seat.number for seat in held}  # written perhaps on other lines, before the chat was opened again
        writers = [each for each in chat.participants if each.side is pause.side or each.number in waiting]
        await chats.told_paused(tx, [(chat.id, each.side) for each in writers])
        notices = [self._told(chat, each) for each in writers]
        await self._outgoing.enqueue(tx, [*notices, *await self._alarm(tx, chat, pause)], now)
        await audit.record(tx, Entry.SECURITY, f"loop: {pause.why}", who="loop breaker", now=now, outcome="paused",
                           whom=chat.side(pause.side).number, chat=chat.id)  # fmt: skip
        log.warning(event("chat paused", chat=chat.id, why=pause.why))

    def _told(self, chat: Chat, writer: Participant) -> Outbound:
        words = self._house.text_to(writer.number, writer.language, "chat_paused")
        return Outbound(writer.line, writer.number, words, Kind.NOTICE, chat.id)

    async def _alarm(self, tx: Transaction, chat: Chat, pause: Pause) -> list[Outbound]:
        everyone = await admins.everyone(tx, self._house.admins)
        about = {"chat": chat, "id": chat.id, "number": chat.side(pause.side).number}
        return await notices(tx, self._house, everyone, "loop_broken", **about, why=pause.why, side=pause.side)
