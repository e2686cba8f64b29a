"""Four processes on one PostgreSQL are killed, stopped and cut off at random, while people text through them."""

from __future__ import annotations

import asyncio
import signal
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import asyncpg

from storage.keys import KeySetting, new
from storage.vault import Vault
from tests.cluster.balancer import balancer
from tests.crash.judge import Row, faults
from tests.crash.loop import FAULTS, SETTINGS, let_go_wrong, nothing_goes_wrong_any_more, phones_that_show_otherwise
from tests.crash.provider import provider
from tests.crash.town import Town
from tests.process import Service, free_port

PROCESSES = 4
BREAK = (0.1, 1.0)  # seconds between two blows
LONG = 60.0  # seconds; in a shorter run nobody waits for what hangs until its time-out
# A text in doubt holds up what was texted after it, whichever process comes by.
CLUSTER_FAULTS = FAULTS | {"status-5": 0.2}
QUICK_FAULTS = {kind: often for kind, often in CLUSTER_FAULTS.items() if not kind.startswith("hang")}
STOPPED = (0.3, 9.0)  # seconds; a lease is 6


@dataclass(frozen=True, slots=True)
class Outcome:
    blows: Counter[str]
    texts: int
    again: int
    copies: int
    given_up: int
    moves: int  # lines that changed hands
    seconds: float
    faults: list[str]

    def __str__(self) -> str:
        blows = ", ".join(f"{count:,} {name}" for name, count in sorted(self.blows.items()))
        return (
            f"{blows} in {self.seconds:.0f} s: {self.texts:,} texts, {self.again:,} came in more than once,"
            f" {self.copies:,} copies went out, {self.given_up:,} were given up and it was said,"
            f" lines changed hands {self.moves:,} times; {len(self.faults):,} faults"
        )


@dataclass
class Cluster:
    """Several services on one database, and a way to hurt each of them."""

    services: Sequence[Service]
    database: str
    vault: Vault
    chance: Random
    blows: Counter[str] = field(default_factory=Counter)

    async def start(self) -> None:
        await asyncio.gather(*(service.start() for service in self.services))

    async def end(self) -> None:
        for service in self.services:
            if service.running is not None and service.running.returncode is None:
                service.running.send_signal(signal.SIGCONT)
        await asyncio.gather(*(service.end(signal.SIGKILL) for service in self.services))

    async def blow(self, service: Service) -> None:
        name, strike = self.chance.choice(
            [("kills", self._kill), ("stops", self._stop), ("stops", self._stop), ("restarts", self._restart),
             ("cut connections", self._cut), ("cut connections", self._cut)]
        )  # fmt: skip
        self.blows[name] += 1
        await strike(service)

    async def _kill(self, service: Service) -> None:
        await service.end(signal.SIGKILL)
        await asyncio.sleep(self.chance.uniform(0, 1))
        await _again(service)

    async def _restart(self, service: Service) -> None:
        await service.end()
        await _again(service)

    async def _stop(self, service: Service) -> None:
        assert service.running is not None
        service.running.send_signal(signal.SIGSTOP)
        await asyncio.sleep(self.chance.uniform(*STOPPED))
        service.running.send_signal(signal.SIGCONT)

    async def _cut(self, service: Service) -> None:
        """Of any of the processes: the server does not say whose it is."""
        await self.ask(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() ORDER BY random() LIMIT 2"
        )

    async def ask(self, sql: str) -> list[asyncpg.Record]:
        connection = await asyncpg.connect(self.database)
        try:
            found: list[asyncpg.Record] = await connection.fetch(sql)
            return found
        finally:
            with suppress(OSError, asyncpg.PostgresError):
                await connection.close()

    async def rows(self) -> list[Row]:
        found = await self.ask(
            "SELECT line, recipient, recipient_sealed, text, client_ref, state, may_repeat, tries, reason"
            " FROM outbound ORDER BY id"
        )
        return [
            Row(line, self.vault.number(index, sealed).e164(), self.vault.open(text, f"outbound {ref}") or "", *rest)
            for line, index, sealed, text, ref, *rest in found
        ]

    async def moves(self) -> int:
        [(count,)] = await self.ask("SELECT coalesce(sum(fence), 0) FROM line_lease WHERE line <> '*'")
        return int(count)


