"""The service of one run, put together as in production, but for its engine, transport, clock and chance."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

from bot.deadlines import Deadlines
from bot.pace import Pace
from bot.proxy import Chance, Proxy, assemble
from bot.service import Service
from commands.desk import House
from storage.model import Millis
from tests.people import ADMIN, LINE, OTHER_LINE
from tests.simulator.database import Disk, SimulatedSQLite
from tests.simulator.provider import Wire
from tests.simulator.run import Run
from tests.simulator.weather import Weather

LINES = (LINE, OTHER_LINE)


@dataclass(frozen=True, slots=True)
class Looks:
    """The deadlines' own loop with a pause of the seed's: most of a simulated minute would be looking."""

    deadlines: Deadlines
    pause: Millis

    async def run(self) -> None:
        while True:
            await self.deadlines.look()
            await asyncio.sleep(self.pause / 1000)


def assembled(run: Run, disk: Disk, wire: Wire, weather: Weather, jitter: Callable[[], float]) -> tuple[Proxy, Service]:
    clock, refs = disk.timeline.clock, count(1)
    proxy = assemble(
        engine=SimulatedSQLite(disk, run),
        house=house(weather.chat_ttl),
        transport=wire,
        pace=Pace(0, dict.fromkeys(LINES, weather.rate)),
        sender_limit=weather.sender_limit,
        doubt_after=weather.doubt_after,
        clock=clock,
        chance=Chance(new_ref=lambda: f"{run.number}-{next(refs)}", jitter=jitter, owner=str(run)),
    )
    service = Service(
        engine=proxy.engine,
        writer=proxy.writer,
        delivery=proxy.delivery,
        deadlines=Looks(proxy.deadlines, weather.tick),
        receipts=proxy.receipts,
        transport=wire,
        clock=clock,
    )
    return proxy, service


def house(chat_ttl: Millis | None = None) -> House:
    return House(
        service_name="Private SMS",
        lines=LINES,
        admins=frozenset({ADMIN}),
        region=None,
        chat_ttl=chat_ttl,
        code_key=b"key",
        new_code=lambda: "4821",
    )
