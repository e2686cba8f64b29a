"""The service without the network: real storage, intake and delivery, a clock that is set, and phones that record."""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from bot.pace import Pace
from bot.proxy import Chance, assemble
from bot.spending import NO_CAPS, Caps
from bot.vonage.sending import Accepted, NotTaken, Outcome
from commands.desk import House
from commands.destinations import Destinations
from storage.engine import Transaction
from storage.model import Inbound, Millis, Part, Receipt
from storage.number import Number
from storage.postgres import Postgres
from storage.sqlite import SQLite
from tests.migrated import migrated
from tests.people import ADMIN, LINE, NOON, OTHER_LINE, inbound
from tests.threadless import Threadless


@dataclass(frozen=True)
class Sent:
    """A text as Vonage was handed it."""

    line: Number
    recipient: Number
    text: str
    client_ref: str

    @property
    def message_id(self) -> str:
        return f"id-{self.client_ref}"


class Phones:
    """A transport that records, and answers as it was told to: accepted, unless something else is next."""

    def __init__(self) -> None:
        self.sent: list[Sent] = []
        self.next: deque[Outcome | Exception] = deque()
        self.open = asyncio.Event()
        self.open.set()
        self.outage = False
        self.price: str | None = None  # of each text

    async def send(self, line: Number, recipient: Number, text: str, client_ref: str) -> Outcome:
        if self.outage:
            return NotTaken("connect failed", answered=False)
        sent = Sent(line, recipient, text, client_ref)
        self.sent.append(sent)
        await self.open.wait()
        outcome = self.next.popleft() if self.next else Accepted((sent.message_id,), self.price)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def close(self) -> None:
        pass


class World:
    def __init__(
        self,
        engine: SQLite | Postgres,
        *,
        lines: tuple[Number, ...],
        chat_ttl: Millis | None,
        limit: int,
        rate: float,
        daily: int,
        strangers: int,
        caps: Caps,
        countries: frozenset[str] | None,
        changeover: Millis,
        strict: bool,
        admins: Collection[Number] = (ADMIN,),
    ) -> None:
        self.now = NOON
        self.rate = rate
        self.held = False  # something stays in the outbox on purpose
        self.phones = Phones()
        refs, codes, run = count(1), count(4821), secrets.token_hex(4)
        self.proxy = assemble(
            engine=engine,
            house=House(
                service_name="Private SMS", lines=lines, admins=frozenset(admins), region=None, chat_ttl=chat_ttl,
                code_key=b"key", new_code=lambda: str(next(codes)),
                destinations=Destinations(countries), changeover=changeover, quarantine_strict=strict,
            ),
            transport=self.phones,
            pace=Pace(0, dict.fromkeys(lines, rate)),
            sender_limit=limit,
            sender_daily=daily,
            stranger_limit=strangers,
            caps=caps,
            doubt_after=120_000,
            clock=self.clock,
            chance=Chance(new_ref=lambda: f"{run}-{next(refs)}", jitter=lambda: 1.0, owner="this run"),
        )  # fmt: skip
        self.engine, self.house, self.metrics = engine, self.proxy.house, self.proxy.metrics
        self.writer, self.outgoing, self.handover = self.proxy.writer, self.proxy.outgoing, self.proxy.handover
        self.delivery, self.deadlines = self.proxy.delivery, self.proxy.deadlines

    def clock(self) -> Millis:
        return self.now

    async def text(
        self, sender: Number, text: str | None, *, line: Number = LINE, part: Part | None = None
    ) -> list[str]:
        """Somebody texts a line; returns what arrives because of it, as `*0001 text`, in order."""
        return await self.take(inbound(sender, text, line=line, at=self.now, part=part))

    async def take(self, *texts: Inbound) -> list[str]:
        before = len(self.phones.sent)
        await asyncio.gather(*map(self.handover.take, texts))
        await self.quiet()
        return self.arrived(before)

    async def note(self, *receipts: Receipt) -> list[str]:
        before = len(self.phones.sent)
        await asyncio.gather(*map(self.handover.note, receipts))
        await self.quiet()
        return self.arrived(before)

    async def wait(self, length: Millis) -> list[str]:
        """Time passes; returns what is sent meanwhile."""
        before = len(self.phones.sent)
        self.now += length
        await self.deadlines.look()
        self.delivery.wake()
        await self.quiet()
        return self.arrived(before)

    def arrived(self, since: int = 0) -> list[str]:
        return [f"{sent.recipient.tail} {sent.text}" for sent in self.phones.sent[since:]]

    async def quiet(self) -> None:
        """Until nothing is under way and nothing could be sent now."""
        busy = "state = 'sending' OR (state = 'queued' AND ready_at <= $1)"
        while await self.engine.reader.rows(f"SELECT id FROM outbound WHERE {busy}", self.now):
            if self.delivery.trouble is not None or not self.phones.open.is_set() or self.rate or self.held:
                await self._a_few_turns()
                return
            await asyncio.sleep(0.001)

    async def _a_few_turns(self) -> None:
        """Where something stays in the outbox on purpose: until delivery has looked at all there is, and sent it."""
        for _ in range(3):
            self.delivery.wake()
            await self.writer.do(_nothing)
            await asyncio.sleep(0.01)

    async def states(self) -> list[str]:
        return [state for (state,) in await self.engine.reader.rows("SELECT state FROM outbound ORDER BY id")]


async def _nothing(tx: Transaction) -> None:
    pass


@asynccontextmanager
async def world(
    path: Path,
    *,
    lines: tuple[Number, ...] = (LINE, OTHER_LINE),
    chat_ttl: Millis | None = None,
    limit: int = 0,
    rate: float = 0,
    daily: int = 0,
    strangers: int = 60,
    caps: Caps = NO_CAPS,
    countries: frozenset[str] | None = None,
    changeover: Millis = 600_000,
    strict: bool = False,
    kind: type[SQLite] = Threadless,
) -> AsyncIterator[World]:
    engine = await kind.open(migrated(path))
    here = World(
        engine, lines=lines, chat_ttl=chat_ttl, limit=limit, rate=rate, daily=daily, strangers=strangers, caps=caps,
        countries=countries, changeover=changeover, strict=strict,
    )  # fmt: skip
    writing = asyncio.create_task(here.writer.run())
    sending = asyncio.create_task(here.delivery.run())
    try:
        yield here
    finally:
        here.phones.open.set()
        here.delivery.stop()
        await sending
        here.writer.stop()
        await writing
        await engine.close()


@asynccontextmanager
async def writing(engine: Postgres, *, admins: Collection[Number]) -> AsyncIterator[World]:
    """One of several processes on a database, which takes texts and sends none."""
    here = World(
        engine, lines=(LINE, OTHER_LINE), chat_ttl=None, limit=0, rate=0, daily=0, strangers=0, caps=NO_CAPS,
        countries=None, changeover=0, strict=False, admins=admins,
    )  # fmt: skip
    task = asyncio.create_task(here.writer.run())
    try:
        yield here
    finally:
        here.writer.stop()
        await task
