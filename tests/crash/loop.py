"""The service is killed at random moments, again and again, while people text and a provider keeps account."""

from __future__ import annotations

import asyncio
import signal
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tests.crash.judge import Row, faults
from tests.crash.provider import provider
from tests.crash.town import PEOPLE, Town
from tests.emulation import Emulated
from tests.process import Service
from tests.unsealed import opened

LIFE = 0.8  # seconds at most between its first answer and its end
STARTING = 0.7  # about as long as a start takes, as owners do it: some starts are not survived
COPIED = 0.15  # and of a copy
STILLBORN = 0.2
FAULTS = {  # and how often they strike
    "receipt-lost": 0.3,  # or every doubt would be settled by one, and no text ever be sent twice
    "hang": 0.03,  # until the next kill: what was sending then had not left
    "hang-taken": 0.03,  # or had
    "webhook-duplicate": 0.05,
}
SETTINGS = {
    "DOUBT_AFTER": "1s",
    "ACCOUNT_RATE": "0",
    "LINE_RATE": "0",
    "SENDER_LIMIT": "0",
    "SENDER_DAILY": "0",  # a long run has everybody text for days
    "LOG_LEVEL": "WARNING",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    kills: int
    texts: int
    unheard: int  # webhooks that came while it was down
    again: int  # texts whose webhook came more than once, for the kill left its fate open
    copies: int
    given_up: int
    seconds: float
    faults: list[str]

    def __str__(self) -> str:
        return (
            f"{self.kills:,} kills in {self.seconds:.0f} s: {self.texts:,} texts; {self.unheard:,} webhooks met nobody,"
            f" {self.again:,} texts came in more than once, {self.copies:,} copies went out,"
            f" {self.given_up:,} were given up and it was said; {len(self.faults):,} faults"
        )


async def run(
    folder: Path,
    *,
    kills: int,
    seed: int,
    as_owners_do: bool = False,
    told: Callable[[int], None] = lambda kills: None,
) -> Outcome:
    """The seed decides when the service is killed and who writes when; what that hits is up to the machine."""
    service, begun = Service(folder, as_owners_do=as_owners_do), time.monotonic()
    webhooks = service.webhook("inbound-sms"), service.webhook("delivery-receipt")
    async with provider(folder, *webhooks, seed) as vonage:
        service.settings = {"VONAGE_REST_URL": vonage.url, "VONAGE_API_URL": vonage.url} | SETTINGS
        await service.start()
        try:
            town = Town(service, vonage, lambda: rows(service))
            found = await _play(town, kills, Random(seed), told)
        finally:
            await service.end(signal.SIGKILL)
    return await _outcome(town, kills, time.monotonic() - begun, found)


async def _play(town: Town, kills: int, chance: Random, told: Callable[[int], None]) -> list[str]:
    conversations = await town.move_in()
    await let_go_wrong(town.vonage, FAULTS)
    async with asyncio.TaskGroup() as group:
        account = group.create_task(town.ledger.follow(town.vonage))
        writing = [group.create_task(town.write(each, Random(f"{chance.random()}"))) for each in conversations]
        for number in range(1, kills + 1):
            await _kill(town.service, chance)
            told(number)
        await nothing_goes_wrong_any_more(town.vonage)
        await town.service.start()
        town.over.set()
        await asyncio.gather(*writing)
        await town.settled()
        account.cancel()
    rows = await town.rows()  # before the account: what leaves meanwhile is in it
    await town.ledger.catch_up(town.vonage)
    return [
        *faults(town.texts, town.ledger, rows),
        *await phones_that_show_otherwise(town),
        *_fallen(town.service),
    ]


async def let_go_wrong(vonage: Emulated, faults: Mapping[str, float]) -> None:
    """`faults`: how often each strikes."""
    for kind, probability in faults.items():
        asked = {"kind": kind, "probability": probability}
        async with vonage.http.post(f"{vonage.url}/faults", json=asked) as answer:
            assert answer.status == 201, await answer.text()


async def nothing_goes_wrong_any_more(vonage: Emulated) -> None:
    async with vonage.http.delete(f"{vonage.url}/faults") as answer:
        assert answer.status == 204, await answer.text()


async def _kill(service: Service, chance: Random) -> None:
    if service.running is None or service.running.returncode is not None:
        await service.launch()
    if chance.random() < STILLBORN:
        await asyncio.sleep(chance.uniform(0, STARTING if service.as_owners_do else COPIED))
    else:
        await service.answers()
        await asyncio.sleep(chance.uniform(0, LIFE))
    assert await service.end(signal.SIGKILL) == -signal.SIGKILL, f"it ended by itself:\n{service.log}"


async def phones_that_show_otherwise(town: Town) -> list[str]:
    """Than the wire log says. A phone keeps its newest texts only."""
    found = []
    for person in PEOPLE:
        shown = await town.vonage.received(person)
        arrived = [each.text for each in town.ledger.arrived if each.reader == person]
        if arrived[-len(shown) :] != shown:
            found.append(f"the phone of {person} shows other texts than the wire log")
    return found


async def rows(service: Service) -> list[Row]:
    """Read only: the last connection to close would otherwise tidy up after a crash."""
    with opened(service.folder / "service.db") as database:
        return [Row(*each) for each in database.outbound(more="state, may_repeat, tries, reason")]


def _fallen(service: Service) -> list[str]:
    return [f"the log holds a fault:\n{service.log}"] if "Traceback" in service.log else []


async def _outcome(town: Town, kills: int, seconds: float, found: list[str]) -> Outcome:
    arrived = Counter(each.text for each in town.ledger.arrived if each.text in town.texts)
    return Outcome(
        kills=kills,
        texts=len(town.texts),
        unheard=town.ledger.unheard,
        again=sum(count > 1 for count in town.ledger.webhooks.values()),
        copies=sum(count - 1 for count in arrived.values()),
        given_up=sum(row.given_up for row in await town.rows()),
        seconds=seconds,
        faults=found,
    )
