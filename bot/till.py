"""What leaves is counted in the transaction that settles it; the admins are told when a cap of the day comes near."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

from bot.logs import event
from bot.outgoing import Outgoing
from bot.spending import REACHED, Budget, spelled
from commands.desk import House
from commands.news import notices
from storage import admins, audit, spending
from storage.engine import Transaction
from storage.model import Millis, Outbound
from storage.number import Number
from storage.outbox import Sent
from storage.spending import Spent

log = logging.getLogger("private_sms.till")


class Till:
    def __init__(self, budget: Budget, house: House, outgoing: Outgoing) -> None:
        self._budget = budget
        self._house = house
        self._outgoing = outgoing

    async def count(self, tx: Transaction, sent: Sequence[Sent], now: Millis) -> None:
        """One statement for all of them, whose answer is what counts from then on."""
        for each in sent:
            self._budget.saw(each.price)
        money = sum(each.price for each in sent)
        self._budget.learn(await spending.add(tx, texts=len(sent), money=money, now=now))

    async def look(self, tx: Transaction, now: Millis) -> None:
        """Know the day; tell the admins, once, what there is to tell of it."""
        if not self._budget.is_known(now):
            await self._open(tx, now)
        spent = self._budget.spent(now)
        if percent := self._budget.news(spent):
            await self._outgoing.enqueue(tx, await self._told(tx, spent, percent), now)
            await self._remember(tx, spent, percent)
            await audit.record(
                tx, audit.Kind.SECURITY, "cap of the day", who="limits", now=now, outcome=f"{percent} percent"
            )
            log.warning(event("cap of the day", percent=percent, texts=spent.texts))

    async def admins(self, tx: Transaction) -> list[Number]:
        return await admins.everyone(tx, self._house.admins)

    async def _open(self, tx: Transaction, now: Millis) -> None:
        """At a start the caps may be others: what was told of the former ones counts as far as it is still true."""
        spent = await spending.today(tx, now)
        self._budget.learn(spent)
        if (told := self._budget.still_true(spent)) != spent.told:
            await self._remember(tx, spent, told)

    async def _remember(self, tx: Transaction, spent: Spent, told: int) -> None:
        await spending.tell(tx, spent, told)
        self._budget.learn(replace(spent, told=told))

    async def _told(self, tx: Transaction, spent: Spent, percent: int) -> list[Outbound]:
        key = "cap_reached" if percent == REACHED else "cap_near"
        money = spelled(spent.money)
        return await notices(tx, self._house, await self.admins(tx), key, count=spent.texts, money=money)