async def run(
    folder: Path,
    database: str,
    *,
    seconds: float,
    seed: int,
    planted: str | None = None,
    calm: bool = False,
    told: Callable[[Counter[str]], None] = lambda blows: None,
) -> Outcome:
    """The seed decides who is hurt when and how; what that hits is up to the machine. `calm`: nobody is."""
    chance, begun, key, port = Random(seed), time.monotonic(), new(), free_port()
    vault = Vault(KeySetting(key).load(may_make=False))
    entrance = Service(folder, port)
    services = [Service(folder / str(number)) for number in range(PROCESSES)]
    webhooks = entrance.webhook("inbound-sms"), entrance.webhook("delivery-receipt")
    cluster = Cluster(services, database, vault, chance)
    async with (
        provider(folder, *webhooks, seed) as vonage,
        balancer(port, [service.port for service in services], chance),
    ):
        for service in services:
            service.folder.mkdir()
            service.settings = SETTINGS | {
                "VONAGE_REST_URL": vonage.url, "VONAGE_API_URL": vonage.url, "DATABASE_URL": database, "DATA_KEY": key,
            }  # fmt: skip
            if planted is not None:
                service.program = ("tests.cluster.planted", planted)
        try:
            await cluster.start()
            if planted is not None:  # the schema itself would refuse most of it
                await cluster.ask("DROP INDEX outbound_under_way")
            town = Town(entrance, vonage, cluster.rows)
            found = await _play(town, cluster, seconds, told, calm=calm)
        finally:
            await cluster.end()
        return await _outcome(town, cluster, time.monotonic() - begun, found)


async def _play(
    town: Town, cluster: Cluster, seconds: float, told: Callable[[Counter[str]], None], *, calm: bool
) -> list[str]:
    chance = cluster.chance
    conversations = await town.move_in()
    await let_go_wrong(town.vonage, CLUSTER_FAULTS if seconds > LONG else QUICK_FAULTS)
    async with asyncio.TaskGroup() as group:
        account = group.create_task(town.ledger.follow(town.vonage))
        writing = [group.create_task(town.write(each, Random(f"{chance.random()}"))) for each in conversations]
        async with asyncio.TaskGroup() as hurting:
            for service in () if calm else cluster.services:
                hurting.create_task(_hurt(cluster, service, seconds))
            hurting.create_task(_tell(cluster, seconds, told))
        await nothing_goes_wrong_any_more(town.vonage)
        town.over.set()
        await asyncio.gather(*writing)
        await town.settled()
        account.cancel()
    rows = await town.rows()  # before the account: what leaves meanwhile is in it
    await town.ledger.catch_up(town.vonage)
    return [
        *faults(town.texts, town.ledger, rows),
        *await phones_that_show_otherwise(town),
        *(fault for service in cluster.services for fault in _fallen(service)),
    ]


async def _hurt(cluster: Cluster, service: Service, seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        await asyncio.sleep(cluster.chance.uniform(*BREAK) * PROCESSES)
        await cluster.blow(service)


async def _tell(cluster: Cluster, seconds: float, told: Callable[[Counter[str]], None]) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        await asyncio.sleep(min(30.0, seconds))
        told(cluster.blows)


async def _again(service: Service) -> None:
    """As a supervisor does: whose connection is cut while it starts says so, and ends."""
    for _ in range(10):
        await service.launch()
        with suppress(AssertionError):
            return await service.answers()
    raise AssertionError(service.log)


def _fallen(service: Service) -> list[str]:
    return [f"the log holds a fault:\n{service.log[-8000:]}"] if "Traceback" in service.log else []


async def _outcome(town: Town, cluster: Cluster, seconds: float, found: list[str]) -> Outcome:
    arrived = Counter(each.text for each in town.ledger.arrived if each.text in town.texts)
    return Outcome(
        blows=cluster.blows,
        texts=len(town.texts),
        again=sum(count > 1 for count in town.ledger.webhooks.values()),
        copies=sum(count - 1 for count in arrived.values()),
        given_up=sum(row.given_up for row in await town.rows()),
        moves=await cluster.moves(),
        seconds=seconds,
        faults=found,
    )
