"""Which lines this process sends on: all of them, or with other processes beside it those it holds a lease of."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Protocol

from bot.logs import event
from bot.pace import Pace
from commands.durations import SECOND
from storage import leases
from storage.engine import Aside, StorageError, Transaction
from storage.leases import DUTIES, LEASE, Other
from storage.number import Number

log = logging.getLogger("private_sms.ownership")

# Goes on while the machine sleeps, where there is such a clock (Linux): on waking a lease is long over.
AWAKE_OR_NOT = getattr(time, "CLOCK_BOOTTIME", None)
RENEW = 1.5  # seconds, a quarter of a lease
# No send begins in a lease's last part: it has to be on its way to Vonage before another process may think it lost.
MARGIN = 1.5


def since_start() -> float:
    """Seconds, of a clock that nobody sets."""
    return time.monotonic() if AWAKE_OR_NOT is None else time.clock_gettime(AWAKE_OR_NOT)


class Ownership(Protocol):
    """Delivery asks it for lines to claim on, and again before each send."""

    async def claimable(self, tx: Transaction) -> Sequence[Number]:
        """Lines whose texts may be claimed in this transaction; nobody else claims there until its end."""
        ...

    def holds(self, line: Number) -> bool:
        """Whether a send on this line may begin now."""
        ...

    def on_duty(self) -> bool:
        """Whether this process does what one does for all: deadlines, retention."""
        ...

    def known(self) -> Collection[Number]:
        """The lines that any process knows as ours."""
        ...


class Sole:
    """SQLite: no other process."""

    def __init__(self, lines: Sequence[Number]) -> None:
        self._lines = lines

    async def claimable(self, tx: Transaction) -> Sequence[Number]:
        return self._lines

    def holds(self, line: Number) -> bool:
        return True

    def on_duty(self) -> bool:
        return True

    def known(self) -> Collection[Number]:
        return self._lines


class Leased:
    """Holds a fair part of the lines; takes over those of a process that died, gives some to one that comes.

    `take_over`: what is done about texts that a former owner of these lines was sending. `busy`: whether a send on this
    line is under way. `monotonic`: seconds, of a clock that nobody sets.
    """

    def __init__(
        self,
        *,
        aside: Aside,
        owner: str,
        lines: Sequence[Number],
        pace: Pace,
        take_over: Callable[[Collection[Number]], Awaitable[object]],
        busy: Callable[[Number], bool],
        wake: Callable[[], None],
        monotonic: Callable[[], float],
    ) -> None:
        self._aside = aside
        self._owner = owner
        self._lines = lines
        self._pace = pace
        self._take_over = take_over
        self._busy = busy
        self._wake = wake
        self._monotonic = monotonic
        self._fences: dict[str, int] = {}  # of what the database says we hold
        self._ready: set[str] = set()  # of these, what a former owner left has been seen to
        self._leaving: set[str] = set()  # of these, what another process shall have
        self._until = 0.0
        self._others: list[Other] = []
        self._is_away = False

    async def run(self) -> None:
        while True:
            try:
                await self.look()
                self._is_away = False
            except StorageError as error:
                if not self._is_away:
                    log.error(event("leases cannot be renewed", why=error))
                self._is_away = True
            await asyncio.sleep(RENEW)

    async def look(self) -> None:
        """Renew, share with the others, take what nobody holds."""
        if not self._others and not self._fences:
            await leases.know(self._aside, self._lines)
        began = self._monotonic()
        held = await leases.renew(self._aside, self._owner, lines=self._lines, sent=self._pace.counted())
        self._keep(held, began)
        self._others = await leases.others(self._aside, self._owner)
        self._pace.share(self._part())
        await self._give()
        await self._take()
        await self._make_ready()

    async def leave(self) -> None:
        """When nothing is under way any more: others take the lines at once."""
        self._ready, self._until = set(), 0.0
        await leases.leave(self._aside, self._owner, list(self._fences))

    async def claimable(self, tx: Transaction) -> Sequence[Number]:
        mine = [line for line in self._lines if line.e164() in self._ready - self._leaving and self.holds(line)]
        return await leases.fenced(tx, self._owner, mine) if mine else []

    def holds(self, line: Number) -> bool:
        return line.e164() in self._ready and self._monotonic() < self._until

    def on_duty(self) -> bool:
        return DUTIES in self._ready and self._monotonic() < self._until

    def known(self) -> Collection[Number]:
        return {*self._lines, *(line for other in self._others for line in other.lines)}

    def _keep(self, held: dict[str, int], began: float) -> None:
        lost = {line for line, fence in self._fences.items() if held.get(line) != fence}
        if lost:
            log.warning(event("leases lost", count=len(lost)))
        self._fences = held
        self._ready &= held.keys() - lost
        self._leaving &= held.keys() - lost
        self._until = began + LEASE / SECOND - MARGIN

    def _fair(self) -> int:
        """How many lines there are for each process."""
        rivals = sum(not other.lines.isdisjoint(self._lines) for other in self._others)
        return -(-len(self._lines) // (1 + rivals))

    def _part(self) -> float:
        """Of what the account may send in a second: by what each has sent of late, and a little for the idle."""
        mine = 1 + self._pace.last_counted
        return mine / (mine + sum(1 + other.sent for other in self._others))

    async def _give(self) -> None:
        """What is above our share, once nothing is under way there."""
        held = sorted(self._fences.keys() - {DUTIES})
        self._leaving = set(held[self._fair() :])
        if idle := [line for line in self._leaving if not self._busy(Number(line))]:
            self._ready -= set(idle)
            await leases.give_back(self._aside, self._owner, idle)
            self._fences = {line: fence for line, fence in self._fences.items() if line not in idle}
            log.info(event("lines given to other processes", count=len(idle)))

    async def _take(self) -> None:
        missing = self._fair() - len(self._fences.keys() - {DUTIES})
        if missing > 0:
            wanted = [line.e164() for line in self._lines if line.e164() not in self._fences]
            self._fences |= await leases.take(self._aside, self._owner, wanted, most=missing)
        if DUTIES not in self._fences:
            self._fences |= await leases.take(self._aside, self._owner, [DUTIES], most=1)

    async def _make_ready(self) -> None:
        """Only when it is known what became of what a former owner was sending."""
        new = self._fences.keys() - self._ready
        if not new:
            return
        if lines := [Number(line) for line in sorted(new - {DUTIES})]:
            await self._take_over(lines)
            log.info(event("lines taken", count=len(lines)))
        self._ready |= new
        self._wake()
