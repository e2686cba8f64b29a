"""A person is erased: their chats end, the others are told, and what is held about them goes."""

from __future__ import annotations

import logging

from bot.logs import event
from bot.outgoing import Outgoing
from commands import pairing
from commands.desk import Desk, House
from storage import audit, chats, erasure, holdings
from storage.engine import Transaction
from storage.holdings import Holdings
from storage.model import Millis
from storage.number import Number
from storage.token_uses import WHO

log = logging.getLogger("private_sms.erasing")

ERASED = "a person was erased"


class Erasing:
    def __init__(self, house: House, outgoing: Outgoing) -> None:
        self._house = house
        self._outgoing = outgoing

    async def erase(self, tx: Transaction, number: Number, now: Millis) -> Holdings:
        """Returns what there was. Where that is nothing, nothing is written."""
        held = await holdings.count(tx, number)
        if held.nothing:
            return held
        desk = Desk(tx=tx, house=self._house, admin=None, line=None, now=now)
        for chat in await chats.open_of(tx, number):
            await pairing.close(desk, chat, ERASED)
        await erasure.erase(tx, number, now)
        await self._outgoing.enqueue(tx, [text for text in desk.outgoing if text.recipient != number], now)
        await audit.record(tx, audit.Kind.SECURITY, ERASED, who=WHO, now=now)
        log.info(event(ERASED))
        return held
