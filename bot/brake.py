"""Failures to get in, by the address they come from: who has had too many of late must wait."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from starlette.types import Scope

from bot.callers import Callers
from commands.durations import MINUTE
from storage.model import Millis

MOST = 10  # failures in a minute, from one address
MOST_IN_ALL = 1000  # from all of them: then only those are heard that were right before
WINDOW: Millis = MINUTE
REMEMBERED = 10_000  # addresses that failed; the longest known is forgotten first, so memory has an end
KNOWN = 1000  # addresses that were right


@dataclass(slots=True)
class Count:
    began: Millis
    failures: int = 0

    def wait(self, most: int, now: Millis) -> Millis:
        """How long until it may try again; 0: now."""
        passed = now - self.began
        # A clock that was set back must not lock anybody out.
        return WINDOW - passed if self.failures >= most and 0 <= passed < WINDOW else 0


class Brake:
    """`reached` is told once when an address comes to its limit, or all of them together to theirs."""

    def __init__(self, callers: Callers, clock: Callable[[], Millis], reached: Callable[[], None]) -> None:
        self._callers = callers
        self._clock = clock
        self._reached = reached
        self._counts: OrderedDict[str, Count] = OrderedDict()
        self._known: OrderedDict[str, None] = OrderedDict()
        self._all = Count(clock())

    def wait(self, scope: Scope) -> int:
        """Seconds until whoever sent this may try again; 0: now."""
        address, now = self._callers.of(scope), self._clock()
        wait = self._counts[address].wait(MOST, now) if address in self._counts else 0
        if address not in self._known:
            wait = max(wait, self._all.wait(MOST_IN_ALL, now))
        return -(-wait // 1000)

    def failed(self, scope: Scope) -> None:
        address, now = self._callers.of(scope), self._clock()
        own, all_together = self._counted(address, now).failures, self._count_all(now)
        if own == MOST or all_together == MOST_IN_ALL:
            self._reached()

    def right(self, scope: Scope) -> None:
        """Whoever sent this was right: it is heard although strangers fail in numbers."""
        address = self._callers.of(scope)
        self._known[address] = None
        self._known.move_to_end(address)
        if len(self._known) > KNOWN:
            self._known.popitem(last=False)

    def _counted(self, address: str, now: Millis) -> Count:
        count = self._counts.pop(address, None)
        if count is None or not 0 <= now - count.began < WINDOW:
            count = Count(now)
        count.failures += 1
        self._counts[address] = count
        if len(self._counts) > REMEMBERED:
            self._counts.popitem(last=False)
        return count

    def _count_all(self, now: Millis) -> int:
        if not 0 <= now - self._all.began < WINDOW:
            self._all = Count(now)
        self._all.failures += 1
        return self._all.failures
