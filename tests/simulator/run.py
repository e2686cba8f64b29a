"""One run of the process: it starts, takes webhooks, and stops, or is struck down at a place that was chosen before."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from bot.service import Service
from tests.simulator.timeline import VirtualLoop, forever, turn

LAST_REQUESTS = 5.0  # seconds that webhooks under way are given when told to stop


class Place(StrEnum):
    """Where a run may be struck down."""

    STATEMENT = "before a statement"
    COMMIT = "before a commit"
    COMMITTED = "after a commit"
    REQUEST = "before a request to Vonage"
    ANSWER = "with Vonage's answer unsettled"
    ACKNOWLEDGED = "before the acknowledgement"
    ANYWHERE = "at some time"


@dataclass(frozen=True, slots=True)
class Strike:
    place: Place
    nth: int


class Struck(BaseException):
    """Nothing of this run may go on."""


class Run:
    def __init__(self, loop: VirtualLoop, number: int, strike: Strike | None) -> None:
        self.loop = loop
        self.number = number
        self.open = False  # to webhooks
        self.struck: Place | None = None
        self.dead = False
        self.requests = 0
        self._strike = strike
        self._passed = 0  # the place of the strike
        self._told_to_stop = asyncio.Event()

    def __str__(self) -> str:
        return f"run {self.number}"

    def passes(self, place: Place) -> bool:
        """Whether it goes on from here."""
        if self._strike is not None and place is self._strike.place:
            self._passed += 1
            if self._passed == self._strike.nth:
                self.fall(place)
        return self.struck is None

    async def step(self, place: Place) -> None:
        if self.dead:
            raise Struck
        if not self.passes(place):
            await forever()
        await turn()

    def fall(self, place: Place) -> None:
        if self.loop.over:
            return
        self.struck = place
        self.open = False
        self.loop.over = True

    def stop(self) -> None:
        self._told_to_stop.set()

    def bury(self) -> None:
        self.dead = True
        self.loop.bury(Struck())

    async def live(self, service: Service, begun: Callable[[], None]) -> None:
        """As the server does it: the lifespan around all requests. `begun` is called as soon as it has started."""
        try:
            async with service.running():
                begun()
                self.open = True
                await self._told_to_stop.wait()
                self.open = False
                await self._requests_end()
        finally:
            self.open = False
            self.loop.over = True

    async def _requests_end(self) -> None:
        until = self.loop.time() + LAST_REQUESTS
        while self.requests and self.loop.time() < until:
            await asyncio.sleep(0.05)
