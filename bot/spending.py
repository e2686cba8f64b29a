"""The caps of a day: how much may still leave, and what the admins are told. Pure; what was spent is passed in."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal, InvalidOperation
from math import inf

from storage.model import Millis
from storage.senders import day_of
from storage.spending import Spent

UNIT = Decimal(10) ** 8  # Vonage names prices to the hundred-millionth
NEARLY, REACHED = 80, 100  # percent of a cap
DEAREST = 10**15  # ten million of any currency for one text is no price
STOPPED = "the cap of the day is reached"


def units(price: str | None) -> int:
    """A price as Vonage names it, in hundred-millionths; one that is none costs nothing we could count."""
    try:
        amount = Decimal(price or "0")
    except InvalidOperation:
        return 0
    if not amount.is_finite() or amount <= 0:
        return 0
    return int(min(amount * UNIT, Decimal(DEAREST)).to_integral_value(ROUND_CEILING))


@dataclass(frozen=True, slots=True)
class Caps:
    """A day's, UTC. `texts`, and `money` in the account's currency; 0: none."""

    texts: int = 0
    money: Decimal = Decimal(0)

    def percent(self, spent: Spent) -> float:
        """Of the cap that is nearest."""
        of_texts = spent.texts * 100 / self.texts if self.texts else 0.0
        of_money = spent.money * 100 / float(self.money * UNIT) if self.money else 0.0
        return max(of_texts, of_money)


NO_CAPS = Caps()


class Budget:
    """What was spent today, as the database has it, and what follows from that for the next text."""

    def __init__(self, caps: Caps) -> None:
        self.caps = caps
        self._spent = Spent(-1)
        self._dearest: int | None = None  # text, since the start

    def is_known(self, now: Millis) -> bool:
        """Whether what was spent on this day has been read."""
        return self._spent.day == day_of(now)

    def spent(self, now: Millis) -> Spent:
        return self._spent if self.is_known(now) else Spent(day_of(now))

    def learn(self, spent: Spent) -> None:
        self._spent = spent

    def saw(self, price: int) -> None:
        """What one text cost."""
        self._dearest = max(self._dearest or 0, price)

    def trouble(self, now: Millis) -> str | None:
        """Why nothing but what is urgent leaves; None: it all does."""
        return STOPPED if self.caps.percent(self.spent(now)) >= REACHED else None

    def room(self, under_way: int, now: Millis) -> float:
        """How many more texts may be sent at once, so that what is under way cannot leap over a cap."""
        return max(0, min(self._texts_left(now), self._money_left(now)) - under_way)

    def _texts_left(self, now: Millis) -> float:
        return self.caps.texts - self.spent(now).texts if self.caps.texts else inf

    def _money_left(self, now: Millis) -> float:
        """The last one may be dearer than what is left."""
        if not self.caps.money or self._dearest == 0:
            return inf
        left = int(self.caps.money * UNIT) - self.spent(now).money
        return 1 if self._dearest is None else -(-left // self._dearest)

    def news(self, spent: Spent) -> int:
        """The percentage of a cap that the admins are to be told; 0: they know, or there is nothing to tell."""
        reached = self._mark(spent)
        return reached if reached > spent.told else 0

    def still_true(self, spent: Spent) -> int:
        """What the admins were told, as far as it holds under these caps."""
        return min(spent.told, self._mark(spent))

    def _mark(self, spent: Spent) -> int:
        percent = self.caps.percent(spent)
        return next((mark for mark in (REACHED, NEARLY) if percent >= mark), 0)


def spelled(money: int) -> str:
    """As people write amounts."""
    return f"{money / UNIT:.2f}"
