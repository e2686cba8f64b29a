"""What people are told whose text did not arrive: once, neutrally, and never why."""

from __future__ import annotations

from collections.abc import Sequence

from bot.outgoing import Outgoing
from commands.desk import House
from storage import languages, people
from storage.engine import Transaction
from storage.model import Claim, Kind, Millis, Outbound, Seat
from storage.number import Number


class Undelivered:
    def __init__(self, house: House, outgoing: Outgoing) -> None:
        self._house = house
        self._outgoing = outgoing

    async def tell(self, tx: Transaction, senders: Sequence[Seat], now: Millis, key: str = "not_delivered") -> None:
        """Each of these by the text `key`; nobody who wants no texts."""
        if not senders:
            return
        numbers = {sender.number for sender in senders}
        silent, chosen = await people.opted_out(tx, numbers), await languages.chosen(tx, numbers)
        notices = [
            Outbound(
                each.line, each.number, self._house.text_to(each.number, chosen.get(each.number), key), Kind.NOTICE
            )
            for each in senders
            if each.number not in silent
        ]
        await self._outgoing.enqueue(tx, notices, now)

    async def tell_writers(
        self, tx: Transaction, lost: Sequence[Claim], now: Millis, key: str = "not_delivered"
    ) -> None:
        """Whoever wrote one of these; our own notices and answers have no writer."""
        await self.tell(tx, [claim.sender for claim in lost if claim.sender is not None], now, key)

    async def opt_out(self, tx: Transaction, number: Number, *, source: str, now: Millis) -> None:
        """Record it, and tell those whose text to that person was still waiting."""
        await self.tell(tx, await people.opt_out(tx, number, source=source, now=now), now, key="partner_not_receiving")
