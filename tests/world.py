"""The service without the network: real storage, intake and delivery, a clock that is set, and phones that record."""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from bot.deadlines import Deadlines
from bot.delivery import Delivery
from bot.intake import Handover, Intake
from bot.metrics import Metrics
from bot.outgoing import Outgoing
from bot.pace import Pace, SenderLimit
from bot.receipts import Receipts
from bot.undelivered import Undelivered
from bot.vonage.sending import Accepted, Outcome
from bot.writer import Writer
from commands.catalogue import Catalogue
from commands.desk import House
from storage.engine import Transaction
from storage.model import Inbound, Millis, Part, Receipt
from storage.number import Number
from storage.sqlite import SQLite
from tests.people import ADMIN, LINE, NOON, OTHER_LINE, inbound


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

    async def send(self, line: Number, recipient: Number, text: str, client_ref: str) -> Outcome:
        sent = Sent(line, recipient, text, client_ref)
        self.sent.append(sent)
        await self.open.wait()
        outcome = self.next.popleft() if self.next else Accepted((sent.message_id,))
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def close(self) -> None:
        pass


class World:
    def __init__(
        self, engine: SQLite, *, lines: tuple[Number, ...], chat_ttl: Millis | None, limit: int, rate: float
    ) -> None:
        self.now = NOON
        self.rate = rate
        self.engine = engine
        self.phones = Phones()
        self.metrics = Metrics()
        self.writer = Writer(engine)
        refs = count(1)
        run = secrets.token_hex(4)
        self.outgoing = Outgoing(new_ref=lambda: f"{run}-{next(refs)}")
        codes = count(4821)
        self.house = House(
            service_name="Private SMS", lines=lines, admins=frozenset({ADMIN}), region=None, chat_ttl=chat_ttl,
            texts=Catalogue.load(), code_key=b"key", new_code=lambda: str(next(codes)),
        )  # fmt: skip
        undelivered = Undelivered(self.house, self.outgoing)
        self.receipts = Receipts(undelivered=undelivered, metrics=self.metrics, clock=self.clock)
        sender_limit = SenderLimit(limit)
        self.intake = Intake(
            house=self.house,
            outgoing=self.outgoing,
            undelivered=undelivered,
            limit=sender_limit,
            metrics=self.metrics,
            clock=self.clock,
        )
        self.delivery = Delivery(
            writer=self.writer, transport=self.phones, outgoing=self.outgoing, house=self.house,
            pace=Pace(0, dict.fromkeys(lines, rate)), receipts=self.receipts, undelivered=undelivered,
            metrics=self.metrics, clock=self.clock,
            jitter=lambda: 1.0, owner="this run",
        )  # fmt: skip
        self.deadlines = Deadlines(
            engine=engine, writer=self.writer, intake=self.intake, undelivered=undelivered, outgoing=self.outgoing,
            house=self.house, limit=sender_limit, metrics=self.metrics, doubt_after=120_000, clock=self.clock,
        )  # fmt: skip
        self.handover = Handover(self.writer, self.intake, self.receipts, self.metrics)

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
            if self.delivery.trouble is not None or not self.phones.open.is_set() or self.rate:
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
) -> AsyncIterator[World]:
    engine = await SQLite.open(path)
    here = World(engine, lines=lines, chat_ttl=chat_ttl, limit=limit, rate=rate)
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
