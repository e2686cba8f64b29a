"""The measures: each starts the service anew on a database of its own, loads it, and checks all that arrived."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from statistics import median
from typing import TypeVar

from storage.keys import KeySetting, new
from storage.postgres import Postgres
from storage.sqlite import SQLite
from tests import postgres as servers
from tests.bench import load, processes
from tests.bench.figures import Chapter, Figure, percentile
from tests.bench.load import Acknowledged
from tests.bench.population import ADMIN, Population, Shape, Text, check
from tests.bench.processes import Arrival, Ledger, Started
from tests.postgres import Databases, Server

Run = TypeVar("Run")

RATE = 200.0  # texts a second, for how long an acknowledgement takes
PAUSE = 0.03  # seconds between texts to an idle service: longer than one of them takes

LEASES_SHARED = 5  # seconds after which two processes have shared the lines between them
SQLITE = "SQLite, one process"
ROUTE, POST, COMMIT = "Starlette route", "aiohttp POST", "group commit"
TUTORIAL_ACKNOWLEDGED, TUTORIAL_RELAYED = "the tutorial's app: acknowledged", "the tutorial's app: sent on"


@dataclass(frozen=True, slots=True)
class Size:
    """How much of everything is measured."""

    chats: int = 1_000
    many_chats: int = 100_000
    connections: int = 64
    rounds: int = 3
    texts: int = 6_000  # in a round
    paced: int = 2_000
    idle: int = 300
    starts: int = 3
    outage: int = 108_000  # an hour at 30 texts a second


# No smaller: processor time is counted in hundredths of a second, memory in pages.
QUICK = Size(chats=50, many_chats=200, connections=8, rounds=1, texts=100, paced=40, idle=10, starts=1, outage=300)


@dataclass(frozen=True, slots=True)
class Relayed:
    """A load, acknowledged and relayed, and what it cost."""

    acknowledged: Acknowledged
    arrived: list[Arrival]
    cpu_seconds: float

    @property
    def a_second(self) -> float:
        """From the first acknowledgement to the last arrival."""
        return len(self.arrived) / (self.arrived[-1].at - min(self.acknowledged.at))

    @property
    def cpu_micros(self) -> float:
        return self.cpu_seconds / len(self.arrived) * 1e6

    @property
    def seconds(self) -> float:
        return self.arrived[-1].at - min(self.acknowledged.due)


class Bench:
    def __init__(self, size: Size, shape: Shape, folder: Path, ledger: Ledger) -> None:
        self.size = size
        self._shape = shape
        self._folder = folder
        self._ledger = ledger
        self._names = count(1)
        self._population = Population(size.chats)

    def start(self) -> Chapter:
        seconds, megabytes = [], []
        for _ in range(self.size.starts):
            with self._service(self._population) as service:
                seconds.append(service.seconds)
                megabytes.append(service.megabytes)
        return Chapter(
            "Starting",
            [
                Figure("from the command to the first answer", median(seconds), " s", at_most=1.5),
                Figure("resident memory then", median(megabytes), " MB", at_most=120),
            ],
        )

    def load(self) -> Chapter:
        """Texts come in over all connections as fast as they are acknowledged, and are relayed at the same time."""
        with self._service(self._population) as service:
            runs = [self._relay(service, self._population) for _ in range(self.size.rounds)]
            megabytes = service.megabytes
        return Chapter(
            "Taking and relaying at the same time",
            [
                Figure("acknowledged, durable", _median(runs, lambda run: run.acknowledged.a_second), "/s",
                       at_least=2_500, limit=ROUTE),
                Figure("relayed, from the first acknowledgement to the last arrival",
                       _median(runs, lambda run: run.a_second), "/s", at_least=2_000, limit=POST),
                Figure("the same, against the tutorial's app", _median(runs, lambda run: run.a_second), "/s",
                       limit=TUTORIAL_RELAYED),
                Figure("processor time of the service", _median(runs, lambda run: run.cpu_micros), " µs a text"),
                Figure("resident memory after it", megabytes, " MB", at_most=120),
            ],
        )  # fmt: skip

    def postgres(self) -> Chapter:
        """Three services, loaded by turns: one on SQLite, one and two processes on PostgreSQL that flushes to disk."""
        with ExitStack() as running:
            where = asyncio.run(self._database(running.enter_context(servers.running({"listen_addresses": ""}))))
            one, two, three = (
                (running.enter_context(self._service(self._population)),),
                *(tuple(running.enter_context(self._beside(each)) for _ in range(many)) for many, each in where),
            )
            time.sleep(LEASES_SHARED)
            turns = [
                [self._relay_by(services, self._population) for services in (one, two, three)]
                for _ in range(self.size.rounds)
            ]
        sqlite, single, double = zip(*turns, strict=True)
        return Chapter(
            "Relaying on PostgreSQL, beside SQLite",
            [
                Figure(SQLITE, _median(sqlite, lambda run: run.a_second), "/s"),
                Figure("PostgreSQL, one process", _median(single, lambda run: run.a_second), "/s", limit=SQLITE),
                Figure("PostgreSQL, two processes", _median(double, lambda run: run.a_second), "/s", limit=SQLITE),
                Figure("processor time on SQLite", _median(sqlite, lambda run: run.cpu_micros), " µs a text"),
                Figure("on PostgreSQL, the server's not counted", _median(single, lambda run: run.cpu_micros),
                       " µs a text"),
            ],
        )  # fmt: skip

    def alone(self) -> Chapter:
        """Taking while the account is barred, so that nothing leaves; then, after a restart, sending what waits."""
        folder = self._settle(self._population)
        texts = [self._texts(self._population) for _ in range(self.size.rounds)]
        self._ledger.bar()
        with processes.service(folder, self._ledger) as service:
            taken = [self._load([service], each) for each in texts]
        self._ledger.unbar()
        every = [text for each in texts for text in each]
        with processes.service(folder, self._ledger):
            arrived = self._arrived(every)
        sent = (len(arrived) - 1) / (arrived[-1].at - arrived[0].at)
        return Chapter(
            "Each alone",
            [
                Figure(
                    "acknowledged, durable, nothing sent", _median(taken, lambda each: each.a_second), "/s", limit=ROUTE
                ),
                Figure("against the group commit", _median(taken, lambda each: each.a_second), "/s", limit=COMMIT),
                Figure("sent and settled, nothing coming in", sent, "/s", limit=POST),
            ],
        )

    def outage(self) -> Chapter:
        """Vonage takes nothing while all these come in, as fast as they can; then it does again."""
        # So many chats that nobody writes at a machine's pace, for then their chat would be paused.
        population = Population(self.size.outage // 10)
        with self._service(population) as service:
            self._ledger.bar()
            before, texts = service.megabytes, self._texts(population, self.size.outage)
            self._load([service], texts)
            waiting = service.megabytes
            self._ledger.unbar()
            arrived = self._ledger.wait_for(len(texts))
            drained = service.megabytes
        relayed = [each for each in arrived if not ADMIN.endswith(each.recipient)]  # who is told when it is over
        check(texts, [(each.line, each.recipient, each.words) for each in relayed], ordered=True)
        return Chapter(
            f"An outage of an hour at 30 texts a second: {len(texts):,} wait",
            [
                Figure("memory they take while they wait", waiting - before, " MB", at_most=50),
                Figure("and once they are all sent", drained - before, " MB", at_most=50),
                Figure("sent, from the first to the last", len(relayed) / (relayed[-1].at - relayed[0].at), "/s"),
            ],
        )

    def pace(self) -> Chapter:
        texts = self._texts(self._population, self.size.paced)
        chance = random.Random(1)  # the same moments in every run
        pauses = [chance.expovariate(RATE) for _ in texts]
        with self._service(self._population) as service:
            waits = load.after_pauses(service.port, self._requests(texts), pauses, self.size.connections).waits
            self._arrived(texts)
        return Chapter(
            f"Acknowledging, at {RATE:.0f} texts a second",
            [
                Figure("half of them within", percentile(waits, 50) * 1e3, " ms"),
                Figure("99 of 100 within", percentile(waits, 99) * 1e3, " ms", at_most=50),
            ],
        )

    def idle(self) -> Chapter:
        texts = self._texts(self._population, self.size.idle)
        with self._service(self._population) as service:
            called = load.after_pauses(service.port, self._requests(texts), [PAUSE] * len(texts), connections=1)
            at = {arrival.words: arrival.at for arrival in self._arrived(texts)}
        waits = [at[text.words] - due for text, due in zip(texts, called.due, strict=True)]
        return Chapter(
            "A text to an idle service: from the webhook to the provider",
            [
                Figure("half of them in", percentile(waits, 50) * 1e3, " ms"),
                Figure("99 of 100 in", percentile(waits, 99) * 1e3, " ms", at_most=20),
            ],
        )

    def growth(self) -> Chapter:
        """Two services, loaded by turns, so that whatever else the machine does meets both."""
        few, many = self._population, Population(self.size.many_chats)
        with ExitStack() as running:
            services = [(running.enter_context(self._service(each)), each) for each in (few, many)]
            turns = [[self._relay(*service) for service in services] for _ in range(self.size.rounds)]
        small, large = zip(*turns, strict=True)
        cpu = _median(large, lambda run: run.cpu_micros) / _median(small, lambda run: run.cpu_micros)
        seconds = _median(large, lambda run: run.seconds) / _median(small, lambda run: run.seconds)
        return Chapter(
            f"A text with {many.chats:,} open chats, against {few.chats:,}",
            [
                Figure("its processor time", cpu, " times", at_most=1.2),
                Figure("its time on the clock", seconds, " times", at_most=1.2),
            ],
        )

    def parts(self) -> Chapter:
        """The parts alone, loaded alike: what no service made of them could exceed."""
        count = str(self.size.texts)
        with processes.own("parts", self._folder, "/livez", "route") as bare:
            route = median(self._load([bare], self._texts(self._population)).a_second for _ in range(self.size.rounds))
        post = float(processes.told_by("parts", "post", self._ledger.url, count))
        self._ledger.wait_for(self.size.texts)
        commit = self._commit(self.size.texts, batch=self.size.connections)
        flush = 1e3 / self._commit(self.size.idle, batch=1)
        with processes.own("parts", self._folder, "/livez", "tutorial", self._ledger.url, str(self.size.chats)) as app:
            runs = [self._relay(app, self._population, ordered=False) for _ in range(self.size.rounds)]
        return Chapter(
            "The parts alone",
            [
                Figure(ROUTE, route, "/s"),
                Figure(COMMIT, commit, "/s"),
                Figure(POST, post, "/s"),
                Figure("the three one after another", 1 / (1 / route + 1 / commit + 1 / post), "/s"),
                Figure("one commit, flushed to this disk", flush, " ms"),
                Figure(TUTORIAL_ACKNOWLEDGED, _median(runs, lambda run: run.acknowledged.a_second), "/s"),
                Figure(TUTORIAL_RELAYED, _median(runs, lambda run: run.a_second), "/s"),
            ],
        )

    def _commit(self, texts: int, batch: int) -> float:
        file = self._folder / f"commit-{next(self._names)}.db"
        return float(processes.told_by("parts", "commit", str(file), *map(str, (self.size.chats, texts, batch))))

    @contextmanager
    def _service(self, population: Population) -> Iterator[Started]:
        with processes.service(self._settle(population), self._ledger) as running:
            yield running

    def _settle(self, population: Population) -> Path:
        """A folder with a new database in which all the chats are open."""
        folder = self._folder / f"service-{next(self._names)}"
        folder.mkdir()
        asyncio.run(_new(population, folder / "service.db"))
        return folder

    def _texts(self, population: Population, count: int | None = None) -> list[Text]:
        return population.texts(count or self.size.texts, f"T{next(self._names)}-", self.size.connections)

    def _requests(self, texts: list[Text]) -> list[bytes]:
        return [text.request(self._shape) for text in texts]

    def _load(self, services: Sequence[Started], texts: list[Text]) -> Acknowledged:
        ports = [service.port for service in services]
        return load.as_fast_as_answered(ports, self._requests(texts), [text.lane for text in texts])

    def _relay(self, service: Started, population: Population, *, ordered: bool = True) -> Relayed:
        return self._relay_by([service], population, ordered=ordered)

    def _relay_by(self, services: Sequence[Started], population: Population, *, ordered: bool = True) -> Relayed:
        texts = self._texts(population)
        before = sum(each.cpu_seconds for each in services)
        acknowledged = self._load(services, texts)
        arrived = self._arrived(texts, ordered=ordered)
        return Relayed(acknowledged, arrived, sum(each.cpu_seconds for each in services) - before)

    @contextmanager
    def _beside(self, database: Mapping[str, str]) -> Iterator[Started]:
        folder = self._folder / f"service-{next(self._names)}"
        folder.mkdir()
        with processes.service(folder, self._ledger, database) as running:
            yield running

    async def _database(self, server: Server) -> list[tuple[int, dict[str, str]]]:
        """For one process and for two, each a database of its own with the same people in it."""
        databases = Databases(server)
        key = new()
        found = []
        for many in (1, 2):
            url = await databases.make(empty=True)
            await self._population.move_in(await Postgres.open(url, KeySetting(key)))
            found.append((many, {"DATABASE_URL": url, "DATA_KEY": key}))
        return found

    def _arrived(self, texts: list[Text], *, ordered: bool = True) -> list[Arrival]:
        arrived = self._ledger.wait_for(len(texts))
        check(texts, [(each.line, each.recipient, each.words) for each in arrived], ordered=ordered)
        return arrived


async def _new(population: Population, path: Path) -> None:
    await population.move_in(await SQLite.open(path))


def _median(runs: Sequence[Run], figure: Callable[[Run], float]) -> float:
    return median(map(figure, runs))


MEASURES = (
    Bench.start,
    Bench.load,
    Bench.postgres,
    Bench.alone,
    Bench.outage,
    Bench.pace,
    Bench.idle,
    Bench.growth,
    Bench.parts,
)
